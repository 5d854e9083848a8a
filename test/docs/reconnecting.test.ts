import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionLost, UsageError } from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { Feed, serveFeed } from '../support/reconnecting-spec.js';
import { blocksOf, nameOf, root } from './pages.js';

/*
 * The function of the page on reconnecting, unchanged, against a server that is killed and started again.
 */
const folder = `${root}/test/docs/.blocks/reconnecting`;
type KeepConnected = (side: object, address: string, options: object) => () => void;
let keepConnected: KeepConnected;
beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  const block = blocksOf('docs/reconnecting.md').find((each) => nameOf(each) === 'keep-connected.ts');
  writeFileSync(`${folder}/keep-connected.ts`, block?.code ?? '');
  ({ keepConnected } = (await import(/* @vite-ignore */ `${folder}/keep-connected.ts`)) as {
    keepConnected: KeepConnected;
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Server {
  readonly address: string;
  readonly child: ChildProcess;
  kill(): Promise<unknown>;
}

const program = fileURLToPath(new URL('../support/reconnecting-program.ts', import.meta.url));
async function started(at: string): Promise<Server> {
  const child = fork(program, [at], { execArgv: ['--import', 'tsx'], cwd: root });
  const [address] = (await once(child, 'message')) as [string];
  const kill = async (): Promise<unknown> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    return once(child, 'exit');
  };
  ends.push(kill);
  return { address, child, kill };
}

/** A client that is kept connected, with what it has received and how often it was ready. */
async function reader(address: string) {
  const side = await Feed.invert().connect(address, { logger: null });
  const heard: string[] = [];
  side.said.connect((_feed, { text }) => void heard.push(text));
  const failures: unknown[] = [];
  const servers: number[] = [];
  const ready = async (): Promise<void> => void servers.push(await side.remote.join({ name: 'ann' }));
  await ready();
  const failed = (error: unknown): void => void failures.push(error);
  const stop = keepConnected(side, address, { ready, failed, first: 5, most: 50 });
  ends.push(() => side.close(), stop);
  return { side, heard, failures, servers, stop };
}

describe.each(['tcp', 'ws'])('a server over %s: that is killed', (scheme) => {
  it('is connected again, and what was open has ended', { timeout: 60_000 }, async () => {
    const first = await started(`${scheme}://127.0.0.1:0`);
    const { side, heard, failures, servers } = await reader(first.address);
    const [peer] = side.peers.values();
    const pending = failure(side.remote.forever());
    const add = await side.remote.adder({ to: 10 });
    expect(await add(1)).toBe(11);
    const numbers: number[] = [];
    const stream = failure(
      (async () => {
        for await (const n of side.remote.numbers()) numbers.push(n);
      })(),
    );
    await until(() => numbers.length === 2);

    await first.kill();
    expect(await pending).toBeInstanceOf(ConnectionLost);
    expect(await stream).toBeInstanceOf(ConnectionLost);
    expect(numbers).toEqual([1, 2]);
    expect(await failure(add(1))).toBeInstanceOf(ConnectionLost);
    expect(side.peers.size).toBe(0);
    // While no peer is connected, requests fail and notifications are dropped.
    expect(await failure(side.remote.join({ name: 'ann' }))).toBeInstanceOf(ConnectionLost);
    side.remote.publish({ text: 'to nobody' });
    await until(() => failures.length > 1);
    expect(failures.every((error) => error instanceof ConnectionLost)).toBe(true);

    const second = await started(first.address);
    await until(() => servers.length === 2);
    expect(servers).toEqual([first.child.pid, second.child.pid]);
    expect(side.peers.size).toBe(1);
    expect([...side.peers.values()]).not.toContain(peer);
    // Handlers stay; the group of the server is joined again by `ready`.
    side.remote.publish({ text: 'hello again' });
    await until(() => heard.length === 1);
    expect(heard).toEqual(['hello again']);
    expect(await failure(add(1))).toBeInstanceOf(ConnectionLost);
    expect(await (await side.remote.adder({ to: 20 }))(1)).toBe(21);

    await second.kill();
    await started(first.address);
    await until(() => servers.length === 3);
  });
});

it('a program of process: that is killed is started again', { timeout: 60_000 }, async () => {
  const { servers } = await reader(`process:"${process.execPath}" --import tsx "${program}" stdio:`);
  process.kill(servers[0] as number, 'SIGKILL');
  await until(() => servers.length === 2);
  expect(servers[1]).not.toBe(servers[0]);
});

describe('a server that continues', () => {
  it('sees a new peer, and aborts the handlers of the old one', async () => {
    const server = await serveFeed('tcp://127.0.0.1:0');
    ends.push(() => server.close());
    const events: string[] = [];
    let asked = false;
    let reason: unknown;
    server.on('connect', ({ id }) => events.push(`+${id}`));
    server.on('disconnect', ({ id }) => events.push(`-${id}`));
    server.forever.connect(({ signal }) => {
      asked = true;
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
    });
    const { side, servers } = await reader(server.address);
    const pending = failure(side.remote.forever());
    await until(() => asked);
    for (const peer of server.peers.values()) void peer.close(new Error('cut'));
    expect(await pending).toBeInstanceOf(ConnectionLost);
    await until(() => servers.length === 2);
    expect(reason).toBeDefined();
    expect(events.map((event) => event[0])).toEqual(['+', '-', '+']);
    expect(events[2]?.slice(1)).not.toBe(events[1]?.slice(1));
    expect(server.group('readers').peers).toEqual([...server.peers.values()]);
  });
});

describe('keepConnected', () => {
  it('stops when it is stopped, and when the side is closed', async () => {
    const server = await serveFeed('tcp://127.0.0.1:0');
    const stopped = await reader(server.address);
    const closed = await reader(server.address);
    stopped.stop();
    await server.close();
    await until(() => closed.failures.length > 0);
    await closed.side.close();
    await until(() => closed.failures.at(-1) instanceof UsageError);
    const again = await serveFeed(server.address);
    ends.push(() => again.close());
    expect(stopped.failures).toEqual([]);
    expect(stopped.side.peers.size).toBe(0);
    // The third one has connected after everything that the first two might have sent.
    const third = await reader(server.address);
    expect(again.peers.size).toBe(1);
    expect(third.servers).toHaveLength(1);
  });

  it('closes a link on which it does not get ready, and tries again', async () => {
    const server = await serveFeed('tcp://127.0.0.1:0');
    ends.push(() => server.close());
    const side = await Feed.invert().connect(server.address, { logger: null });
    const failures: string[] = [];
    let attempts = 0;
    const ready = (): void => {
      if (++attempts < 3) throw new Error('not today');
    };
    const failed = (error: Error): void => void failures.push(error.message);
    const stop = keepConnected(side, server.address, { ready, failed, first: 1, most: 5 });
    ends.push(() => side.close(), stop);
    for (const peer of side.peers.values()) await peer.close();
    await until(() => attempts === 3 && side.peers.size === 1);
    expect(failures).toEqual(['not today', 'not today']);
  });
});
