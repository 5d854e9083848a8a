import {
  incoming,
  issuesOf,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
  UsageError,
  ValidationError,
} from 'obverse';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../support/core-waiting.js';
import { talk, ways } from './sides.js';

const trimmed = z.string().trim().max(5);

class Feed extends RemoteAPI {
  @incoming({ stream: true, items: trimmed, args: z.object({ n: z.number().default(3) }) })
  lines(_sender: Sender, _args: { n?: number }): Stream<string> {}
  @outgoing({ stream: true, items: v.pipe(v.string(), v.trim()) })
  texts(_receivers: Receivers): Stream<string> {}
  @incoming({ stream: true, items: z.number().refine(async (n) => n < 3, 'too large') })
  numbers(_sender: Sender): Stream<number> {}
  @incoming({ hasReply: true, progress: z.number().max(100).transform(Math.round) })
  copy(_sender: Sender): Reply<string, number> {}
}

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};

describe.each(ways)('streams over %s with %s', (...way) => {
  it('pass items in the output form of the schema, in either direction', async () => {
    await using sides = await talk(Feed, way);
    sides.here.lines.connect(async function* (_sender, { n }) {
      for (let i = 0; i < (n ?? 0); i++) yield ` ${i} `;
    });
    sides.there.texts.connect(() => [' a', 'b ']);
    expect(await all(sides.there.remote.lines({}))).toEqual(['0', '1', '2']);
    expect(await all(sides.here.remote.texts())).toEqual(['a', 'b']);
  });

  it('end at an item that does not fit, after the valid ones, and stop the producer', async () => {
    await using sides = await talk(Feed, way);
    let stopped = false;
    sides.here.lines.connect(async function* () {
      try {
        yield 'a';
        yield 'far too long';
        while (true) yield 'b';
      } finally {
        stopped = true;
      }
    });
    const got: string[] = [];
    const failed = await (async () => {
      for await (const line of sides.there.remote.lines({ n: 1 })) got.push(line);
    })().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ValidationError);
    expect((failed as Error).message).toMatch(/^an item of lines: /);
    expect(got).toEqual(['a']);
    await until(() => stopped);
  });

  it('await an asynchronous schema, item by item', async () => {
    await using sides = await talk(Feed, way);
    sides.here.numbers.connect(() => [1, 2, 3]);
    const got: number[] = [];
    const failed = await (async () => {
      for await (const n of sides.there.remote.numbers()) got.push(n);
    })().catch((error: unknown) => error);
    expect(issuesOf(failed)).toEqual([{ path: [], message: 'too large' }]);
    expect(got).toEqual([1, 2]);
  });

  it('refuse arguments that do not fit', async () => {
    await using sides = await talk(Feed, way);
    sides.here.lines.connect(() => []);
    const failed = await sides.there.remote
      .lines({ n: 'x' as unknown as number })
      .next()
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: -32602, data: { issues: [{ path: ['n'] }] } });
  });

  it('pass progress in the output form of the schema, and report what does not fit', async () => {
    await using sides = await talk(Feed, way);
    sides.here.copy.connect((sender) => {
      for (const value of [1.4, 'half' as unknown as number, 99.6]) sender.progress(value);
      return 'copied';
    });
    const troubles: unknown[] = [];
    Object.defineProperty(sides.there, 'onMessageError', {
      value: (_: unknown, error: unknown) => troubles.push(error),
    });
    const told: number[] = [];
    expect(await sides.there.to(null, { onProgress: (value) => told.push(value as number) }).copy()).toBe('copied');
    expect(told).toEqual([1, 100]);
    expect(troubles).toMatchObject([
      { name: 'ValidationError', message: expect.stringMatching(/^the progress of copy: /) as string },
    ]);
  });
});

describe('validate: both', () => {
  it('ends a stream at an item of its own that does not fit, and reports it', async () => {
    await using sides = await talk(Feed, ways[2], { validate: 'both' }, { validate: 'off' });
    let stopped = false;
    sides.here.lines.connect(function* () {
      try {
        yield ' a ';
        yield 'far too long';
      } finally {
        stopped = true;
      }
    });
    const got: string[] = [];
    const failed = await (async () => {
      for await (const line of sides.there.remote.lines({ n: 1 })) got.push(line);
    })().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: -32603, message: 'lines: a value that it returned does not fit its schema' });
    expect(got).toEqual([' a ']);
    expect(sides.troubles).toMatchObject([{ name: 'ValidationError' }]);
    expect(stopped).toBe(true);
  });

  it('throws for progress of its own that does not fit', async () => {
    await using sides = await talk(Feed, ways[0], { validate: 'both' }, { validate: 'off' });
    let thrown: unknown;
    sides.here.copy.connect((sender) => {
      sender.progress(1.5);
      try {
        sender.progress(101);
      } catch (error) {
        thrown = error;
      }
      return 'copied';
    });
    const told: unknown[] = [];
    await sides.there.to(null, { onProgress: (value) => told.push(value) }).copy();
    expect(told).toEqual([1.5]);
    expect(thrown).toBeInstanceOf(UsageError);
    expect(issuesOf(thrown)).toHaveLength(1);
  });

  it('refuses the arguments of a stream before they are sent', async () => {
    await using sides = await talk(Feed, ways[0], {}, { validate: 'both' });
    let calls = 0;
    sides.here.lines.connect(() => {
      calls++;
      return [];
    });
    await expect(sides.there.remote.lines({ n: 'x' as unknown as number }).next()).rejects.toBeInstanceOf(UsageError);
    expect(calls).toBe(0);
  });
});
