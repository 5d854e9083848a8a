import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { ProtocolError, UsageError } from '../../src/contract/errors.js';
import { serializable } from '../../src/extensions/values/serializable.js';
import { standardTypes } from '../../src/extensions/values/standard.js';
import { isSpecial, revived } from '../../src/extensions/values/tagged.js';
import { ValueTypes } from '../../src/extensions/values/types.js';
import type { TypeEntry } from '../../src/types/values.js';
import { sent } from './through.js';

@serializable({ id: 'money' })
class Money {
  constructor(
    readonly amount: number,
    readonly currency: string,
  ) {
    if (!(amount >= 0)) throw new RangeError('an amount is not negative');
  }
  static pack({ amount, currency }: Money): unknown {
    return [amount, currency];
  }
  static unpack(data: unknown): Money {
    const [amount, currency] = data as [number, string];
    return new Money(amount, String(currency));
  }
  toString(): string {
    return `${this.amount} ${this.currency}`;
  }
}

@serializable
class Trip {
  made = 0;
  constructor(
    readonly to: string,
    readonly costs: readonly Money[],
  ) {
    this.made++;
  }
  get total(): number {
    return this.costs.reduce((sum, { amount }) => sum + amount, 0);
  }
  set total(_value: number) {
    throw new Error('a setter was called');
  }
}

function there(value: unknown, ...entries: TypeEntry[]): unknown {
  const types = new ValueTypes(entries);
  const out = sent(value, types);
  expect(out.tagged).toBe(true);
  return revived(JSON.parse(JSON.stringify(out.value)), types.revive);
}

/** The side effects that a peer causes by such a text. */
function arrives(text: string, ...entries: TypeEntry[]): unknown {
  return revived(JSON.parse(text), new ValueTypes(entries).revive);
}

describe('a class that is serializable', () => {
  it('arrives as an instance, by its own functions', () => {
    const out = sent([new Money(5, 'EUR')], new ValueTypes([Money]));
    expect(out.value).toEqual([{ $rpc: ['money', [5, 'EUR']] }]);
    const [money] = there([new Money(5, 'EUR')], Money) as [Money];
    expect(money).toBeInstanceOf(Money);
    expect(String(money)).toBe('5 EUR');
  });

  it('arrives as an instance, by its fields, without its constructor, with other values inside', () => {
    const trip = new Trip('Rome', [new Money(5, 'EUR'), new Money(6, 'EUR')]);
    expect(sent(trip, new ValueTypes([Trip, Money])).value).toEqual({
      $rpc: [
        'Trip',
        { made: 1, to: 'Rome', costs: [{ $rpc: ['money', [5, 'EUR']] }, { $rpc: ['money', [6, 'EUR']] }] },
      ],
    });
    const arrived = there(trip, Trip, Money) as Trip;
    expect(arrived).toBeInstanceOf(Trip);
    expect(arrived).toEqual(trip);
    expect(arrived.total).toBe(11);
  });

  it('can contain values of standard types', () => {
    @serializable
    class Log {
      at = new Date(5);
      seen = new Map([[1n, new Set([new Money(1, 'EUR')])]]);
    }
    expect(there(new Log(), Log, Money, standardTypes)).toEqual(new Log());
  });

  it('is sent as its nearest registered class', () => {
    class Tip extends Money {}
    class Coin extends Money {}
    const coins = {
      id: 'coin',
      class: Coin,
      pack: ({ amount }: Coin) => amount,
      unpack: (n: unknown) => new Coin(n as number, 'EUR'),
    };
    const [tip, coin] = there([new Tip(1, 'EUR'), new Coin(2, 'EUR')], Money, coins) as [object, object];
    expect(tip.constructor).toBe(Money);
    expect(coin.constructor).toBe(Coin);
  });

  it('can be registered by an object, without a decorator', () => {
    class Plain {
      constructor(readonly a: unknown) {}
    }
    const entry = { id: 'plain', class: Plain, pack: (p: Plain) => p.a, unpack: (a: unknown) => new Plain(a) };
    for (const a of [1, null, [2], { b: new Money(1, 'EUR') }])
      expect(there(new Plain(a), entry, Money)).toEqual(new Plain(a));
  });

  it.each([
    ['standard', {}],
    ['legacy', { experimentalDecorators: true }],
  ])('is decorated in the %s dialect', async (_dialect, compilerOptions) => {
    const source = `
      @serializable({ id: 'a' }) export class A { x = 1 }
      @serializable export class B { y = 2 }
      function replace<T extends new (...args: any[]) => object>(c: T, _context?: unknown): any { return class extends c { z = 3 }; }
      @serializable({ id: 'c' }) @replace export class C {}`;
    const { code } = await transform(source, {
      loader: 'ts',
      format: 'cjs',
      target: 'es2022',
      tsconfigRaw: { compilerOptions },
    });
    const module = { exports: {} as Record<string, new () => object> };
    new Function('module', 'serializable', code)(module, serializable);
    const { A, B, C } = module.exports;
    const values = [new A!(), new B!(), new C!()];
    expect(sent(values, new ValueTypes([A!, B!, C!])).value).toEqual([
      { $rpc: ['a', { x: 1 }] },
      { $rpc: ['B', { y: 2 }] },
      { $rpc: ['c', { z: 3 }] },
    ]);
    expect(there(values, A!, B!, C!)).toEqual(values);
  });
});

