import { Code, ConnectionLost, isRemote, RemoteError, RpcError, TimeoutError, UsageError } from 'obverse';
import { describe, expect, it } from 'vitest';
import { answered, faultOf, thrown, ways } from './shelf.js';

const builtIns = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError] as const;

describe('an error of a built-in class', () => {
  for (const builtIn of builtIns) {
    it.each(ways)(`arrives as an instance of it, and is remote: ${builtIn.name} over $codec`, async (way) => {
      const error = await thrown(new builtIn('no'), {}, {}, way);
      expect(Object.getPrototypeOf(error)).toBe(builtIn.prototype);
      expect(error).toMatchObject({ name: builtIn.name, message: 'no', code: Code.Application });
      expect(isRemote(error)).toBe(true);
    });
  }

  it('names the peer in its stack', async () => {
    const error = await thrown(new TypeError('two\nlines'));
    expect(error.stack).toMatch(/^TypeError: two\nlines\n {4}at the other side of the call\n {4}at /);
    expect((await thrown(new TypeError('x'), { errors: 'full' })).stack).toMatch(
      /at the other side of the call\n[\s\S]*\n {2}on the other side:\nTypeError: x\n/,
    );
  });

  it('is not sent with the policy "hidden"', async () => {
    expect(await faultOf(new TypeError('secret'), { errors: 'hidden' })).toEqual({
      code: Code.InternalError,
      message: 'Internal error',
    });
  });

  it('also represents a class that extends it without a name of its own', async () => {
    expect(await thrown(new (class extends TypeError {})('x'))).toBeInstanceOf(TypeError);
  });
});

it.each([
  ['a plain Error', new Error('x'), 'Error'],
  ['a mistake on the other side', new UsageError('x'), 'UsageError'],
  ['a link that was lost there', new ConnectionLost(), 'ConnectionLost'],
  ['a call of the other side that came too late', new TimeoutError(), 'TimeoutError'],
  ['a call that was aborted there', new DOMException('x', 'AbortError'), 'AbortError'],
  ['a signal that came there', AbortSignal.abort().reason, 'AbortError'],
])('%s remains a RemoteError, and is not confused with one of this side', async (_what, what, remoteName) => {
  const error = await thrown<RemoteError>(what);
  expect(Object.getPrototypeOf(error)).toBe(RemoteError.prototype);
  expect(error).toMatchObject({ name: 'RemoteError', remoteName });
  expect(isRemote(error)).toBe(true);
});

describe('isRemote', () => {
  it('is false for errors of this side', () => {
    for (const what of [
      new TypeError('x'),
      new RpcError('x'),
      new ConnectionLost(),
      new UsageError('x'),
      {},
      null,
      'x',
    ])
      expect(isRemote(what)).toBe(false);
    expect(isRemote({ [Symbol.for('obverse.remote')]: true })).toBe(false);
    expect(isRemote(Object.create(Object.assign(new TypeError(), { [Symbol.for('obverse.remote')]: true })))).toBe(
      false,
    );
  });

  it('is true for registered classes, and for causes and other nested errors', async () => {
    class NotFound extends Error {}
    const error = await thrown(new NotFound('x', { cause: new TypeError('y') }), { errorClasses: [NotFound] });
    expect([isRemote(error), isRemote(error.cause)]).toEqual([true, true]);
    expect(isRemote(new NotFound('x'))).toBe(false);
  });

  it('narrows to the type of the received error', async () => {
    const error: unknown = await thrown(new TypeError('x'));
    if (!isRemote(error)) throw new Error('it is');
    const message: string = error.message;
    expect([message, error.code, error.data]).toEqual(['x', Code.Application, undefined]);
  });
});

it('a built-in name sent by a peer that is not Obverse creates only an error', async () => {
  const error = await answered({ code: 5, message: 'x', data: { name: 'TypeError', data: { a: 1 } } });
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ code: 5, data: { a: 1 } });
});
