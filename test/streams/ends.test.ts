import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Aborted, Code, ConnectionLost, type RpcError } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { held, heldBy } from './held.js';
import { manyStreams } from './many-streams.js';
import { all, handle, type Meeting, meet, Seen, Streams, upTo } from './spec.js';

/** Two ends whose connection can be cut on its way. */
async function acrossProxy(codec: string): Promise<Meeting & { cut(how: 'end' | 'reset'): void }> {
  const handling = await Streams.serve('tcp://127.0.0.1:0', { codec, logger: null });
  const sockets: Socket[] = [];
  const proxy = createServer((near) => {
    const far = connect(Number(new URL(handling.address).port), '127.0.0.1');
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.pipe(far).pipe(near);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as { port: number };
  const calling = await Streams.invert().connect(`tcp://127.0.0.1:${port}`, { codec, logger: null });
  return {
    handling,
    calling,
    seen: handle(handling),
    cut(how) {
      for (const socket of sockets) {
        socket.unpipe();
        if (how === 'reset') socket.resetAndDestroy();
        else socket.end();
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([calling.close(), handling.close()]);
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}

describe.each(['jrpc', 'msgpack'])('with %s', (codec) => {
  it.each(['end', 'reset'] as const)(
    'a cut connection (%s) rejects after the items that arrived, and ends the source',
    async (how) => {
      await using meeting = await acrossProxy(codec);
      const { calling, seen } = meeting;
      const stream = calling.remote.count({ to: 1e9 });
      const slow = calling.remote.count({ to: 1e9, kind: 'slow' });
      for (const n of upTo(10)) expect((await stream.next()).value).toBe(n);
      await slow.next();
      await until(() => seen.produced > 256);
      meeting.cut(how);
      const [quick, awaited] = await Promise.all([all(stream), all(slow)]);
      expect(quick.error).toBeInstanceOf(ConnectionLost);
      expect(awaited.error).toBeInstanceOf(ConnectionLost);
      expect(quick.items).toEqual(upTo(quick.items.length).map((n) => n + 10));
      await until(() => seen.ended === 2);
      expect(held(calling)).toBe(0);
      await until(() => held(meeting.handling) === 0);
    },
  );
});

describe('close()', () => {
  it('of the consuming side ends the source', async () => {
    await using meeting = await meet('tcp:');
    const { calling, seen } = meeting;
    const stream = calling.remote.count({ to: 1e9 });
    await stream.next();
    await calling.close();
    expect((await all(stream)).error).toBeInstanceOf(ConnectionLost);
    await until(() => seen.ended === 1);
  });

  it('of the producing side rejects after the items that arrived', async () => {
    await using meeting = await meet('tcp:');
    const { calling, handling, seen } = meeting;
    const stream = calling.remote.count({ to: 1e9 });
    await until(() => seen.produced === 256);
    await calling.remote.add({ a: 1, b: 1 });
    await handling.close();
    expect(seen.ended).toBe(1);
    const { items, error } = await all(stream);
    expect(items).toEqual(upTo(256));
    expect(error).toBeInstanceOf(ConnectionLost);
  });
});

describe('a source', () => {
  it('is notified by the signal that it is cancelled; it counts until it has ended', async () => {
    await using meeting = await meet('tcp:');
    const { calling, handling } = meeting;
    let reason: unknown;
    handling.any.connect(async function* (sender) {
      yield 1;
      await new Promise<void>((resolve) => sender.signal.addEventListener('abort', () => resolve()));
      reason = sender.signal.reason;
    });
    for await (const _item of calling.remote.any()) break;
    await until(() => reason !== undefined);
    expect(reason).toBeInstanceOf(Aborted);
    await until(() => heldBy(meeting).handling === 0);
  });

  it('that is returned by a promise after the stream was cancelled is ended at once', async () => {
    await using meeting = await meet('tcp:');
    const { calling, handling } = meeting;
    const seen = new Seen();
    let give: () => void = () => {};
    handling.any.connect(
      () =>
        new Promise<AsyncGenerator<number>>((resolve) => {
          give = () => resolve(endless(seen));
        }),
    );
    const stream = calling.remote.any();
    await calling.remote.add({ a: 1, b: 1 });
    await stream.return();
    await calling.remote.add({ a: 1, b: 1 });
    give();
    await until(() => heldBy(meeting).handling === 0);
    expect(seen.produced).toBe(0);
  });

  it('whose finally throws does no harm: the error is reported', async () => {
    const told: unknown[] = [];
    await using meeting = await meet('tcp:', { logger: { warn: (...args) => told.push(...args), error: () => {} } });
    meeting.handling.any.connect(function* () {
      try {
        for (;;) yield 1;
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: it is what is tried
        throw new RangeError('in the finally');
      }
    });
    for await (const _item of meeting.calling.remote.any()) break;
    await until(() => told.some((what) => (what as Error).message === 'in the finally'));
    expect(await meeting.calling.remote.add({ a: 1, b: 1 })).toBe(2);
    expect(heldBy(meeting).handling).toBe(0);
  });

  it('with an item that cannot be encoded fails after the items before it, and is ended', async () => {
    await using meeting = await meet('tcp:');
    let ended = false;
    meeting.handling.any.connect(function* () {
      try {
        yield* [1, 2, 3];
        yield {
          toJSON: () => {
            throw new RangeError('no JSON of this');
          },
        };
        yield 5;
      } finally {
        ended = true;
      }
    });
    const { items, error } = await all(meeting.calling.remote.any());
    expect(items).toEqual([1, 2, 3]);
    expect((error as RpcError).message).toContain('no JSON of this');
    expect(ended).toBe(true);
  });

  it('with an item that is too large for a frame fails after the items before it', async () => {
    await using meeting = await meet('tcp:', { limits: { sentFrameBytes: 10_000 } });
    meeting.handling.any.connect(() => ['a', 'b'.repeat(9_000), 'c'.repeat(11_000), 'd']);
    const { items, error } = await all(meeting.calling.remote.any());
    expect(items).toEqual(['a', 'b'.repeat(9_000)]);
    expect((error as RpcError).code).toBe(Code.TooLarge);
    expect((error as RpcError).message).toContain('larger than 10000 bytes');
  });
});

async function* endless(seen: Seen): AsyncGenerator<number> {
  for (;;) yield seen.produced++;
}

manyStreams(1_000);
