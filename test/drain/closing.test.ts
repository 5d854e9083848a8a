import { afterEach, describe, expect, it } from 'vitest';
import {
  ConnectionLost,
  type Extension,
  incoming,
  install,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
  type TransportSource,
  UsageError,
} from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { Played, type PlayedLink } from '../support/core-played.js';
import { RawClient } from '../support/core-raw.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Work extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming({ hasReply: true }) hang(_sender: Sender): Reply<string> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @outgoing({ hasReply: true }) confirm(_receivers: Receivers): Reply<string> {}
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

async function serve(address: TransportSource) {
  const server = await Work.serve<Work>(address, { logger: null });
  open.push(server);
  const release: ((text: string) => void)[] = [];
  const aborted: string[] = [];
  server.ask.connect((_sender, { n }) => 2 * n);
  server.hang.connect((sender) => {
    sender.signal.addEventListener('abort', () => aborted.push(sender.id));
    return new Promise((resolve) => void release.push(resolve));
  });
  server.count.connect(async function* (_sender, { to }) {
    for (let n = 0; n < to; n++) {
      yield n;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
  return { server, release, aborted };
}

async function dial(address: TransportSource) {
  const client = await Work.invert().connect(address, { logger: null });
  open.push(client);
  return client;
}

/** Whether a promise has settled. */
function watched(promise: Promise<unknown>) {
  const seen = { settled: false };
  const done = (): void => {
    seen.settled = true;
  };
  promise.then(done, done);
  return seen;
}

/** Resolves when nobody is let in at the address any more. */
async function refused(address: string): Promise<void> {
  for (;;) {
    try {
      await (await dial(address)).close();
    } catch (error) {
      expect(error).toBeInstanceOf(ConnectionLost);
      return;
    }
  }
}

const LONG = 600_000;

describe.each([['tcp://127.0.0.1:0'], ['ws://127.0.0.1:0'], ['memory:drained']])('close({ drain }) over %s', (url) => {
  it('lets nobody in, serves calls that come, and closes when what was open has settled', async () => {
    const { server, release } = await serve(url);
    const { address } = server;
    const client = await dial(address);
    client.confirm.connect(() => new Promise((resolve) => void release.push(resolve)));
    const items = (async () => {
      const seen: number[] = [];
      for await (const n of client.remote.count({ to: 100 })) seen.push(n);
      return seen;
    })();
    const [there, here] = [client.remote.hang(), server.confirm(null)];
    await until(() => release.length === 2);
    const closing = server.close({ drain: LONG });
    const { settled } = watched(closing);
    await refused(address);
    for (let n = 0; n < 20; n++) expect(await client.remote.ask({ n })).toBe(2 * n);
    expect(await items).toHaveLength(100);
    expect([settled, server.peers.size, client.peers.size]).toEqual([false, 1, 1]);
    for (const each of release) each('done');
    expect(await Promise.all([there, here])).toEqual(['done', 'done']);
    await client.close();
    await closing;
    expect((await failure(server.confirm(null))).message).toMatch(/the side is closed/);
  });
});

describe('close({ drain })', () => {
  it('ends what is still open when the time is over, such as the calls of an attacker who never becomes quiet', async () => {
    using clock = stopClock();
    const { server, aborted, release } = await serve('memory:attacked');
    const client = await dial('memory:attacked');
    const lost = failure(client.remote.hang());
    let calls = 0;
    let end: unknown;
    void (async () => {
      for (;;) {
        await client.remote.ask({ n: ++calls });
        // As fast as it can, but the clock must get its turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    })().catch((error: unknown) => {
      end = error;
    });
    await until(() => release.length === 1);
    const closing = server.close({ drain: 5_000 });
    const seen = watched(closing);
    await until(() => calls > 10);
    await clock.turn(4_999);
    const then = calls;
    await until(() => calls > then);
    expect([seen.settled, aborted.length]).toEqual([false, 0]);
    await clock.turn(1);
    await closing;
    expect(await lost).toBeInstanceOf(ConnectionLost);
    await until(() => end !== undefined);
    expect(end).toBeInstanceOf(ConnectionLost);
    expect(aborted).toHaveLength(1);
  });

  it('ends at once with another close(), and no later than another close({ drain })', async () => {
    using clock = stopClock();
    const { server, release } = await serve('memory:twice');
    const client = await dial('memory:twice');
    const lost = failure(client.remote.hang());
    await until(() => release.length === 1);
    const first = server.close({ drain: LONG });
    await until(() => server.stats().peers === 1);
    await server.close();
    await first;
    expect(await lost).toBeInstanceOf(ConnectionLost);

    const other = await serve('memory:twice');
    const visitor = await dial('memory:twice');
    const call = failure(visitor.remote.hang());
    await until(() => other.release.length === 1);
    const both = [other.server.close({ drain: LONG }), other.server.close({ drain: 100 })];
    const seen = both.map(watched);
    await refused('memory:twice');
    await clock.turn(99);
    expect(seen.map(({ settled }) => settled)).toEqual([false, false]);
    await clock.turn(1);
    await Promise.all(both);
    expect(await call).toBeInstanceOf(ConnectionLost);
    await other.server.close({ drain: LONG });
  });

  it('refuses options that do not exist or do not fit, and the side goes on', async () => {
    const { server } = await serve('memory:options');
    const client = await dial('memory:options');
    const close = server.close as (options?: unknown) => Promise<void>;
    for (const [options, message] of [
      [{ drian: 5 }, 'unknown option "drian" of close(); did you mean drain? There are drain'],
      [
        { drain: -1 },
        'the option "drain" of close() must be a number of milliseconds from 0 and less than Infinity, such as 30_000',
      ],
      [
        { drain: Number.POSITIVE_INFINITY },
        'the option "drain" of close() must be a number of milliseconds from 0 and less than Infinity, such as 30_000',
      ],
      [
        { drain: '5' },
        'the option "drain" of close() must be a number of milliseconds from 0 and less than Infinity, such as 30_000',
      ],
      ['SIGTERM', 'close(): the options must be an object, as in { drain: 30_000 }, not "SIGTERM"'],
      [5, 'close(): the options must be an object, as in { drain: 30_000 }, not 5'],
    ] as const) {
      const error = await failure(close(options));
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toContain(message);
    }
    expect(await client.remote.ask({ n: 2 })).toBe(4);
    await server.close({});
    await server.close({ drain: 0 });
    expect(client.peers.size).toBe(0);
  });

  it('of a side that dials waits for the calls that are open, in both directions', async () => {
    const { server, release } = await serve('tcp://127.0.0.1:0');
    const client = await dial(server.address);
    client.confirm.connect(() => new Promise((resolve) => void release.push(resolve)));
    const [there, here] = [client.remote.hang(), server.confirm(null)];
    await until(() => release.length === 2);
    const closing = client.close({ drain: LONG });
    expect(await client.remote.ask({ n: 4 })).toBe(8);
    for (const each of release) each('done');
    expect(await Promise.all([there, here])).toEqual(['done', 'done']);
    await closing;
    await until(() => server.peers.size === 0);
    const idle = await dial(server.address);
    await idle.close({ drain: LONG });
  });

  it('refuses another transport meanwhile', async () => {
    const { server, release } = await serve('memory:changed');
    const client = await dial('memory:changed');
    const pending = client.remote.hang();
    await until(() => release.length === 1);
    const closing = server.close({ drain: LONG });
    await refused('memory:changed');
    expect((await failure(server.changeTransport('memory:other'))).message).toBe(
      'the transport can be changed only while a side is open, and this one is draining: close({ drain }) was called',
    );
    release[0]?.('done');
    expect(await pending).toBe('done');
    await client.close();
    await closing;
  });

  it('serves a peer that is not Obverse, and ends its link when it has been idle for a while', async () => {
    using clock = stopClock();
    const { server, release } = await serve('tcp://127.0.0.1:0');
    const { address } = server;
    using raw = await RawClient.connect(address);
    raw.write({ jsonrpc: '2.0', id: 1, method: 'ask', params: { n: 1 } }, { jsonrpc: '2.0', id: 2, method: 'hang' });
    await until(() => release.length === 1);
    const closing = server.close({ drain: 80_000 });
    await refused(address);
    await clock.turn(7_000);
    raw.write({ jsonrpc: '2.0', id: 3, method: 'ask', params: { n: 3 } });
    expect(await raw.answers(2)).toEqual([
      { jsonrpc: '2.0', id: 1, result: 2 },
      { jsonrpc: '2.0', id: 3, result: 6 },
    ]);
    await clock.turn(30_000);
    expect(raw.over).toBe(false);
    release[0]?.('done');
    expect((await raw.answers(3))[2]).toEqual({ jsonrpc: '2.0', id: 2, result: 'done' });
    const seen = watched(closing);
    await clock.turn(9_000);
    expect(seen.settled).toBe(false);
    await clock.turn(31_000);
    await closing;
    await raw.ended();
  });

  it('ends the links of idle peers that are not told one after the other, within a quarter of the time', async () => {
    using clock = stopClock();
    const { server } = await serve('memory:fleet');
    const fleet = await Promise.all(Array.from({ length: 40 }, () => dial('memory:fleet')));
    await Promise.all(fleet.map((each) => each.remote.ask({ n: 1 })));
    const gone: number[] = [];
    for (const each of fleet) each.on('disconnect', () => void gone.push(clock.turned));
    const closing = server.close({ drain: 80_000 });
    await refused('memory:fleet');
    await clock.turn(9_999);
    expect(gone).toEqual([]);
    for (let n = 0; n < 110; n++) await clock.turn(100);
    expect(gone).toHaveLength(40);
    await closing;
    // They are spread over the second half of that quarter: many of them at one time would be no chance.
    const most = Math.max(...gone.map((at) => gone.filter((other) => other === at).length));
    expect(most).toBeLessThan(10);
  });

  it('ends new links of a transport that cannot stop letting peers in', async () => {
    const played = new Played();
    const { server } = await serve(played.maker);
    const before = played.visit('before');
    before.say({ jsonrpc: '2.0', id: 1, method: 'hang' });
    const closing = server.close({ drain: LONG });
    const late: PlayedLink[] = [];
    await until(() => {
      late.push(played.visit(`late ${late.length}`));
      return late.some(({ closes }) => closes.length > 0);
    });
    expect(before.closes).toEqual([]);
    for (const each of [before, ...late]) if (each.closes.length === 0) each.receiver.closed();
    await closing;
  });
});

describe('closing of an extension', () => {
  it('is called once, with the time of the drain, which waits for it', async () => {
    const told: unknown[] = [];
    let ready = (): void => {};
    const remove = install({
      name: 'closes',
      attach: () => ({
        closing: (options) => {
          told.push(options);
          return new Promise<void>((resolve) => {
            ready = resolve;
          });
        },
      }),
    } satisfies Extension);
    const log = new Log();
    try {
      const server = await Work.serve<Work>('memory:closing', { logger: log });
      open.push(server);
      const closing = server.close({ drain: LONG });
      const seen = watched(closing);
      await until(() => told.length === 1);
      await new Promise((resolve) => setImmediate(resolve));
      expect(seen.settled).toBe(false);
      ready();
      await closing;
      await server.close();
      expect(told).toEqual([{ drain: LONG }]);

      const other = await Work.serve<Work>('memory:closing', { logger: log });
      await other.close();
      expect(told).toEqual([{ drain: LONG }, {}]);
    } finally {
      remove();
    }
  });

  it('is logged if it fails, and keeps the side no longer', async () => {
    const remove = install(
      { name: 'throws', attach: () => ({ closing: () => Promise.reject(new Error('cannot')) }) },
      {
        name: 'throws too',
        attach: () => ({
          closing: () => {
            throw new Error('cannot either');
          },
        }),
      },
    );
    const log = new Log();
    try {
      for (const options of [{ drain: LONG }, undefined]) {
        const server = await Work.serve<Work>('memory:failing', { logger: log });
        await server.close(options);
      }
    } finally {
      remove();
    }
    expect(log.errors.map(([text, error]) => [text, (error as Error).message])).toEqual([
      ['obverse: an extension could not close', 'cannot either'],
      ['obverse: an extension could not close', 'cannot'],
      ['obverse: an extension could not close', 'cannot either'],
      ['obverse: an extension could not close', 'cannot'],
    ]);
  });
});
