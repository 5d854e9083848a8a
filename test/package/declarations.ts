import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compilers, run } from './packed.js';

const least = { target: 'ES2022', lib: ['ES2022'], strict: true, types: [], skipLibCheck: false, noEmit: true };
const ways = {
  NodeNext: { ...least, module: 'NodeNext' },
  Bundler: { ...least, module: 'ES2022', moduleResolution: 'Bundler' },
  browser: {
    ...least,
    module: 'ES2022',
    moduleResolution: 'Bundler',
    lib: ['ES2022', 'DOM'],
    customConditions: ['browser'],
  },
  CommonJS: { ...least, module: 'Node20' },
  exact: {
    ...least,
    module: 'NodeNext',
    lib: ['ESNext'],
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
  },
};

/** The entries of the library. */
export async function entriesOf(project: string): Promise<string[]> {
  const { exports } = JSON.parse(await readFile(join(project, 'node_modules/obverse/package.json'), 'utf8'));
  return Object.keys(exports as object)
    .filter((entry) => entry !== './package.json')
    .map((entry) => `obverse${entry.slice(1)}`);
}

/** Tests that the declarations of a project's library need nothing else, under these settings. */
export function standAlone(project: () => string, ...names: (keyof typeof ways)[]): void {
  it.each(names)('need no other types, checked, without the types of Node: %s', { timeout: 60_000 }, async (way) => {
    const at = join(project(), `types ${way}`);
    await mkdir(at);
    const entries = await entriesOf(project());
    const text = entries.map((entry, at) => `export * as entry${at} from '${entry}';\n`).join('');
    const file = way === 'CommonJS' ? 'all.cts' : 'all.ts';
    await writeFile(join(at, file), text);
    await writeFile(join(at, 'tsconfig.json'), JSON.stringify({ compilerOptions: ways[way], files: [file] }));
    for (const compiler of Object.values(compilers)) {
      expect(await run(compiler, ['--pretty', 'false'], at)).toEqual({ code: 0, stdout: '', stderr: '' });
    }
  });
}
