import fc from 'fast-check';
import { Code, RemoteError, RpcError } from 'obverse';
import { describe, expect, it } from 'vitest';
import { answered, explode, faultOf, thrown, ways } from './shelf.js';

class NotFound extends Error {}
class Several extends AggregateError {}
const errorClasses = { NotFound, Several };
const hidden = { code: Code.InternalError, message: 'Internal error' };

/** The errors of a chain of causes, the outermost first. */
function chain(error: unknown): Error[] {
  return error instanceof Error ? [error, ...chain(error.cause)] : [];
}
function nested(levels: number): Error {
  let error = new Error('the first');
  for (let level = 1; level < levels; level++) error = new Error(`level ${level}`, { cause: error });
  return error;
}

describe('the cause of an error', () => {
  it.each(ways)('arrives, registered or not, over $codec', async (way) => {
    const what = new NotFound('a', { cause: new TypeError('b', { cause: new Error('c', { cause: 'd' }) }) });
    const error = await thrown(what, { errorClasses }, undefined, way);
    const [first, second, third] = chain(error);
    expect(first).toBeInstanceOf(NotFound);
    expect(second).toBeInstanceOf(TypeError);
    expect(third).toBeInstanceOf(RemoteError);
    expect([second?.message, third?.message, third?.cause]).toEqual(['b', 'c', 'd']);
    expect(Object.getOwnPropertyDescriptor(error, 'cause')?.enumerable).toBe(false);
  });

  it('arrives with an error that is not registered', async () => {
    const error = await thrown(new Error('a', { cause: new NotFound('b') }), { errorClasses });
    expect(error).toBeInstanceOf(RemoteError);
    expect(error.cause).toBeInstanceOf(NotFound);
  });

  it.each([[null], [5], ['a text'], [{ a: [1] }], [false]])('may be a value: %j', async (cause) => {
    for (const way of ways) expect((await thrown(new Error('a', { cause }), {}, {}, way)).cause).toEqual(cause);
  });

  it('keeps values that the codec can encode', async () => {
    const cause = new Map([[1, { at: new Date(1), bytes: Uint8Array.of(1), big: 2n }]]);
    for (const way of ways.slice(1, 3))
      expect((await thrown(new Error('a', { cause }), {}, {}, way)).cause).toEqual(cause);
  });

  it.each([
    ['a function', () => {}],
    ['a symbol', Symbol('x')],
    ['an instance', new (class Socket {})()],
    ['large', 'x'.repeat(70_000)],
  ])('is not sent unless it is plain data: %s', async (_what, cause) => {
    expect((await faultOf(new Error('a', { cause }))).data).toEqual({ name: 'Error' });
  });

  it('is left out if the codec cannot encode it, and the error still arrives', async () => {
    const error = await thrown(new NotFound('a', { cause: 5n }), { errorClasses });
    expect(error).toBeInstanceOf(NotFound);
    expect(error.cause).toBe(undefined);
    const data = await thrown<NotFound>(Object.assign(new NotFound('a', { cause: 5n }), { shelf: 3 }), {
      errorClasses,
    });
    expect(data).toMatchObject({ shelf: 3 });
  });

  it('is sent as a nested fault in the data', async () => {
    expect(await faultOf(new NotFound('a', { cause: new RangeError('b') }), { errorClasses })).toEqual({
      code: Code.Application,
      message: 'a',
      data: { name: 'NotFound', cause: { code: Code.Application, message: 'b', data: { name: 'RangeError' } } },
    });
  });

  it('of a plain RpcError is not sent: its data are sent unchanged', async () => {
    expect(await faultOf(new RpcError('a', 1, { b: 2 }, { cause: new Error('c') }))).toEqual({
      code: 1,
      message: 'a',
      data: { b: 2 },
    });
  });
});

