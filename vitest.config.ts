import { defineConfig } from 'vitest/config';

// Vite 7 lowers both dialects of decorators by esbuild; Vite 8 does not lower the standard one.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/legacy/**', '**/node_modules/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
