import { Code, RemoteError, RpcError, UsageError } from 'obverse';
import { describe, expect, it } from 'vitest';
import { answered, explode, faultOf, Shelf, thrown, ways } from './shelf.js';

class NotFound extends Error {
  override name = 'NotFound';
  constructor(readonly what: string) {
    super(`no ${what} here`);
  }
  get shout(): string {
    return `${this.what}!`;
  }
}
class Overdrawn extends Error {}
class LocalKeyError extends Error {}

describe('names of error classes', () => {
  it.each(ways)('are sent, over $codec', async (way) => {
    const classes = { NotFound, 'billing.Overdrawn': Overdrawn };
    const error = await thrown(new Overdrawn('no money'), { errorClasses: classes }, undefined, way);
    expect(error).toBeInstanceOf(Overdrawn);
    expect(error).toMatchObject({ name: 'Overdrawn', message: 'no money', code: Code.Application });
  });

  it('are those of the table', async () => {
    const { data } = await faultOf(new Overdrawn('no money'), { errorClasses: { 'billing.Overdrawn': Overdrawn } });
    expect(data).toEqual({ name: 'billing.Overdrawn' });
  });

  it('map names of the other side to a class of this one', async () => {
    const error = await answered(
      { code: 7, message: "'a'", data: { name: 'KeyError' } },
      { errorClasses: { KeyError: LocalKeyError } },
    );
    expect(error).toBeInstanceOf(LocalKeyError);
    expect(error).toMatchObject({ name: 'LocalKeyError', message: "'a'", code: 7 });
  });

  it('may be several for one class: the first is sent', async () => {
    const errorClasses = { KeyError: LocalKeyError, IndexError: LocalKeyError };
    for (const name of ['KeyError', 'IndexError'])
      expect(await answered({ code: 1, message: '', data: { name } }, { errorClasses })).toBeInstanceOf(LocalKeyError);
    expect((await faultOf(new LocalKeyError('x'), { errorClasses })).data.name).toBe('KeyError');
  });

  it('may be any texts', async () => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'RpcError', 'a b']) {
      const errorClasses = { [name]: Overdrawn };
      const error = await thrown(new Overdrawn('x'), { errorClasses });
      expect(error, name).toBeInstanceOf(Overdrawn);
    }
  });

  it('may be that of a built-in class', async () => {
    const error = await answered(
      { code: 1, message: 'x', data: { name: 'TypeError' } },
      { errorClasses: { TypeError: LocalKeyError } },
    );
    expect(error).toBeInstanceOf(LocalKeyError);
    expect(error).not.toBeInstanceOf(TypeError);
  });

  it.each([
    [[NotFound, class NotFound extends Error {}], 'two classes have the name NotFound'],
    [[NotFound, NotFound], 'two classes have the name NotFound'],
    [{ Plain: class {} }, 'expected classes that extend Error, or { class, pack, unpack, fields }, not class'],
    [{ Plain: 5 }, 'not 5'],
    [{ Plain: { klass: NotFound } }, 'not an object with klass'],
    [{ '': NotFound }, 'a class has no name'],
    [[(() => class extends Error {})()], 'a class has no name'],
    [[{ class: NotFound, unpac: () => {} }], 'unknown field "unpac"; the fields are class, pack, unpack, fields'],
    [[{ class: NotFound, pack: 'what' }], '"pack" must be a function'],
    [[{ class: NotFound, fields: 'what' }], '"fields" must be an array of names'],
    [new Map([['NotFound', NotFound]]), 'errorClasses: expected an array or an object of classes, not [object Map]'],
    ['NotFound', 'the option "errorClasses" must be an array of classes, or an object with classes by name'],
    [NotFound, 'the option "errorClasses" must be an array of classes, or an object with classes by name'],
  ])('are refused if invalid: %o', (errorClasses, message) => {
    const make = () => Shelf.create({ errorClasses: errorClasses as never });
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });
});

