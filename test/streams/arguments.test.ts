import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import {
  offeredStream,
  offeredStreamCount,
  offerStream,
  withdrawStream,
} from '../../src/extensions/references/offered-streams.js';
import { ConnectionLost, UsageError } from '../../src/index.js';
import type { Session } from '../../src/session/session.js';
import { failure, until } from '../support/core-waiting.js';
import { heldBy } from './held.js';
import { all, type Kind, meet, Seen, sourceOf, upTo } from './spec.js';

const sessionOf = (side: object): Session => endpointOf(side).peerRegistry.allSessions()[0] as Session;

describe.each([
  ['tcp:', 'jrpc'],
  ['tcp:', 'msgpack'],
  ['port:', 'clone'],
])('a stream as an argument, over %s with %s', (link, codec) => {
  it.each(['async', 'web', 'node', 'slow'] as Kind[])(
    'is iterated by the handler like any stream (%s)',
    async (kind) => {
      await using meeting = await meet(link, { codec });
      const seen = new Seen();
      const to = kind === 'slow' ? 20 : 2_000;
      const of = sourceOf(kind, to, seen) as AsyncIterable<number>;
      expect(await meeting.calling.remote.sum({ of })).toBe((to * (to - 1)) / 2);
      expect(seen.ended).toBe(1);
      expect(heldBy(meeting)).toEqual({ calling: 0, handling: 0 });
    },
  );

  it('has the same back-pressure, and ends when the loop is left', async () => {
    await using meeting = await meet(link, { codec });
    const seen = new Seen();
    const of = sourceOf('async', 1e9, seen) as AsyncIterable<number>;
    expect(await meeting.calling.remote.sum({ of, most: 10 })).toBe(45);
    expect(seen.produced).toBeLessThanOrEqual(256 + 128);
    await until(() => seen.ended === 1);
    await until(() => heldBy(meeting).calling === 0 && heldBy(meeting).handling === 0);
  });

  it('throws its error after its items', async () => {
    await using meeting = await meet(link, { codec });
    let seen: unknown;
    meeting.handling.any.connect(async (_sender, args) => {
      seen = await all((args as unknown as { of: AsyncIterable<number> }).of);
      return [];
    });
    await all(meeting.calling.remote.any({ of: sourceOf('async', 3, new Seen(), true) } as object));
    expect(seen).toMatchObject({ items: [0, 1, 2], error: { message: 'no more numbers' } });
  });

  it('can be anywhere in the arguments, and one of several', async () => {
    await using meeting = await meet(link, { codec });
    meeting.handling.any.connect(async function* (_sender, args) {
      const { deep } = args as unknown as { deep: { streams: AsyncIterable<number>[] } };
      for (const stream of deep.streams) yield* stream;
    });
    const streams = upTo(3).map((n) => sourceOf('async', n + 1, new Seen()));
    const items = await all(meeting.calling.remote.any({ deep: { streams } } as object));
    expect(items.items).toEqual([0, 0, 1, 0, 1, 2]);
    expect(heldBy(meeting)).toEqual({ calling: 0, handling: 0 });
  });
});

describe('a stream that the handler never reads', () => {
  it('is ended when the call is answered', async () => {
    await using meeting = await meet('tcp:');
    meeting.handling.any.connect(() => [1]);
    let cancelled = false;
    const cancel = (): void => {
      cancelled = true;
    };
    const web = new ReadableStream({ cancel });
    const file = createReadStream(new URL(import.meta.url));
    const read = Readable.from([1, 2]);
    await all(meeting.calling.remote.any({ web, file, read } as object));
    expect(cancelled).toBe(true);
    expect([file.destroyed, read.destroyed]).toEqual([true, true]);
    expect(heldBy(meeting)).toEqual({ calling: 0, handling: 0 });
  });

  it('cannot be read after the answer', async () => {
    await using meeting = await meet('tcp:');
    let kept: AsyncIterable<number> | undefined;
    meeting.handling.any.connect((_sender, args) => {
      kept = (args as unknown as { of: AsyncIterable<number> }).of;
      return [];
    });
    await all(meeting.calling.remote.any({ of: sourceOf('async', 5, new Seen()) } as object));
    expect((await all(kept as AsyncIterable<number>)).error).toMatchObject({
      message: expect.stringContaining('the call that has offered it has ended'),
    });
  });

  it('is ended when the link ends', async () => {
    const meeting = await meet('tcp:');
    meeting.handling.any.connect(() => new Promise(() => {}));
    let cancelled = false;
    const cancel = (): void => {
      cancelled = true;
    };
    const of = new ReadableStream({ cancel });
    const stream = meeting.calling.remote.any({ of } as object);
    await meeting.calling.remote.add({ a: 1, b: 1 });
    await meeting[Symbol.asyncDispose]();
    expect((await all(stream)).error).toBeInstanceOf(ConnectionLost);
    expect(cancelled).toBe(true);
  });
});

