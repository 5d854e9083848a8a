// Everything that a maintainer runs: types under both compilers, lint, format, build, tests, checks of the package.
// `npm test -- NAME…` runs some of the steps only.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const scratch = mkdtempSync(join(tmpdir(), 'obverse-check-'));
const report = join(scratch, 'vitest.json');

const steps = [
  ['types', 'types, TypeScript 6', bin('tsc'), ['--noEmit']],
  ['types', 'types, TypeScript 7', process.execPath, ['node_modules/typescript7/bin/tsc', '--noEmit']],
  ['lint', 'lint and imports', bin('biome'), ['check', '--formatter-enabled=false', '--error-on-warnings']],
  ['format', 'format', bin('biome'), ['format']],
  ['build', 'build', 'npm', ['run', '--silent', 'build']],
  ['tests', 'tests', bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]],
  ['package', 'package, publint', bin('publint'), ['--strict']],
  ['package', 'package, types', bin('attw'), ['--pack', '.', '--profile', 'esm-only', '--quiet']],
];

const wanted = process.argv.slice(2);
const results = [];
for (const [key, name, command, args] of steps) {
  if (wanted.length > 0 && !wanted.includes(key)) continue;
  console.log(`\n── ${name}`);
  const started = performance.now();
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) console.error(error.message);
  results.push({ name, passed: status === 0, seconds: (performance.now() - started) / 1000 });
}

let passed = 0;
let failed = 0;
let skipped = 0;
console.log('');
for (const result of results) {
  console.log(`${result.passed ? 'passed' : 'FAILED'}  ${result.name}  (${result.seconds.toFixed(1)} s)`);
  const counts = result.name === 'tests' ? testCounts() : undefined;
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
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);

/** What vitest has counted; nothing if it did not come so far. */
function testCounts() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
  } catch {
    return undefined;
  }
}
