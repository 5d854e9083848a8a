/**
 * The cost of the types: writes a spec of 500 methods (or `node scripts/types-time.mjs 1000`) and a program that uses
 * both of its sides, and checks them with both compilers against the library's declarations, beside the same program
 * with one method. Prints the fastest of three runs: elapsed seconds, and CPU seconds if the system's shell reports
 * them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const RUNS = 3;
const root = fileURLToPath(new URL('..', import.meta.url));
const compilers = {
  'TypeScript 6': join(root, 'node_modules/typescript/bin/tsc'),
  'TypeScript 7': join(root, 'node_modules/typescript7/bin/tsc'),
};

/** Four kinds of methods in turn; a tenth of them in each of three namespaces. */
function spec(methods) {
  const kinds = [
    (n) =>
      `@incoming({ hasReply: true }) ask${n}(_sender: Sender, _args: { a${n}: string; b?: number }): Reply<{ c${n}: number }> {}`,
    (n) => `@incoming tell${n}(_sender: Sender, _args: { a${n}: string }): void {}`,
    (n) =>
      `@outgoing({ hasReply: true, params: ['a', 'b'] }) want${n}(_to: Receivers, _a: string, _b?: number): Reply<{ c${n}: Date }> {}`,
    (n) => `@outgoing say${n}(_to: Receivers, _args: { a${n}: number[] }): void {}`,
  ];
  const member = (n) => `  /** Method ${n}. */\n  ${kinds[n % 4](n)}\n`;
  const rooms = methods >= 40 ? ['One', 'Two', 'Three'] : [];
  const inRooms = Math.floor(methods / 10);
  let n = 0;
  const members = (count) => Array.from({ length: count }, () => member(n++)).join('');
  return [
    `import { incoming, namespace, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';\n`,
    ...rooms.map((name) => `class ${name} extends RemoteAPI {\n${members(inRooms)}}\n`),
    `export class Big extends RemoteAPI {\n${members(methods - rooms.length * inRooms)}`,
    ...rooms.map((name) => `  readonly ${name.toLowerCase()} = namespace(${name});\n`),
    '}\n',
  ].join('');
}

/** Every method is used from both sides. */
function program(methods) {
  const rooms = methods >= 40 ? ['one', 'two', 'three'] : [];
  const inRooms = Math.floor(methods / 10);
  const at = (n) => (n < rooms.length * inRooms ? `${rooms[Math.floor(n / inRooms)]}.` : '');
  const uses = [
    (n, p) => `here.${p}ask${n}.connect((_s, { a${n}, b }) => ({ c${n}: a${n}.length + (b ?? 0) }));
  count += (await there.remote.${p}ask${n}({ a${n}: 'x' })).c${n};`,
    (n, p) =>
      `here.${p}tell${n}.connect((_s, { a${n} }) => a${n}.trim());\n  there.${p}tell${n}(null, { a${n}: 'x' });`,
    (n, p) => `there.${p}want${n}.connect(async (_s, a, b) => ({ c${n}: new Date(a.length + (b ?? 0)) }));
  count += (await here.${p}want${n}(null, 'x')).c${n}.getTime();`,
    (n, p) =>
      `there.${p}say${n}.connect((_s, { a${n} }) => a${n}.push(1));\n  here.to('x').${p}say${n}({ a${n}: [1] });`,
  ];
  const lines = Array.from({ length: methods }, (_, n) => `  ${uses[n % 4](n, at(n))}\n`);
  return `import { Big } from './spec.js';
const here = Big.create();
const there = Big.invert().create();
export async function use(): Promise<number> {
  let count = 0;
${lines.join('')}  return count;
}
`;
}

/** Runs a compiler. `times` of the shell returns the CPU time of its children. */
function run(script, ...args) {
  const started = performance.now();
  const command = [process.execPath, script, ...args];
  const shell = process.platform !== 'win32';
  const { status, stdout, stderr } = shell
    ? spawnSync('sh', ['-c', '"$0" "$@"; ended=$?; times; exit $ended', ...command], { encoding: 'utf8' })
    : spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
  const clock = (performance.now() - started) / 1000;
  const taken = [...(shell ? stdout : '').matchAll(/(\d+)m([\d.,]+)s/g)].slice(-2);
  const seconds = taken.map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest.replace(',', '.')));
  return { status, text: stdout + stderr, clock, processor: seconds.reduce((sum, each) => sum + each, 0) };
}

const methods = Number(process.argv[2] ?? 500);
const folder = mkdtempSync(join(tmpdir(), 'obverse-types-'));
try {
  const types = join(folder, 'obverse');
  run(compilers['TypeScript 7'], '-p', join(root, 'tsconfig.build.json'), '--outDir', types);
  const options = {
    target: 'ES2022',
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
    paths: { obverse: [join(types, 'src/index.d.ts')] },
  };
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['use.ts'] }));
  for (const [name, compiler] of Object.entries(compilers)) {
    const best = [];
    for (const count of [1, methods]) {
      writeFileSync(join(folder, 'spec.ts'), spec(count));
      writeFileSync(join(folder, 'use.ts'), program(count));
      const runs = Array.from({ length: RUNS }, () => run(compiler, '-p', folder, '--pretty', 'false'));
      for (const { status, text } of runs) {
        if (status !== 0) throw new Error(`${name} does not accept ${count} methods:\n${text.slice(0, 4_000)}`);
      }
      best.push({
        clock: Math.min(...runs.map(({ clock }) => clock)),
        processor: Math.min(...runs.map(({ processor }) => processor)),
      });
    }
    const [one, all] = best;
    console.log(
      `${name}: ${methods} methods ${all.clock.toFixed(2)} s (processor ${all.processor.toFixed(2)} s), one method ${one.clock.toFixed(2)} s (processor ${one.processor.toFixed(2)} s)`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