describe('a stream that the handler continues to read after its answer', () => {
  it('continues to its end', async () => {
    await using meeting = await meet('tcp:');
    let taken: Promise<unknown> | undefined;
    meeting.handling.any.connect((_sender, args) => {
      taken = all((args as unknown as { of: AsyncIterable<number> }).of);
      return ['begun'];
    });
    const of = sourceOf('slow', 30, new Seen());
    expect((await all(meeting.calling.remote.any({ of } as object))).items).toEqual(['begun']);
    expect(await taken).toEqual({ items: upTo(30), error: undefined });
  });
});

describe('a handler that awaits a stream of its caller', () => {
  it('receives it although the caller runs as many calls as it may', async () => {
    await using meeting = await meet('tcp:', { concurrency: 1 });
    const { calling, handling } = meeting;
    const results = upTo(20).map(() =>
      calling.remote.sum({ of: sourceOf('async', 300, new Seen()) as AsyncIterable<number> }),
    );
    expect(await Promise.all(results)).toEqual(upTo(20).map(() => 44_850));
    expect(handling.peers.size).toBe(1);
  });
});

describe('a value that is not an argument of a request', () => {
  it('cannot contain a stream: a result reports it', async () => {
    await using meeting = await meet('tcp:');
    meeting.handling.any.connect(() => [{ inner: sourceOf('async', 3, new Seen()) }]);
    const { error } = await all(meeting.calling.remote.any());
    expect((error as Error).message).toContain('a stream can only be an argument of a request');
  });
});

describe('offer and take', () => {
  it('carry a stream from one session to the other', async () => {
    await using meeting = await meet('tcp:');
    const seen = new Seen();
    const n = offerStream(sessionOf(meeting.calling), sourceOf('async', 600, seen) as AsyncIterable<number>);
    expect(offeredStreamCount(sessionOf(meeting.calling))).toBe(1);
    expect((await all(offeredStream(sessionOf(meeting.handling), n))).items).toEqual(upTo(600));
    expect(offeredStreamCount(sessionOf(meeting.calling))).toBe(0);
    expect(seen.ended).toBe(1);
  });

  it('pass a stream to one consumer, and to none after withdraw', async () => {
    await using meeting = await meet('tcp:');
    const n = offerStream(sessionOf(meeting.calling), sourceOf('async', 6, new Seen()) as AsyncIterable<number>);
    const [one, other] = [offeredStream(sessionOf(meeting.handling), n), offeredStream(sessionOf(meeting.handling), n)];
    expect((await all(one)).items).toEqual(upTo(6));
    expect((await failure(other.next())).message).toContain(`there is no stream ${n}`);
    const second = offerStream(sessionOf(meeting.calling), sourceOf('async', 6, new Seen()) as AsyncIterable<number>);
    withdrawStream(sessionOf(meeting.calling), second);
    withdrawStream(sessionOf(meeting.calling), second);
    expect((await failure(offeredStream(sessionOf(meeting.handling), second).next())).message).toContain(
      'there is no stream',
    );
    expect(heldBy(meeting)).toEqual({ calling: 0, handling: 0 });
  });

  it('request nothing before the first item is read, nor if the stream is left before that', async () => {
    await using meeting = await meet('tcp:');
    const n = offerStream(sessionOf(meeting.calling), sourceOf('async', 6, new Seen()) as AsyncIterable<number>);
    await offeredStream(sessionOf(meeting.handling), n).return();
    await meeting.calling.remote.add({ a: 1, b: 1 });
    expect(offeredStreamCount(sessionOf(meeting.calling))).toBe(1);
    withdrawStream(sessionOf(meeting.calling), n);
  });

  it('do not work with a peer that is not Obverse', async () => {
    await using meeting = await meet('tcp:', { codec: 'jrpc?hello=off' });
    expect(() => offerStream(sessionOf(meeting.calling), [] as object)).toThrow(UsageError);
  });
});
