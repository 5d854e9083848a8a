import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Aborted, ConnectionLost, TimeoutError, UsageError } from '../../src/index.js';
import type { CallSender } from '../../src/session/incoming-calls/call-sender.js';
import { failure, until } from '../support/core-waiting.js';
import { heldBy } from './held.js';
import { all, handle, meet, Streams, upTo } from './spec.js';

const never = () => new Promise<never>(() => {});

describe('the items of a stream', () => {
  it('are passed to several calls of next() in their order, and so is the end', async () => {
    await using meeting = await meet('tcp:');
    const stream = meeting.calling.remote.count({ to: 3, kind: 'slow' });
    const steps = await Promise.all(upTo(5).map(() => stream.next()));
    expect(steps.map(({ value }) => value)).toEqual([0, 1, 2, undefined, undefined]);
    expect(steps.map(({ done }) => done)).toEqual([false, false, false, true, true]);
  });

  it('are passed to several calls of next() in their order, and the error to the next one', async () => {
    await using meeting = await meet('tcp:');
    const stream = meeting.calling.remote.fail({ after: 2, kind: 'slow' });
    const steps = await Promise.allSettled(upTo(4).map(() => stream.next()));
    expect(steps.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(steps[3]).toEqual({ status: 'fulfilled', value: { done: true, value: undefined } });
  });

  it('are buffered from the time of the call on, whenever they are read', async () => {
    await using meeting = await meet('tcp:');
    const stream = meeting.calling.remote.count({ to: 100 });
    await until(() => meeting.seen.produced === 100);
    expect((await all(stream)).items).toEqual(upTo(100));
  });

  it('use the arguments as they were at the call: they can be changed afterwards', async () => {
    await using meeting = await meet('tcp:');
    const args = { to: 2 };
    const stream = meeting.calling.remote.count(args);
    args.to = 100;
    expect((await all(stream)).items).toEqual([0, 1]);
  });

  it('end after return(), which settles pending calls of next()', async () => {
    await using meeting = await meet('tcp:');
    meeting.handling.any.connect(never);
    const stream = meeting.calling.remote.any();
    const waiting = [stream.next(), stream.next()];
    expect(await stream.return()).toEqual({ done: true, value: undefined });
    expect(await Promise.all(waiting)).toEqual(upTo(2).map(() => ({ done: true, value: undefined })));
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('end after throw(), which rejects', async () => {
    await using meeting = await meet('tcp:');
    const stream = meeting.calling.remote.count({ to: 1e9 });
    await stream.next();
    expect(await failure(stream.throw(new RangeError('enough')))).toMatchObject({ message: 'enough' });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await until(() => meeting.seen.ended === 1);
  });

  it('end after the block of an `await using`', async () => {
    await using meeting = await meet('tcp:');
    {
      await using stream = meeting.calling.remote.count({ to: 1e9 });
      expect(await stream.next()).toEqual({ done: false, value: 0 });
    }
    await until(() => meeting.seen.ended === 1 && heldBy(meeting).handling === 0);
  });

  it('can be relayed: a stream can be the source of another, and leaving it stops both', async () => {
    await using far = await meet('tcp:');
    await using near = await meet('tcp:');
    near.handling.any.connect(() => far.calling.remote.count({ to: 1e9 }));
    const taken: unknown[] = [];
    for await (const item of near.calling.remote.any()) if (taken.push(item) === 600) break;
    expect(taken).toEqual(upTo(600));
    await until(() => far.seen.ended === 1);
    await until(() => heldBy(far).calling === 0 && heldBy(near).handling === 0);
  });

  it('can be of any type that an argument can have', async () => {
    await using meeting = await meet('tcp:');
    const called: number[] = [];
    meeting.handling.any.connect(() => [{ call: (n: number) => called.push(n) }, [1], null, 'text']);
    const { items } = await all(meeting.calling.remote.any());
    expect(items.slice(1)).toEqual([[1], null, 'text']);
    await (items[0] as { call(n: number): Promise<number> }).call(5);
    expect(called).toEqual([5]);
  });
});

describe('an option of the call', () => {
  it('signal: ends the stream at once, whatever has arrived, and stops the producer', async () => {
    await using meeting = await meet('tcp:');
    const controller = new AbortController();
    const stream = meeting.calling.to(null, { signal: controller.signal }).count({ to: 1e9 });
    await stream.next();
    await until(() => meeting.seen.produced > 100);
    controller.abort(new Error('seen enough'));
    const error = await failure(stream.next());
    expect(error).toBeInstanceOf(Aborted);
    expect(error.message).toContain('seen enough');
    await until(() => meeting.seen.ended === 1 && heldBy(meeting).handling === 0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('signal: one that has already fired prevents the call', async () => {
    await using meeting = await meet('tcp:');
    const stream = meeting.calling.to(null, { signal: AbortSignal.abort() }).count({ to: 5 });
    expect(await failure(stream.next())).toBeInstanceOf(Aborted);
    await meeting.calling.remote.add({ a: 1, b: 1 });
    expect(meeting.seen.produced).toBe(0);
  });

  it('signal: no listener remains after the end', async () => {
    await using meeting = await meet('tcp:');
    const { signal } = new AbortController();
    await all(meeting.calling.to(null, { signal }).count({ to: 5 }));
    const left = meeting.calling.to(null, { signal }).count({ to: 1e9 });
    await left.return();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('timeout: limits the wait for one item, not the whole stream', async () => {
    await using meeting = await meet('tcp:');
    meeting.handling.any.connect(async function* () {
      for (let n = 0; n < 5; n++) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        yield n;
      }
      await never();
    });
    const { items, error } = await all(meeting.calling.to(null, { timeout: 250 }).any());
    expect(items).toEqual(upTo(5));
    expect(error).toBeInstanceOf(TimeoutError);
  });

  it('timeout: does not run while no item is awaited', async () => {
    await using meeting = await meet('tcp:');
    const stream = meeting.calling.to(null, { timeout: 60 }).count({ to: 300 });
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await all(stream)).error).toBeUndefined();
  });

  it('the timeout of a side does not end a stream', async () => {
    await using meeting = await meet('tcp:', { timeout: 50 });
    meeting.handling.any.connect(async function* () {
      yield 1;
      await new Promise((resolve) => setTimeout(resolve, 400));
      yield 2;
    });
    expect(await all(meeting.calling.remote.any())).toEqual({ items: [1, 2], error: undefined });
  });

  it('maxTimeout: limits the whole stream, on both sides', async () => {
    await using meeting = await meet('tcp:');
    const { items, error } = await all(meeting.calling.to(null, { maxTimeout: 200 }).count({ to: 1e9, kind: 'slow' }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(items.length).toBeGreaterThan(0);
    await until(() => meeting.seen.ended === 1);
  });

  it('handlerTimeout of the serving side does not end a stream', async () => {
    await using meeting = await meet('tcp:', { handlerTimeout: 30 });
    const { items, error } = await all(meeting.calling.remote.count({ to: 100, kind: 'slow' }));
    expect([items.length, error]).toEqual([100, undefined]);
  });

  it('metadata and onProgress: as with any call', async () => {
    await using meeting = await meet('tcp:');
    meeting.handling.any.connect(async function* (sender) {
      for (let n = 0; n < 3; n++) {
        sender.progress(n);
        yield sender.metadata.name;
      }
    });
    const told: unknown[] = [];
    const view = meeting.calling.to(null, { metadata: { name: 'ann' }, onProgress: (n) => told.push(n) });
    expect((await all(view.any())).items).toEqual(['ann', 'ann', 'ann']);
    expect(told).toEqual([0, 1, 2]);
  });

  it('ignoreErrors: an error ends the stream', async () => {
    await using meeting = await meet('tcp:');
    const { items, error } = await all(meeting.calling.to(null, { ignoreErrors: true }).fail({ after: 3 }));
    expect([items, error]).toEqual([upTo(3), undefined]);
    expect(await all(meeting.calling.to('nobody', { ignoreErrors: true }).count({ to: 3 }))).toEqual({
      items: [],
      error: undefined,
    });
  });

  it('noReply: is refused', async () => {
    await using meeting = await meet('tcp:');
    const stream = meeting.calling.to(null, { noReply: true }).count({ to: 3 });
    expect((await failure(stream.next())).message).toContain('cannot be called with noReply');
  });

  it('window: an invalid window, or one beyond the limits, is refused', async () => {
    await using meeting = await meet('tcp:', { limits: { streamItems: 1_000, streamBytes: 50_000 } });
    const { calling } = meeting;
    for (const window of [{ items: 0 }, { items: 1.5 }, { bytes: -1 }, { item: 5 }, 5]) {
      expect(() => calling.to(null, { window: window as object })).toThrow('"window" of a call must be an object');
    }
    for (const beyond of [{ items: 1_001 }, { bytes: 50_001 }]) {
      const window = { items: 1_000, bytes: 50_000, ...beyond };
      const error = await failure(calling.to(null, { window }).count({ to: 3 }).next());
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toContain('exceeds the limits streamItems (1000) and streamBytes (50000)');
    }
    const { items } = await all(calling.to(null, { window: { items: 1_000, bytes: 50_000 } }).count({ to: 3 }));
    expect(items).toEqual([0, 1, 2]);
  });

  it('window: unspecified parts have their defaults, within the limits', async () => {
    await using meeting = await meet('tcp:', { limits: { streamItems: 10, streamBytes: 50_000 } });
    await using large = await meet('tcp:');
    const windows: unknown[] = [];
    for (const { handling, calling } of [meeting, large]) {
      handling.any.connect((sender) => {
        windows.push((sender as unknown as CallSender).call.about?.window);
        return [];
      });
      await all(calling.remote.any());
      for (const window of [{ items: 5 }, { bytes: 9_000 }]) await all(calling.to(null, { window }).any());
    }
    expect(windows).toEqual([
      [10, 50_000],
      [5, 50_000],
      [10, 9_000],
      [256, 262_144],
      [5, 262_144],
      [256, 9_000],
    ]);
  });
});

describe('a call of a stream', () => {
  it('needs exactly one receiver: with several it rejects with an error that says so', async () => {
    await using meeting = await meet('tcp:', {}, true);
    const { calling } = meeting;
    await using second = await Streams.connect(calling.address, { logger: null });
    const seen = handle(second);
    await until(() => calling.peers.size === 2);
    const error = await failure(calling.remote.count({ to: 3 }).next());
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe('count is a stream and has one receiver, not 2: call it for each of them');
    const items = await Promise.all([...calling.peers.values()].map((peer) => all(calling.count(peer, { to: 3 }))));
    expect(items.map((one) => one.items)).toEqual([upTo(3), upTo(3)]);
    expect([seen.ended, meeting.seen.ended]).toEqual([1, 1]);
  });

  it('needs a peer: without one, the first next() rejects', async () => {
    const meeting = await meet('tcp:');
    await meeting[Symbol.asyncDispose]();
    const { items, error } = await all(meeting.calling.remote.count({ to: 3 }));
    expect(items).toEqual([]);
    expect(error).toBeInstanceOf(ConnectionLost);
  });

  it('needs a handler', async () => {
    await using meeting = await meet('tcp:');
    expect((await failure(meeting.calling.remote.any().next())).message).toContain('no handler is connected');
  });

  it('needs a single source: two handlers that each return one are an error', async () => {
    await using meeting = await meet('tcp:');
    meeting.handling.count.connect(() => [1]);
    const { error } = await all(meeting.calling.remote.count({ to: 3 }));
    expect((error as Error).message).toContain('more than one reply');
  });

  it('needs an iterable from the handler', async () => {
    await using meeting = await meet('tcp:');
    meeting.handling.any.connect(() => 5 as never);
    const { error } = await all(meeting.calling.remote.any());
    expect((error as Error).message).toBe(
      'the handler of any returned 5, which is not a stream: expected an iterable, an async iterable or a ReadableStream',
    );
  });
});
