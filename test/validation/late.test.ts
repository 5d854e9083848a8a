import { incoming, RemoteAPI, type Reply, type Sender, TimeoutError } from 'obverse';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { StandardSchema } from '../../src/types/schema.js';
import { until } from '../support/core-waiting.js';
import { talk, ways } from './sides.js';

/** The pending checks of a text, by the holder of the functions; the last one that was started. */
const open = new Map<string, (free: boolean) => void>();
beforeEach(() => open.clear());
const decided = (name: string): Promise<boolean> =>
  new Promise((decide) => {
    open.set(name, decide);
  });
const free = z.object({ name: z.string().refine(decided, 'it is taken') });

class Desk extends RemoteAPI {
  @incoming({ args: free }) note(_sender: Sender, _args: { name: string }): void {}
  @incoming({ hasReply: true, args: free }) enter(_sender: Sender, _args: { name: string }): Reply<string> {}
  @incoming({ args: z.object({ name: z.string() }) }) quick(_sender: Sender, _args: { name: string }): void {}
  @incoming plain(_sender: Sender, _args: { name: string }): void {}
  @incoming({ hasReply: true, returns: z.string().refine(async (text) => text !== 'wrong', 'it is wrong') })
  ask(_sender: Sender): Reply<string> {}
}

describe.each(ways)('asynchronous schemas over %s with %s', (...way) => {
  it('are run at the same time, and the calls begin in the order of arrival', async () => {
    await using sides = await talk(Desk, way);
    const seen: string[] = [];
    const note = (_sender: Sender, { name }: { name: string }): void => {
      seen.push(name);
    };
    sides.here.implement({
      note,
      quick: note,
      plain: note,
      enter: (_sender, { name }) => {
        seen.push(name);
        return name.toUpperCase();
      },
      ask: () => '',
    });
    const { remote } = sides.there;
    remote.note({ name: 'a' });
    const entered = remote.enter({ name: 'b' });
    const refused = remote.enter({ name: 'c' }).catch((error: unknown) => error);
    remote.quick({ name: 'd' });
    remote.plain({ name: 'e' });
    await until(() => open.size === 3);
    open.get('c')?.(false);
    expect(await refused).toMatchObject({
      code: -32602,
      data: { issues: [{ path: ['name'], message: 'it is taken' }] },
    });
    open.get('b')?.(true);
    expect(seen).toEqual([]);
    open.get('a')?.(true);
    expect(await entered).toBe('B');
    remote.plain({ name: 'f' });
    await until(() => seen.length === 5);
    expect(seen).toEqual(['a', 'b', 'd', 'e', 'f']);
  });

  it('of results are awaited by the caller', async () => {
    await using sides = await talk(Desk, way);
    let answer = 'right';
    sides.here.ask.connect(() => answer);
    expect(await sides.there.remote.ask()).toBe('right');
    answer = 'wrong';
    await expect(sides.there.remote.ask()).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'the result of ask: it is wrong',
    });
  });
});