describe('the option errors', () => {
  const what = new NotFound('a', { cause: new NotFound('b', { cause: new Error('secret') }) });
  it('as "hidden" ends a chain at the first error that is not registered', async () => {
    const error = await thrown(what, { errorClasses, errors: 'hidden' });
    expect(chain(error).map(({ message }) => message)).toEqual(['a', 'b']);
    expect(JSON.stringify(await faultOf(what, { errorClasses, errors: 'hidden' }))).not.toMatch('secret');
    for (const cause of [new Error('secret'), 'secret', new RpcError('secret')]) {
      const fault = await faultOf(new NotFound('a', { cause }), { errorClasses, errors: 'hidden' });
      expect(JSON.stringify(fault)).not.toMatch('secret');
    }
    expect(await faultOf(new Error('a', { cause: what }), { errorClasses, errors: 'hidden' })).toEqual(hidden);
  });

  it('as "message" sends no stack, at no level', async () => {
    expect(JSON.stringify(await faultOf(what, { errorClasses }))).not.toMatch('stack');
  });

  it('as "full" sends the stack of each', async () => {
    const error = await thrown(what, { errorClasses, errors: 'full' });
    expect(chain(error).length).toBe(3);
    for (const { stack } of chain(error)) expect(stack).toMatch(/on the other side:\n.*\n.*within\.test/);
  });

  it('as "hidden" keeps the positions in an AggregateError', async () => {
    const errors = [new Error('secret'), new NotFound('a'), 'secret'];
    const fault = await faultOf(new Several(errors, 'b'), { errorClasses, errors: 'hidden' });
    expect(fault.data.errors).toEqual([
      hidden,
      { code: Code.Application, message: 'a', data: { name: 'NotFound' } },
      hidden,
    ]);
  });
});

describe('an AggregateError', () => {
  it.each(ways)('arrives with its errors, over $codec', async (way) => {
    const what = new AggregateError([new NotFound('a'), new TypeError('b'), 'c', undefined], 'all', { cause: 'd' });
    const error = await thrown<AggregateError>(what, { errorClasses }, undefined, way);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({ name: 'AggregateError', message: 'all', cause: 'd' });
    expect(error.errors[0]).toBeInstanceOf(NotFound);
    expect(error.errors[1]).toBeInstanceOf(TypeError);
    expect(error.errors.slice(2)).toEqual(['c', null]);
    expect(Object.keys(error)).toEqual(['code']);
  });

  it('may be of a subclass, registered or not', async () => {
    for (const classes of [errorClasses, {}]) {
      const what = Object.assign(new Several([new RangeError('a')], 'all'), { name: 'Several' });
      const error = await thrown<AggregateError>(what, { errorClasses: classes });
      expect(error).toBeInstanceOf('Several' in classes ? Several : RemoteError);
      expect(error.errors[0]).toBeInstanceOf(RangeError);
    }
  });

  it('sends its errors once', async () => {
    const classes = { Several: { class: Several, fields: ['errors', 'message', 'stack', 'cause'] } };
    const { data } = await faultOf(new Several(['a']), { errorClasses: classes });
    expect(data).toEqual({ name: 'Several', errors: [{ value: 'a' }] });
  });

  it('has a list of errors whatever a peer has sent', async () => {
    const error = await answered<AggregateError>({ code: 1, message: 'x', data: { name: 'AggregateError' } });
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toEqual([]);
  });

  it('reports the path of what cannot be sent', async () => {
    const error = await thrown<AggregateError>(new AggregateError([() => {}, 'a']));
    expect(error.errors[0].message).toBe('a value that is not an error was thrown');
    expect(error.errors[1]).toBe('a');
  });
});

