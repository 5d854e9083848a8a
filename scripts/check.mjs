// Everything that a maintainer runs: types under both compilers, lint, format, build, tests, checks of the package.
// `npm test -- NAME…` runs some of the steps only. `npm run test:slow` runs the step `slow`, which runs only when it is named.
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const scratch = mkdtempSync(join(tmpdir(), 'obverse-check-'));
const reportOf = (key) => join(scratch, `${key}.json`);
const vitest = (key, ...args) => [
  'run',
  ...args,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportOf(key)}`,
];
const SLOW = '.slow.test.ts';

const steps = [
  ['types', 'types, TypeScript 6', bin('tsc'), ['--noEmit']],
  ['types', 'types, TypeScript 7', process.execPath, ['node_modules/typescript7/bin/tsc', '--noEmit']],
  ['lint', 'lint and imports', bin('biome'), ['check', '--formatter-enabled=false', '--error-on-warnings']],
  ['format', 'format', bin('biome'), ['format']],
  ['build', 'build', 'npm', ['run', '--silent', 'build']],
  ['tests', 'tests', bin('vitest'), vitest('tests', '--exclude', `**/*${SLOW}`)],
  ['package', 'package, publint', bin('publint'), ['--strict']],
  ['package', 'package, types', bin('attw'), ['--pack', '.', '--profile', 'esm-only', '--quiet']],
  ['slow', 'slow tests', bin('vitest'), vitest('slow', SLOW)],
];

const wanted = process.argv.slice(2);
const results = [];
for (const [key, name, command, args] of steps) {
  if (wanted.length > 0 ? !wanted.includes(key) : key === 'slow') continue;
  console.log(`\n── ${name}`);
  const started = performance.now();
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) console.error(error.message);
  results.push({ key, name, passed: status === 0, seconds: (performance.now() - started) / 1000 });
}

let passed = 0;
let failed = 0;
let skipped = 0;
console.log('');
for (const result of results) {
  console.log(`${result.passed ? 'passed' : 'FAILED'}  ${result.name}  (${result.seconds.toFixed(1)} s)`);
  const counts = testCounts(result.key);
  if (counts === undefined) {
    if (result.passed) passed++;
    else failed++;
  } else {
    passed += counts.passed;
    failed += result.passed ? 0 : Math.max(1, counts.failed);
    skipped += counts.skipped;
  }
}
rmSync(scratch, { recursive: true, force: true });
// Who runs this more than once adds the counts up, and closes with the sum.
if (process.env.CHECK_COUNTS) appendFileSync(process.env.CHECK_COUNTS, `${passed} ${failed} ${skipped}\n`);
else console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);

/** What vitest has counted; nothing for other steps, and if it did not come so far. */
function testCounts(key) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(reportOf(key), 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
  } catch {
    return undefined;
  }
}
