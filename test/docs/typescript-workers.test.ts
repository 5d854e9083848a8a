import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, root } from './pages.js';

/*
 * TypeScript in workers and processes, as the page on transports describes it, with this version of Node: its bootstrap unchanged,
 * and what fails without it.
 */
const folder = `${root}/test/docs/.blocks/typescript-workers`;
const at = relative(root, folder).replaceAll('\\', '/');
const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
const isNode20 = major < 22;
const strips = major > 22 || (major === 22 && minor >= 18);

const spec = `import { incoming, RemoteAPI, type Reply, type Sender } from 'obverse';
export class Sums extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
}
`;
const far = (address: string): string => `import { Sums } from './spec.js';
const side = await Sums.serve('${address}');
side.add.connect((_sender, { a, b }: { a: number; b: number }) => a + b);
`;
/** Connects to its argument, and prints the sum or the error. */
const main = `import { declareMethods, incoming, RemoteAPI } from 'obverse';
class Sums extends RemoteAPI { add() {} }
declareMethods(Sums, { add: incoming({ hasReply: true }) });
const target = JSON.parse(process.argv[2]);
try {
  const side = await Sums.invert().connect(target, { logger: null });
  console.log(await side.remote.add({ a: 1, b: 2 }));
  await side.close();
} catch (error) {
  console.log(error.name, error.message);
}
`;

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  const bootstrap = blocksOf('docs/transports.md').find(({ code }) => code.startsWith('// worker.js\n'));
  const files = { 'spec.ts': spec, 'worker.ts': far('port:parent'), 'child.ts': far('stdio:'), 'main.ts': main };
  for (const [name, code] of Object.entries(files)) writeFileSync(`${folder}/${name}`, code);
  writeFileSync(`${folder}/worker.js`, bootstrap?.code ?? '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The output of the program, run by tsx. */
async function connecting(target: string | object): Promise<string> {
  const args = ['--import', 'tsx', `${folder}/main.ts`, JSON.stringify(target)];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await once(child, 'close');
  return printed;
}

describe('a .ts file, when the main program is run by tsx', { timeout: 60_000 }, () => {
  it('is started in a worker by the bootstrap of the page', async () => {
    expect(await connecting(`worker:./${at}/worker.js`)).toBe('3\n');
  });

  it.runIf(strips)('is started in a worker directly', async () => {
    expect(await connecting(`worker:./${at}/worker.ts`)).toBe('3\n');
  });

  it.runIf(isNode20).each([
    ['as it is', {}],
    ['with tsx in execArgv', { execArgv: ['--import', 'tsx'] }],
  ])('fails in a worker on Node 20 with an error that says what to do: %s', async (_how, options) => {
    expect(await connecting({ url: `worker:./${at}/worker.ts`, ...options })).toMatch(
      /^ConnectionLost the worker failed: Unknown file extension "\.ts" for .*worker\.ts\. .*use a \.js file that registers tsx.*"TypeScript in workers and processes"/,
    );
  });

  it('is started as a program by the command line of the page', async () => {
    expect(await connecting(`process:"${process.execPath}" --import tsx ${at}/child.ts`)).toBe('3\n');
  });

  it('fails as a program of plain node with an error that says what to do', async () => {
    const printed = await connecting(`process:"${process.execPath}" ${at}/child.ts`);
    expect(printed).toMatch(
      /^ConnectionLost (add: )?the process .* exited with code 1; if Node cannot run the TypeScript of .*child\.ts/,
    );
    expect(printed).toContain(`process:node --import tsx ${at}/child.ts`);
  });
});