describe('an asynchronous schema', () => {
  it('that never settles times out, and the later calls continue', async () => {
    await using sides = await talk(Desk, ways[0], { timeout: 60 }, { timeout: 5_000 });
    const seen: string[] = [];
    sides.here.enter.connect(() => 'entered');
    sides.here.plain.connect((_sender, { name }) => seen.push(name));
    const entered = sides.there.remote.enter({ name: 'x' });
    sides.there.remote.plain({ name: 'y' });
    await expect(entered).rejects.toMatchObject({ code: -32603, message: 'enter: the arguments could not be checked' });
    await until(() => seen.length === 1);
    expect(sides.troubles).toMatchObject([{ message: 'enter: the schema of the arguments took longer than 60 ms' }]);
  });

  it('of a result that never settles makes the call fail', async () => {
    class Slow extends RemoteAPI {
      @incoming({ hasReply: true, returns: z.string().refine(() => new Promise<boolean>(() => {})) })
      ask(_sender: Sender): Reply<string> {}
    }
    await using sides = await talk(Slow, ways[0], {}, { timeout: 60 });
    sides.here.ask.connect(() => 'x');
    const failed = await sides.there.remote.ask().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(TimeoutError);
    expect((failed as Error).message).toBe('ask: the schema of a value that it returned took longer than 60 ms');
  });

  it('does not run for sent values: the other side runs it', async () => {
    await using sides = await talk(Desk, ways[0], {}, { validate: 'both' });
    const seen: string[] = [];
    sides.here.note.connect((_sender, { name }) => seen.push(name));
    sides.there.remote.note({ name: 'z' });
    // Both sides run it, and a library may do so twice.
    await until(() => {
      open.get('z')?.(true);
      return seen.length === 1;
    });
  });

  it('of a result, on the side that makes it, does not change it', async () => {
    class Shouting extends RemoteAPI {
      @incoming({ hasReply: true, returns: z.string().transform(async (text) => `${text}!`) })
      ask(_sender: Sender): Reply<string> {}
    }
    await using sides = await talk(Shouting, ways[0], { validate: 'both' });
    sides.here.ask.connect(() => 'x');
    expect(await sides.there.remote.ask()).toBe('x!');
  });

  it('whose call has lost its peer starts no handler', async () => {
    await using sides = await talk(Desk);
    const seen: string[] = [];
    sides.here.note.connect((_sender, { name }) => seen.push(name));
    sides.there.remote.note({ name: 'gone' });
    await until(() => open.has('gone'));
    await sides.there.close();
    await until(() => sides.here.peers.size === 0);
    open.get('gone')?.(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
  });
});

describe('a broken schema', () => {
  const schemaOf = (validate: (value: unknown) => unknown): StandardSchema =>
    ({ '~standard': { version: 1, vendor: 'broken', validate } }) as StandardSchema;
  const noAnswer = 'a Standard Schema must return { value } or { issues: [...] }';
  it.each<[string, StandardSchema, string]>([
    [
      'throws',
      schemaOf(() => {
        throw new Error('no database');
      }),
      'no database',
    ],
    ['rejects', schemaOf(() => Promise.reject(new Error('no database'))), 'no database'],
    ['returns nothing', schemaOf(() => undefined), noAnswer],
    ['returns a string', schemaOf(() => 'yes'), noAnswer],
    ['returns neither a value nor issues', schemaOf(() => ({})), noAnswer],
    ['returns issues that are not a list', schemaOf(() => ({ issues: 5 })), noAnswer],
    ['makes no object', schemaOf(() => ({ value: [1] })), 'the schema of named arguments must return an object'],
  ])('is an internal error that is reported on its side: %s', async (_what, schema, text) => {
    class Spec extends RemoteAPI {
      @incoming({ hasReply: true, args: schema } as { hasReply: true }) f(
        _sender: Sender,
        _args: object,
      ): Reply<string> {}
    }
    await using sides = await talk(Spec);
    sides.here.f.connect(() => 'reached');
    await expect(sides.there.remote.f({})).rejects.toMatchObject({
      code: -32603,
      message: 'f: the arguments could not be checked',
    });
    expect(sides.troubles).toHaveLength(1);
    expect(sides.troubles[0]).toMatchObject({
      message: `f: the schema has failed: ${text}`,
      cause: { message: text },
    });
  });

  it('can report issues of any kind', async () => {
    const odd = schemaOf(() => ({
      issues: [null, { message: 5 }, { message: 'x', path: [{ key: Symbol('s') }, 1, {}] }, { message: 'y', path: 7 }],
    }));
    class Spec extends RemoteAPI {
      @incoming({ hasReply: true, args: odd } as { hasReply: true }) f(_sender: Sender, _args: object): Reply<string> {}
    }
    await using sides = await talk(Spec);
    sides.here.f.connect(() => 'reached');
    const failed = await sides.there.remote.f({}).catch((error: unknown) => error);
    expect((failed as { data: unknown }).data).toEqual({
      issues: [
        { path: [], message: 'it does not fit' },
        { path: [], message: 'it does not fit' },
        { path: ['Symbol(s)', 1, '[object Object]'], message: 'x' },
        { path: [], message: 'y' },
      ],
    });
  });

  it('reports at most ten issues, each of a limited size', async () => {
    const deep = Array.from({ length: 100 }, () => 'k'.repeat(1_000));
    const many = schemaOf(() => ({
      issues: Array.from({ length: 10_000 }, () => ({ message: 'm'.repeat(10_000), path: deep })),
    }));
    class Spec extends RemoteAPI {
      @incoming({ hasReply: true, args: many } as { hasReply: true }) f(
        _sender: Sender,
        _args: object,
      ): Reply<string> {}
    }
    await using sides = await talk(Spec);
    sides.here.f.connect(() => 'reached');
    const failed = (await sides.there.remote.f({}).catch((error: unknown) => error)) as Error & { data: unknown };
    expect((failed.data as { issues: unknown[] }).issues).toHaveLength(10);
    expect(failed.message.length).toBeLessThan(6_000);
    expect(JSON.stringify(failed.data).length).toBeLessThan(20_000);
  });
});
