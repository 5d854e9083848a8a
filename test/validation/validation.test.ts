import { incoming, type MethodOptions, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Validation, validationOf } from '../../src/extensions/validation/validation.js';
import { ValidationError } from '../../src/extensions/validation/validation-error.js';
import { libraries, rowOf } from './schemas.js';

/** The checks of a method with one object, of one with values by name, and of one with values by position. */
function validations(
  args: NonNullable<MethodOptions['args']>,
): Record<'object' | 'named' | 'placed', () => Validation> {
  // Whether a schema fits the method does not matter here.
  const options = { args } as object;
  const of = (spec: { readonly prototype: RemoteAPI }): Validation => validationOf(rowOf(spec, 'f')) as Validation;
  return {
    object: () => {
      class Spec extends RemoteAPI {
        @incoming(options) f(_sender: Sender, _args: object): void {}
      }
      return of(Spec);
    },
    named: () => {
      class Spec extends RemoteAPI {
        @incoming({ ...options, params: ['a', 'b'] }) f(_sender: Sender, _a: unknown, _b: unknown): void {}
      }
      return of(Spec);
    },
    placed: () => {
      class Spec extends RemoteAPI {
        @incoming({ ...options, allowPositionalArgs: true }) f(_sender: Sender, _a: unknown, _b: unknown): void {}
      }
      return of(Spec);
    },
  };
}

function failure(act: () => unknown): ValidationError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return error as ValidationError;
  }
  throw new Error('it fits');
}
const pathsOf = (error: ValidationError): unknown => error.issues.map(({ path }) => path);

describe.each(Object.entries(libraries))('arguments by %s', (_library, { person, short, positive }) => {
  it('are one object, with defaults and transforms', () => {
    const { args } = validations(person).object();
    expect(args?.([{ name: ' ann ' }])).toEqual([{ name: 'ann', age: 18, pets: [] }]);
    expect(args?.([{ name: 'bob', age: 5, pets: [{ kind: 'dog' }] }])).toEqual([
      { name: 'bob', age: 5, pets: [{ kind: 'dog' }] },
    ]);
  });

  it('are refused with the path', () => {
    const { args } = validations(person).object();
    expect(pathsOf(failure(() => args?.([{ name: 5 }])))).toEqual([['name']]);
    expect(pathsOf(failure(() => args?.([{ name: 'ann', pets: [{ kind: 'cat' }, { kind: 'cow' }] }])))).toEqual([
      ['pets', 1, 'kind'],
    ]);
    expect(failure(() => args?.([{ name: 5 }])).message).toMatch(/^f: name.*string/);
  });

  it('are an empty object if they are absent', () => {
    const { args } = validations(person).object();
    for (const given of [[], [undefined], [{}]]) expect(pathsOf(failure(() => args?.(given)))).toEqual([['name']]);
  });

  it('are values by name, each with its own schema', () => {
    const { args } = validations([short, positive]).named();
    expect(args?.(['text', 2])).toEqual(['text', 2]);
    expect(args?.(['text'])).toEqual(['text', 1]);
    expect(pathsOf(failure(() => args?.(['too long', -1])))).toEqual([['a'], ['b']]);
  });

  it('are values by position, each with its own schema', () => {
    const { args } = validations([short, positive]).placed();
    expect(args?.(['text'])).toEqual(['text', 1]);
    expect(pathsOf(failure(() => args?.(['too long', -1])))).toEqual([[0], [1]]);
    expect(pathsOf(failure(() => args?.([])))).toEqual([[0]]);
  });

  it('report at most ten issues', () => {
    const params = Array.from({ length: 12 }, (_, at) => `p${at}`);
    class Spec extends RemoteAPI {
      @incoming({ params, args: params.map(() => short) } as object) f(_sender: Sender, _args: object): void {}
    }
    const { args } = validationOf(rowOf(Spec, 'f')) as Validation;
    expect(failure(() => args?.(params.map(() => 'too long'))).issues).toHaveLength(10);
  });

  it('are not checked where the list is undefined, or has ended', () => {
    expect(validations([undefined, positive]).named().args?.([/x/])).toEqual([/x/, 1]);
    expect(validations([short]).placed().args?.(['text', /x/, /y/])).toEqual(['text', /x/, /y/]);
  });

  it('are checked synchronously if the schemas are synchronous', () => {
    expect(
      validations(person)
        .object()
        .args?.([{ name: 'ann' }]),
    ).not.toBeInstanceOf(Promise);
    expect(validations([short, positive]).named().args?.(['a', 2])).not.toBeInstanceOf(Promise);
  });
});

describe('one schema of the values by name', () => {
  const ordered = z
    .object({ a: z.number().default(0), b: z.number() })
    .refine(({ a, b }) => a <= b, { path: ['b'], message: 'b is less than a' });

  it('sees them together', () => {
    const { args } = validations(ordered).named();
    expect(args?.([1, 2])).toEqual([1, 2]);
    expect(args?.([undefined, 2])).toEqual([0, 2]);
    expect(failure(() => args?.([2, 1]))).toMatchObject({
      message: 'f: b is less than a',
      issues: [{ path: ['b'], message: 'b is less than a' }],
    });
  });

  it('returns no additional ones', () => {
    const loose = z.looseObject({}).transform(() => ({ b: 1, c: 2, __proto__: { a: 3 } }));
    expect(validations(loose).named().args?.([5])).toEqual([undefined, 1]);
  });
});

