import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { MessageChannel } from 'node:worker_threads';
import type { Inverted, Side, TransportSource } from 'obverse';
import { afterAll, describe, expect, it } from 'vitest';
import { compiledOnce } from '../support/compile-program.js';
import { until } from '../support/core-waiting.js';
import { First } from './first-spec.js';
import { greetsAtOnce } from './first-words.js';

/*
 * Messages that arrive with the handshake or right after it are received by handlers that are added right after
 * `await connect()`, and right after `await serve()`, whatever the transport.
 */

const far = compiledOnce(new URL('first-far.ts', import.meta.url));
afterAll(far.remove);

type Near = Side<Inverted<First>>;
interface Meeting {
  /** The address to connect to. */
  readonly source: TransportSource;
  end(): Promise<unknown>;
}

let names = 0;

async function within(serve: TransportSource, source: (address: string) => TransportSource): Promise<Meeting> {
  const side = await First.serve(serve, { logger: null });
  greetsAtOnce(side);
  return { source: source(side.address), end: () => side.close() };
}
const same = (address: string): TransportSource => address;

async function across(address: string): Promise<Meeting> {
  const child: ChildProcess = fork(await far.path(), [address]);
  const [{ address: source }] = (await once(child, 'message')) as [{ address: string }];
  return { source, end: async () => child.kill('SIGKILL') };
}

const ways: Readonly<Record<string, () => Promise<Meeting>>> = {
  'tcp:': () => within('tcp://127.0.0.1:0', same),
  'tcp: to another process': () => across('tcp://127.0.0.1:0'),
  'ws: by the runtime': () => within('ws://127.0.0.1:0', (url) => ({ url, client: 'native' })),
  'ws: by the package': () => within('ws://127.0.0.1:0', (url) => ({ url, client: 'ws' })),
  'ws: to another process': () => across('ws://127.0.0.1:0'),
  'unix:': () => within(`unix:${tmpdir()}/obverse-first-${process.pid}-${names++}.sock`, same),
  'memory:': () => within(`memory:first${names++}`, same),
  'mux:': () =>
    within(['tcp://127.0.0.1:0', `memory:first${names++}`], (all) => /\((memory[^)]*)\)/.exec(all)?.[1] as string),
  async 'port:'() {
    const { port1, port2 } = new MessageChannel();
    return within({ url: 'port:', port: port1 }, () => ({ url: 'port:', port: port2 }));
  },
  async 'process: and stdio:'() {
    const args = [await far.path(), 'stdio:'];
    return { source: { url: 'process:', command: process.execPath, args, grace: 500 }, end: async () => {} };
  },
  async 'worker: and port:parent'() {
    return { source: { url: `worker:${await far.path()}`, argv: ['port:parent'] }, end: async () => {} };
  },
};

/** Adds handlers to a side that has just been opened; the result resolves when they have received everything. */
function listen(near: Near): () => Promise<void> {
  const heard: number[] = [];
  near.heard.connect((_sender, { n }) => void heard.push(n));
  near.asked.connect((_sender, { n }) => {
    heard.push(n);
    return n * 100;
  });
  return () => until(() => heard.length === 2).catch(() => expect(heard).toEqual([1, 2]));
}

const possible = Object.entries(ways).filter(([name]) => {
  if (name !== 'ws: by the runtime' || 'WebSocket' in globalThis) return true;
  console.warn(`${name} is skipped: this runtime has no WebSocket of its own`);
  return false;
});

describe.each(possible)('over %s', (name, meet) => {
  const rounds = /process|worker/.test(name) ? 2 : 20;

  it('handlers that are added right after connect receive what the other side sends as soon as it is connected', async () => {
    for (let round = 0; round < rounds; round++) {
      const { source, end } = await meet();
      const near = await First.invert().connect(source, { logger: null });
      const hasHeard = listen(near);
      await hasHeard();
      let answer: unknown;
      while (answer === undefined) ({ answer } = await near.remote.report());
      expect(answer).toBe(200);
      await near.close();
      await end();
    }
  });

  it('handlers that are added right after serve, or right after open, receive what is sent in the event connect', async () => {
    for (let round = 0; round < rounds; round++) {
      const { source, end } = await meet();
      const near = First.invert().create({ transport: source, logger: null });
      const answer = new Promise((resolve, reject) => {
        near.on('connect', () => {
          near.remote.hear({ n: 7 });
          near.remote.ask({ n: 8 }).then(resolve, reject);
        });
      });
      await near.open();
      const hasHeard = listen(near);
      expect(await answer).toBe(80);
      await hasHeard();
      expect((await near.remote.report()).heard).toEqual([7]);
      await near.close();
      await end();
    }
  });
});

describe('after changeTransport', () => {
  it('handlers that are added when it has resolved receive what the other side sends as soon as it is connected', async () => {
    for (let round = 0; round < 20; round++) {
      const old = await First.serve('tcp://127.0.0.1:0', { logger: null });
      const near = await First.invert().connect(old.address, { logger: null });
      const { source, end } = await within('ws://127.0.0.1:0', same);
      await near.changeTransport(source);
      const hasHeard = listen(near);
      await hasHeard();
      await Promise.all([near.close(), end(), old.close()]);
    }
  });

  it('a pending call on the old link may wait for a message on the new one', async () => {
    await using old = await First.serve('tcp://127.0.0.1:0', { logger: null });
    await using near = await First.invert().connect(old.address, { logger: null });
    const hasHeard = listen(near);
    let answered: (value: number) => void = () => {};
    old.ask.connect(
      () =>
        new Promise((resolve) => {
          answered = resolve;
        }),
    );
    let begun = false;
    const pending = near.remote.ask({ n: 1 });
    await until(() => old.peers.size === 1);
    await new Promise((resolve) => setImmediate(resolve));
    const { source, end } = await within('tcp://127.0.0.1:0', same);
    const changed = near.changeTransport(source).then(() => {
      begun = true;
    });
    await hasHeard();
    expect(begun).toBe(false);
    answered(5);
    expect(await pending).toBe(5);
    await changed;
    await end();
  });
});