describe('the value of a class from a peer', () => {
  it('is refused with the error of unpack', () => {
    const negative = (): unknown => arrives('{"$rpc":["money",[-1,"EUR"]]}', Money);
    expect(negative).toThrow(ProtocolError);
    expect(negative).toThrow(/"money" cannot be read: an amount is not negative/);
    for (const text of ['{"$rpc":["money"]}', '{"$rpc":["money",[1,"EUR"],2]}', '{"$rpc":["money",null]}']) {
      expect(() => arrives(text, Money), text).toThrow(ProtocolError);
    }
  });

  it.each(['null', '5', '"text"', '[1]'])('is refused where fields are expected: %s', (data) => {
    expect(() => arrives(`{"$rpc":["Trip",${data}]}`, Trip)).toThrow(/expected an object with the fields of a Trip/);
  });

  it.each(['constructor', 'toString', 'total', 'hasOwnProperty', '__defineGetter__', 'valueOf'])(
    'cannot replace a member: %s',
    (key) => {
      const text = `{"$rpc":["Trip",{${JSON.stringify(key)}:"x"}]}`;
      expect(() => arrives(text, Trip)).toThrow(ProtocolError);
      expect(() => arrives(text, Trip)).toThrow(`"${key}" is a member of the class Trip`);
    },
  );

  it('reaches no prototype, and calls no setter', () => {
    const trip = arrives('{"$rpc":["Trip",{"__proto__":{"to":"x"},"costs":[]}]}', Trip) as Trip;
    expect(Object.getPrototypeOf(trip)).toBe(Trip.prototype);
    expect(trip.to).toBeUndefined();
  });

  it('cannot be of an unregistered class, whatever its name', () => {
    for (const id of ['Money', 'Trip', 'Function', 'eval', 'Date']) {
      expect(() => arrives(`{"$rpc":[${JSON.stringify(id)},{}]}`, Money)).toThrow(/which this side does not have/);
    }
  });
});