describe('null by position', () => {
  it('counts as undefined if the schema refuses it, because JSON has no undefined', () => {
    const { args } = validations([z.number().default(7), z.string().nullable()]).placed();
    expect(args?.([null, null])).toEqual([7, null]);
    const asked = validations([z.number(), z.number()]).placed();
    expect(failure(() => asked.args?.([null, 1])).message).toMatch(/^f: 0: .*null/);
  });

  it('counts as undefined also if the schema is asynchronous', async () => {
    const late = z.number().refine(async () => true);
    expect(
      await validations([late.default(7), late])
        .placed()
        .args?.([null, 1]),
    ).toEqual([7, 1]);
  });
});

describe('the rest of the values', () => {
  it('is checked by the last schema', () => {
    class Spec extends RemoteAPI {
      @incoming({ allowPositionalArgs: true, args: [z.string().optional()] }) f(_s: Sender, ..._rest: string[]): void {}
    }
    const { args } = validationOf(rowOf(Spec, 'f')) as Validation;
    expect(args?.([])).toEqual([]);
    expect(args?.(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(pathsOf(failure(() => args?.(['a', 'b', 5])))).toEqual([[2]]);
  });
});

describe.each([
  ['zod', libraries.zod.free],
  ['valibot', libraries.valibot.free],
])('an asynchronous schema of %s', (_library, free) => {
  it('is awaited', async () => {
    const named = validations([free, free]).named();
    const checked = named.args?.(['ann', 'bob']);
    expect(checked).toBeInstanceOf(Promise);
    expect(await checked).toEqual(['ann', 'bob']);
    await expect(named.args?.(['ann', 'taken'])).rejects.toMatchObject({
      name: 'ValidationError',
      code: -32603,
      message: 'f: b: it is taken',
      issues: [{ path: ['b'], message: 'it is taken' }],
    });
  });
});

describe('results, items and progress', () => {
  class Spec extends RemoteAPI {
    @incoming({ hasReply: true, returns: z.object({ n: z.number().default(1) }), progress: v.number() })
    f(_sender: Sender): Reply<{ n: number }> {}
    @incoming({ stream: true, items: v.pipe(v.string(), v.trim()) }) g(_sender: Sender): Stream<string> {}
    @incoming h(_sender: Sender, _args: { x: number }): void {}
  }
  const f = validationOf(rowOf(Spec, 'f')) as Validation;
  const g = validationOf(rowOf(Spec, 'g')) as Validation;

  it('are checked alone', () => {
    expect([f.args, f.item, g.result, g.progress]).toEqual(Array(4).fill(undefined));
    expect(f.result?.({})).toEqual({ n: 1 });
    expect(f.progress?.(5)).toBe(5);
    expect(g.item?.(' x ')).toBe('x');
  });

  it('say what is wrong with which of them', () => {
    expect(failure(() => f.result?.({ n: 'x' })).message).toMatch(/^the result of f: n: /);
    expect(failure(() => f.progress?.('x')).message).toMatch(/^the progress of f: /);
    expect(failure(() => g.item?.(5)).message).toMatch(/^an item of g: /);
  });

  it('are nothing for a method without schemas', () => {
    expect(validationOf(rowOf(Spec, 'h'))).toBe(undefined);
  });
});

describe('schemas that could never run', () => {
  const x = z.any();
  it.each<[MethodOptions, string]>([
    [{ returns: x }, 'f: returns is for requests, with hasReply: true'],
    [{ stream: true, returns: x }, 'f: returns is for requests, with hasReply: true'],
    [{ hasReply: true, items: x }, 'f: items is for streams, with stream: true'],
    [{ progress: x }, 'f: a notification has no progress'],
    [{ args: [x, x] }, 'f: args is one schema, of the one object'],
    [{ args: [] }, 'f: args is one schema, of the one object'],
    [{ args: [x, x], params: ['a'] }, 'f: args has 2 schemas, but params only 1 names'],
  ])('are refused: %#', (options, message) => {
    class Spec extends RemoteAPI {
      @incoming(options as object) f(_sender: Sender, _args: object): void {}
    }
    expect(() => Spec.create()).toThrow(message);
    expect(() => Spec.invert().create()).toThrow(message);
    expect(() => Spec.create({ validate: 'off' })).not.toThrow();
  });

  it('one schema for several values by position', () => {
    class Spec extends RemoteAPI {
      @incoming({ ...({ args: x } as object), allowPositionalArgs: true }) f(
        _sender: Sender,
        _a: unknown,
        _b: unknown,
      ): void {}
    }
    expect(() => Spec.create()).toThrow('f: several values need a list of schemas in args');
  });
});
