import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { blocksOf, nameOf, root } from './pages.js';

/*
 * The three files of the README, unchanged except for the address, in two processes: "Change the string
 * and nothing else changes."
 */
const here = `${root}/test/docs/.blocks/chat`;
const written = "'tcp://127.0.0.1:8888'";
const files = new Map(blocksOf('README.md').map((block) => [nameOf(block), block.code]));

/** Runs a module, and notifies its parent when it has run: a server listens by then. */
const starter = `await import(process.argv[2]);
process.send?.('started');
`;

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill();
    await once(child, 'exit');
  }
});
afterAll(() => rmSync(here, { recursive: true, force: true }));

/** Writes the three files to a folder. What replaces the address may include options. */
function write(name: string, serve: string, connect = serve): string {
  const folder = `${here}/${name}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/start.mjs`, starter);
  for (const [file, address] of [
    ['chat.ts', ''],
    ['server.ts', serve],
    ['client.ts', connect],
  ] as const) {
    const code = files.get(file) ?? '';
    expect(code.split(written), `the address in ${file}`).toHaveLength(address === '' ? 1 : 2);
    writeFileSync(
      `${folder}/${file}`,
      code.replace(written, () => address),
    );
  }
  return folder;
}

interface Run {
  readonly child: ChildProcess;
  /** All of its output, after it has exited. */
  readonly printed: Promise<string>;
}

function run(folder: string, file: string): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', `${folder}/start.mjs`, `${folder}/${file}`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  const printed = once(child, 'close').then(([code]) => (code === 0 ? text : `${text}exited with code ${code}\n`));
  return { child, printed };
}

/** Runs the server, and when it listens the client. Returns the output of the client. */
async function talk(folder: string): Promise<string> {
  const server = run(folder, 'server.ts');
  const started = await Promise.race([once(server.child, 'message').then(() => true), server.printed]);
  expect(started).toBe(true);
  return run(folder, 'client.ts').printed;
}

/** A free port of this machine. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the chat of the README, in two processes', { timeout: 60_000 }, () => {
  const said = 'ann: hello\n1\n';

  it('is three files', () =>
    expect([...files.keys()]).toEqual(expect.arrayContaining(['chat.ts', 'server.ts', 'client.ts'])));

  it.each(['tcp', 'ws'])('over %s:', async (scheme) => {
    const address = `'${scheme}://127.0.0.1:${await freePort()}'`;
    expect(await talk(write(scheme, address))).toBe(said);
  });
  it('over unix:', async () => {
    const address = `'unix:${tmpdir()}/obverse-chat-${process.pid}.sock'`;
    expect(await talk(write('unix', address))).toBe(said);
  });
  it('with { codec: "msgpack" }', async () => {
    const address = `'tcp://127.0.0.1:${await freePort()}', { codec: 'msgpack' }`;
    expect(await talk(write('msgpack', address))).toBe(said);
  });
  it('over process:, where the client starts the server', async () => {
    const command = `'process:${process.execPath} --import tsx ${here}/process/server.ts'`;
    expect(await run(write('process', "'stdio:'", command), 'client.ts').printed).toBe(said);
  });
});
