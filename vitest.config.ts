import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/**
 * The files that install packages or start many processes come first: at the end, one of them would run alone while the
 * other cores wait.
 */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      /[\\/](package|ends|examples|types)[\\/]/.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

// Vite 7 compiles both dialects of decorators with esbuild; Vite 8 does not compile the standard one.
export default defineConfig({
  resolve: {
    alias: [
      { find: /^obverse$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
      { find: /^obverse\/testing$/, replacement: fileURLToPath(new URL('src/testing/index.ts', import.meta.url)) },
      {
        find: /^obverse\/(codecs|transports)\/(.*)$/,
        replacement: fileURLToPath(new URL('$1/$2.ts', import.meta.url)),
      },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/legacy/**', '**/node_modules/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // On a busy machine, what takes some ms can take a second, which is the default.
    expect: { poll: { timeout: 20_000 } },
    globalSetup: ['test/package/shared-package.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
  },
});