describe('circular, deep and large errors', () => {
  it('that are their own cause are sent once', async () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    first.cause = second;
    const error = await thrown(second);
    expect(chain(error).map(({ message }) => message)).toEqual(['second', 'first', 'an error that contains itself']);
  });

  it('that contain themselves are sent once', async () => {
    const all = new AggregateError([], 'all');
    all.errors.push(all, all);
    const error = await thrown<AggregateError>(all);
    expect(error.errors.map(({ message }) => message)).toEqual(new Array(2).fill('an error that contains itself'));
  });

  it('10,000 causes deep are sent up to the sixteenth, which reports the cut', async () => {
    for (const way of ways) {
      const told = chain(await thrown(nested(10_000), {}, {}, way));
      expect(told.length).toBe(17);
      expect(told.at(-1)?.message).toBe('deeper errors are omitted');
      expect(told.at(-2)?.message).toBe('level 9984');
    }
    expect(chain(await thrown(nested(16))).at(-1)?.message).toBe('the first');
  });

  it('with a million errors in an AggregateError are sent up to the hundredth, with the total', async () => {
    const all = new AggregateError(
      Array.from({ length: 1_000_000 }, (_, n) => (n < 200 ? new Error(`${n}`) : n)),
      'all',
    );
    const { errors } = await thrown<AggregateError>(all);
    expect(errors.length).toBe(101);
    expect(errors[99].message).toBe('99');
    expect(errors[100].message).toBe('999900 more errors are omitted');
  });

  it('that contain one another repeatedly are sent a hundred times in all', async () => {
    let error: Error = new Error('leaf');
    for (let level = 0; level < 10; level++) error = new AggregateError(new Array(10).fill(error), `level ${level}`);
    const count = (each: Error): number =>
      1 + ((each as AggregateError).errors ?? []).reduce((sum: number, inner: Error) => sum + count(inner), 0);
    expect(count(await thrown(error))).toBeLessThan(200);
  });

  it('that throw when they are read are sent as far as possible', async () => {
    const what = new NotFound('a');
    Object.defineProperty(what, 'cause', { get: explode });
    expect(await thrown(what, { errorClasses })).toBeInstanceOf(NotFound);
    const all = new Several([new Error('b')], 'a');
    Object.defineProperty(all, 'errors', { get: explode });
    expect(await thrown(all, { errorClasses })).toBeInstanceOf(Several);
    const cause = Object.defineProperty(new Error('x'), 'message', { get: explode });
    const error = await thrown(new NotFound('a', { cause }), { errorClasses });
    expect(error.cause).toMatchObject({ message: 'a value that is not an error was thrown' });
    const proxy = new Proxy(new Error('x'), { get: explode, getOwnPropertyDescriptor: explode });
    expect(await thrown(new NotFound('a', { cause: proxy }), { errorClasses })).toBeInstanceOf(NotFound);
  });
});

describe('circular, deep and large faults', () => {
  type Fault = { code: number; message: string; data: object };
  const within = (levels: number): Fault => {
    let fault: Fault = { code: 1, message: 'x', data: { name: 'NotFound' } };
    for (let level = 1; level < levels; level++) fault = { ...fault, data: { name: 'NotFound', cause: fault } };
    return fault;
  };

  it('300 causes deep become errors up to the sixteenth', async () => {
    expect(chain(await answered(within(300), { errorClasses })).length).toBe(17);
  });

  it('300 AggregateErrors deep become errors up to the sixteenth', async () => {
    let fault: Fault = { code: 1, message: 'x', data: { name: 'Several' } };
    for (let level = 1; level < 300; level++) fault = { ...fault, data: { name: 'Several', errors: [fault] } };
    const depth = (error: AggregateError): number => 1 + (error.errors.length === 0 ? 0 : depth(error.errors[0]));
    expect(depth(await answered<AggregateError>(fault, { errorClasses }))).toBe(17);
  });

  it('with 100,000 nested errors become two hundred', async () => {
    const errors = new Array(100_000).fill({ code: 1, message: 'x', data: { name: 'NotFound', cause: { value: 1 } } });
    const fault = { code: 1, message: 'x', data: { name: 'Several', errors } };
    const error = await answered<AggregateError>(fault, { errorClasses });
    expect(error).toBeInstanceOf(Several);
    expect(error.errors.length).toBeLessThanOrEqual(200);
  });

  it('settle their call whatever they contain', async () => {
    const names = fc.constantFrom(
      'NotFound',
      'Several',
      'TypeError',
      'AggregateError',
      '__proto__',
      'constructor',
      'x',
    );
    const { fault } = fc.letrec<{ fault: unknown; data: unknown; inner: unknown }>((tie) => ({
      fault: fc.record(
        { code: fc.integer(), message: fc.string(), data: tie('data') },
        { requiredKeys: ['code', 'message'] },
      ),
      inner: fc.oneof({ maxDepth: 4 }, fc.record({ value: fc.jsonValue() }), tie('fault'), fc.jsonValue()),
      data: fc.oneof(
        fc.jsonValue(),
        fc.record(
          {
            name: fc.oneof(names, fc.jsonValue()),
            data: fc.jsonValue(),
            stack: fc.oneof(fc.string(), fc.jsonValue()),
            args: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
            fields: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
            cause: tie('inner'),
            errors: fc.oneof(fc.array(tie('inner')), fc.jsonValue()),
          },
          { requiredKeys: ['name'] },
        ),
      ),
    }));
    const classes = { ...errorClasses, x: { class: NotFound, unpack: (first: unknown) => first as Error } };
    await fc.assert(
      fc.asyncProperty(fault, async (error) => {
        expect(await answered(error, { errorClasses: classes })).toBeInstanceOf(Error);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
