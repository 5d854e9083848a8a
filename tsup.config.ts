import { readdirSync } from 'node:fs';
import { defineConfig } from 'tsup';

/** One entry for each plug-in, so that the core, which they share, stays in chunks that exist once. */
function pluginsIn(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  return Object.fromEntries(files.map((file) => [`${folder}/${file.slice(0, -'.ts'.length)}`, `${folder}/${file}`]));
}

// Only `.js`: `tsc` makes the declarations, one for each source file.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    browser: 'src/browser.ts',
    testing: 'src/testing/index.ts',
    ...pluginsIn('codecs'),
    ...pluginsIn('transports'),
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: true,
  clean: true,
  dts: false,
  sourcemap: false,
  external: [/^node:/],
});