describe('the fields of a registered error', () => {
  const errorClasses = [NotFound];

  it.each(ways)('arrive, over $codec', async (way) => {
    const what = Object.assign(new NotFound('book'), { shelf: 3, seen: [{ by: 'ann' }], when: null });
    const error = await thrown<typeof what>(what, { errorClasses }, undefined, way);
    expect(error).toBeInstanceOf(NotFound);
    expect(error.what).toBe('book');
    expect(error.shout).toBe('book!');
    expect(error.shelf).toBe(3);
    expect(error.seen).toEqual([{ by: 'ann' }]);
    expect(error.when).toBe(null);
  });

  it('keep values that the codec can encode', async () => {
    const what = Object.assign(new NotFound('x'), { map: new Map([[1, new Set([2n])]]), at: new Date(5) });
    for (const way of ways.slice(1, 3)) {
      const error = await thrown<typeof what>(what, { errorClasses }, undefined, way);
      expect(error.map).toEqual(new Map([[1, new Set([2n])]]));
      expect(error.at).toEqual(new Date(5));
    }
  });

  it('are sent for registered errors only', async () => {
    const fault = await faultOf(Object.assign(new Overdrawn('x'), { password: 'secret' }), { errorClasses });
    expect(JSON.stringify(fault)).not.toMatch('secret');
  });

  it('can be listed: then no others are sent', async () => {
    const classes = [{ class: NotFound, fields: ['shelf', 'nothing'] }];
    const fault = await faultOf(Object.assign(new NotFound('book'), { shelf: 3 }), { errorClasses: classes });
    expect(fault.data).toEqual({ name: 'NotFound', fields: { shelf: 3 } });
  });

  it('include a code that is a text', async () => {
    const error = await thrown(Object.assign(new NotFound('x'), { code: 'ENOENT' }), { errorClasses });
    expect(error).toMatchObject({ code: 'ENOENT' });
  });

  it('are data only, and limited in number and size', async () => {
    const deep = (levels: number): unknown => (levels === 0 ? 1 : { deep: deep(levels - 1) });
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    const what = Object.assign(new NotFound('x'), {
      run: () => {},
      hidden: { run: () => {} },
      made: new (class Socket {})(),
      inner: new Error('secret'),
      getter: {
        get password() {
          return 'secret';
        },
      },
      bytes: new Uint8Array(70_000),
      buffer: new ArrayBuffer(70_000),
      set: new Set([() => {}]),
      map: new Map([['run', () => {}]]),
      cycle,
      deep: deep(9),
      large: 'x'.repeat(70_000),
      holes: new Array(100_000),
      revoked: revoked(),
      symbol: Symbol('x'),
      nothing: undefined,
      shallow: deep(8),
      last: true,
    });
    Object.defineProperty(what, 'read', { get: explode, enumerable: true });
    Object.defineProperty(what, '__proto__', { value: { polluted: true }, enumerable: true });
    const { fields } = (await faultOf(what, { errorClasses })).data;
    expect(Object.keys(fields)).toEqual(['what', 'shallow', 'last']);
    const polluted = Object.defineProperty(new Overdrawn('x'), '__proto__', {
      value: { polluted: 1 },
      enumerable: true,
    });
    expect((await faultOf(polluted, { errorClasses: [Overdrawn] })).data).toEqual({ name: 'Overdrawn' });
    const many = Object.assign(
      new NotFound('x'),
      Object.fromEntries(Array.from({ length: 99 }, (_, n) => [`f${n}`, n])),
    );
    expect(Object.keys((await faultOf(many, { errorClasses })).data.fields).length).toBe(64);
  });

  it('do not replace members of the class, nor those of every object', async () => {
    const fields =
      '{"__proto__":{"polluted":1},"constructor":5,"toString":5,"shout":"no","then":5,"stack":5,"message":5,"name":5,"code":{},"what":"book"}';
    const error = await answered<NotFound>(
      { code: 1, message: 'x', data: { name: 'NotFound', fields: JSON.parse(fields) } },
      { errorClasses },
    );
    expect(error).toBeInstanceOf(NotFound);
    expect(Object.getPrototypeOf(error)).toBe(NotFound.prototype);
    expect(Object.keys(error).sort()).toEqual(['code', 'what']);
    expect(error).toMatchObject({ what: 'book', shout: 'book!', message: 'x', name: 'NotFound', code: 1 });
    expect(String(error)).toBe('NotFound: x');
    expect('polluted' in {}).toBe(false);
  });

  it('that the codec cannot encode are left out, and the error still arrives', async () => {
    const error = await thrown(Object.assign(new NotFound('book'), { size: 5n }), { errorClasses });
    expect(error).toBeInstanceOf(NotFound);
    expect(error).not.toHaveProperty('size');
  });
});

it('an RpcError keeps its data whatever they look like', async () => {
  for (const data of [
    { name: 'NotFound', fields: { what: 'x' } },
    { name: 'x', cause: { value: 1 } },
    { name: 'x', args: [] },
  ]) {
    const error = await thrown<RemoteError>(new RpcError('x', 1, data), { errorClasses: [NotFound] });
    expect(error).toBeInstanceOf(RemoteError);
    expect(error.data).toEqual(data);
  }
});

it.each([
  { name: 'NotFound', args: 'x' },
  { name: 'NotFound', args: { length: 1e9 } },
  { name: 'NotFound', fields: [] },
  { name: 'NotFound', fields: null },
  { name: 'NotFound', cause: 'a text' },
  { name: 'NotFound', cause: { message: 'no code' } },
  { name: 'NotFound', cause: { code: 1.5, message: 'x' } },
  { name: 'NotFound', cause: { code: 1, message: 'x', more: 1 } },
  { name: 'NotFound', cause: { value: 1, more: 1 } },
  { name: 'NotFound', cause: [] },
  { name: 'NotFound', errors: { 0: 1 } },
  { name: 'NotFound', errors: [{ value: 1 }, 5] },
  { name: 'NotFound', reason: 1 },
])('data of a peer that is not Obverse remain data, even if they look like an envelope: %j', async (data) => {
  const error = await answered<RemoteError>({ code: 1, message: 'x', data }, { errorClasses: [NotFound] });
  expect(error).toBeInstanceOf(RemoteError);
  expect(error.data).toEqual(data);
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