describe('the registry refuses', () => {
  const entry = (over: object): TypeEntry =>
    ({ id: 'x', class: class {}, pack: () => 0, unpack: () => ({}), ...over }) as TypeEntry;
  @serializable
  class HalfPacked {
    static pack(): number {
      return 1;
    }
  }
  @serializable
  class Dated extends Date {}
  @serializable
  class Row extends Array {}
  class Unmarked {}
  class Inherits extends Money {}

  it.each<[string, TypeEntry[], RegExp]>([
    ['two types with one id', [entry({}), entry({})], /two types with the id "x"/],
    [
      'a class with two ids',
      [entry({ class: Money, id: 'cash' }), Money],
      /the class Money has two ids, "cash" and "money"/,
    ],
    ['an id that is standard, besides it', [standardTypes, entry({ id: 'date' })], /two types with the id "date"/],
    ['a standard class with another id, besides it', [standardTypes, entry({ class: Date })], /Date has two ids/],
    ['an id of the library', [entry({ id: 'obj' })], /"obj" is reserved for the library/],
    ['an empty id', [entry({ id: '' })], /not empty/],
    ['an id that is not a string', [entry({ id: 5 })], /must be a string/],
    ['a type without functions', [entry({ unpack: undefined })], /functions pack and unpack/],
    ['a type without a class', [entry({ class: 'Money' })], /must be a class, not Money/],
    ['a function that is not a class', [entry({ class: () => {} })], /must be a class/],
    ['a class without a decorator', [Unmarked], /class Unmarked is not marked/],
    ['a class of which only the base is decorated', [Inherits], /class Inherits is not marked/],
    ['one function without the other', [HalfPacked], /has both, .* or neither/],
    ['fields of a built-in', [Dated], /extends Date, whose contents are not in fields/],
    ['lists', [entry({ class: Row })], /plain objects and lists are data/],
    ['plain objects', [entry({ class: Object })], /plain objects and lists are data/],
    ['something else', ['money' as never], /not money/],
    ['null', [null as never], /not null/],
  ])('%s', (_what, entries, message) => {
    expect(() => new ValueTypes(entries)).toThrow(UsageError);
    expect(() => new ValueTypes(entries)).toThrow(message);
  });

  it('but accepts the same group twice', () => {
    expect(new ValueTypes([standardTypes, [standardTypes, [Money]]]).size).toBe(standardTypes.length + 1);
  });

  it('a field that hides a member, before it is sent', () => {
    @serializable
    class Hiding {
      constructor() {
        Object.defineProperty(this, 'act', { value: 1, enumerable: true });
      }
      act(): void {}
    }
    expect(() => sent(new Hiding(), new ValueTypes([Hiding]))).toThrow(
      /Hiding: the field "act" has the name of a member/,
    );
  });

  it('a decorator in a wrong place, or with unknown options', () => {
    const wrong = serializable as unknown as (...args: unknown[]) => unknown;
    expect(() => wrong({ name: 'x' })).toThrow(/unknown option "name"; there is id/);
    expect(() => wrong(null)).toThrow(UsageError);
    expect(() => wrong(() => {}, { kind: 'method' })).toThrow(/decorates a class/);
    expect(() => (wrong({}) as typeof wrong)({}, 'key', {})).toThrow(/decorates a class/);
  });
});

describe('the search of a side', () => {
  it('finds the registered types, and the values that the codec cannot carry', () => {
    const wants = (entries: TypeEntry[], natives?: string[]): object => new ValueTypes(entries).tags(natives).kinds;
    expect(wants([])).toEqual({ views: false, numbers: false });
    expect(wants([Money])).toEqual({ views: false, numbers: false });
    expect(wants([standardTypes])).toEqual({ views: true, numbers: true });
    expect(wants([standardTypes], ['bytes', 'view', 'number'])).toEqual({ views: false, numbers: false });
    class Hash extends Uint8Array {}
    const hash = {
      id: 'hash',
      class: Hash,
      pack: (h: Hash) => [...h],
      unpack: (l: unknown) => Hash.from(l as number[]),
    };
    expect(wants([hash])).toEqual({ views: true, numbers: false });
    expect(there(Hash.of(1, 2), hash)).toEqual(Hash.of(1, 2));
  });

  it('is left to the codec if nothing is registered', () => {
    const types = new ValueTypes([]);
    const values = [new Date(), new Map([[1, 2]]), 5n, new Money(1, 'EUR'), () => {}, new Uint8Array(1), Number.NaN];
    expect(isSpecial(values, types.tags().kinds)).toBe(true);
    expect(sent(values, types)).toEqual({ value: values, tagged: false });
  });

  it('finds a type of the user even if the codec has a native type with that id', () => {
    const own = { id: 'date', class: Money, pack: () => 1, unpack: () => new Money(1, 'EUR') };
    expect(sent(new Money(1, 'EUR'), new ValueTypes([own]), ['date']).value).toEqual({ $rpc: ['date', 1] });
  });
});
