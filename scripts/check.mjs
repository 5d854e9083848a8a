// Everything that a maintainer runs: types under both compilers, lint, format, build, tests, checks of the package.
// `npm test -- NAME…` runs only some of the steps. `npm run test:slow` runs the step `slow`, which is not a part of
// `npm test`. There are two parallel lanes: the build and then the tests in one, everything else in the other.
import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readReport } from './vitest-report.mjs';

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
/** More failures than this are not caused by a busy machine. */
const MOST_RETRIED = 5;

/** Packing must not build again, which would empty the folder that tests use. */
const packing = { npm_config_ignore_scripts: 'true' };

const lanes = [
  [
    ['build', 'build', 'npm', ['run', '--silent', 'build']],
    ['tests', 'tests', bin('vitest'), vitest('tests', '--exclude', `**/*${SLOW}`)],
    ['slow', 'slow tests', bin('vitest'), vitest('slow', SLOW)],
  ],
  [
    ['types', 'types, TypeScript 6', bin('tsc'), ['--noEmit']],
    ['types', 'types, TypeScript 7', process.execPath, ['node_modules/typescript7/bin/tsc', '--noEmit']],
    ['lint', 'lint and imports', bin('biome'), ['check', '--formatter-enabled=false', '--error-on-warnings']],
    ['layers', 'circles and layers', process.execPath, ['scripts/layers.mjs']],
    ['format', 'format', bin('biome'), ['format']],
    ['package', 'package, publint', bin('publint'), ['--strict'], packing],
    ['package', 'package, types', bin('attw'), ['--pack', '.', '--profile', 'esm-only', '--quiet'], packing],
  ],
];

const wanted = process.argv.slice(2);
const isWanted = ([key]) => (wanted.length > 0 ? wanted.includes(key) : key !== 'slow');
const [testing, beside] = lanes.map((lane) => lane.filter(isWanted));
const results = [];
let built;
const building = new Promise((resolve) => {
  built = resolve;
});

/** The output of the tests is shown as it arrives; that of other steps when they end. */
const inLanes = [runLane(testing, 'inherit'), runLane(beside, 'pipe')];
const [suspects] = await Promise.all(inLanes);
for (const [key, name, result] of suspects) await retryAlone(key, name, result);

/** Runs steps one after the other. Returns those whose tests failed: the steps beside them may have been the cause. */
async function runLane(steps, output) {
  const failed = [];
  for (const [key, name, command, args, env] of steps) {
    if (key === 'package') await building;
    if (output === 'inherit') console.log(`\n── ${name}`);
    const started = performance.now();
    const { succeeded, text } = await run(command, args, output, env);
    if (output !== 'inherit') console.log(`\n── ${name}\n${text}`);
    const result = { name, succeeded, report: readReport(reportOf(key)), retried: [] };
    result.seconds = (performance.now() - started) / 1000;
    results.push(result);
    if (!succeeded && result.report) failed.push([key, name, result]);
    if (key === 'build') built();
  }
  // If no step builds, the package is checked as it is.
  if (output === 'inherit') built();
  return failed;
}

let passed = 0;
let failed = 0;
let skipped = 0;
console.log('');
for (const { name, succeeded, report, retried, seconds } of results) {
  console.log(`${succeeded ? 'passed' : 'FAILED'}  ${name}  (${seconds.toFixed(1)} s)`);
  for (const failure of retried) print('        failed in parallel, passed alone', failure);
  if (!succeeded) for (const failure of report?.failures ?? []) print('        failed', failure);
  passed += report?.passed ?? (succeeded ? 1 : 0);
  failed += succeeded ? 0 : Math.max(1, report?.failed ?? 1);
  skipped += report?.skipped ?? 0;
}
rmSync(scratch, { recursive: true, force: true });
// A caller that runs this more than once adds up the counts, and prints the sum.
if (process.env.CHECK_COUNTS) appendFileSync(process.env.CHECK_COUNTS, `${passed} ${failed} ${skipped}\n`);
else console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);

/** Runs a command: returns whether it succeeds, and its output unless that is shown as it arrives. */
function run(command, args, output = 'inherit', env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output],
      shell: process.platform === 'win32',
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
    }
    child.on('error', (error) => resolve({ succeeded: false, text: error.message }));
    child.on('close', (code) => resolve({ succeeded: code === 0, text }));
  });
}

/**
 * Runs the files of a few failed tests again, one at a time and with nothing beside them: a test that needs more time
 * than a busy machine has is reported as such, and a defect fails again.
 */
async function retryAlone(key, name, result) {
  const { failures, passed } = result.report;
  if (failures.length === 0 || failures.length > MOST_RETRIED) return;
  console.log(`\n── ${name}, again: the failed files, one at a time`);
  const files = [...new Set(failures.map(({ path }) => relative(root, path)))];
  const again = `${key}-alone`;
  const { succeeded } = await run(bin('vitest'), [...vitest(again, ...files), '--maxWorkers=1']);
  if (!succeeded) return;
  result.succeeded = true;
  result.retried = failures;
  result.report = { ...result.report, failed: 0, passed: passed + failures.length };
}

function print(what, { path, test, message }) {
  const [line = ''] = message.split('\n');
  console.log(`${what}: ${relative(root, path)} > ${test}\n          ${line.slice(0, 300)}`);
}
