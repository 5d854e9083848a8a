import { describe, expect, it } from 'vitest';
import { until } from '../support/core-waiting.js';
import { heldBy } from './held.js';
import { all, type Kind, meet, upTo } from './spec.js';

const ways = [
  ['memory:', 'jrpc'],
  ['memory:', 'clone'],
  ['port:', 'clone'],
  ['tcp:', 'jrpc'],
  ['tcp:', 'msgpack'],
  ['ws:', 'jrpc'],
  ['ws:', 'msgpack'],
].flatMap(([link, codec]) =>
  [false, true].map((turned) => ({ link, codec, turned }) as { link: string; codec: string; turned: boolean }),
);

describe.each(ways)('over $link with $codec (the caller listens: $turned)', ({ link, codec, turned }) => {
  const kinds: Kind[] = ['generator', 'async', 'list', 'promise', 'web', 'node', 'slow'];

  it.each(kinds)('all items arrive, in order, from a source of the kind %s', async (kind) => {
    await using meeting = await meet(link, { codec }, turned);
    const { calling, seen } = meeting;
    const to = kind === 'slow' ? 20 : 1_000;
    expect(await all(calling.remote.count({ to, kind }))).toEqual({ items: upTo(to), error: undefined });
    expect(seen.ended).toBe(1);
    expect(heldBy(meeting)).toEqual({ calling: 0, handling: 0 });
  });

  it('a stream can be empty', async () => {
    await using meeting = await meet(link, { codec }, turned);
    expect(await all(meeting.calling.remote.count({ to: 0 }))).toEqual({ items: [], error: undefined });
  });

  it.each(['generator', 'async', 'web', 'node'] as const)(
    'an error arrives after the items before it (%s)',
    async (kind) => {
      await using meeting = await meet(link, { codec }, turned);
      const { items, error } = await all(meeting.calling.remote.fail({ after: 300, kind }));
      expect(items).toEqual(upTo(300));
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toBe('no more numbers');
      expect(heldBy(meeting)).toEqual({ calling: 0, handling: 0 });
    },
  );

  it.each(['generator', 'async', 'web', 'node', 'slow'] as const)(
    'break runs the finally of the source (%s)',
    async (kind) => {
      await using meeting = await meet(link, { codec }, turned);
      const { calling, seen } = meeting;
      const taken: number[] = [];
      for await (const n of calling.remote.count({ to: 1e9, kind })) if (taken.push(n) === 3) break;
      expect(taken).toEqual([0, 1, 2]);
      // A round trip later it has run: wait for a message that was sent after that.
      if (kind === 'generator') {
        expect(await calling.remote.add({ a: 1, b: 2 })).toBe(3);
        expect(seen.ended).toBe(1);
      } else await until(() => seen.ended === 1);
      await until(() => heldBy(meeting).handling === 0 && heldBy(meeting).calling === 0);
      const { produced } = seen;
      await calling.remote.add({ a: 1, b: 2 });
      expect(seen.produced).toBe(produced);
    },
  );

  it('a hundred streams run in parallel', async () => {
    await using meeting = await meet(link, { codec }, turned);
    const { calling } = meeting;
    const streams = upTo(100).map((n) =>
      all(calling.remote.count({ to: 300 + n, kind: n % 2 ? 'async' : 'generator' })),
    );
    const sum = calling.remote.add({ a: 1, b: 2 });
    for (const [n, { items, error }] of (await Promise.all(streams)).entries()) {
      expect(error).toBeUndefined();
      expect(items).toEqual(upTo(300 + n));
    }
    expect(await sum).toBe(3);
    expect(heldBy(meeting)).toEqual({ calling: 0, handling: 0 });
  });

  it('a stream can be an argument', async () => {
    await using meeting = await meet(link, { codec }, turned);
    const { calling } = meeting;
    async function* numbers() {
      yield* upTo(1_000);
    }
    expect(await calling.remote.sum({ of: numbers() })).toBe(499_500);
    expect(heldBy(meeting)).toEqual({ calling: 0, handling: 0 });
  });
});
