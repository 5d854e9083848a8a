import { deepStrictEqual } from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { ProtocolError, UsageError } from '../../src/contract/errors.js';
import { standardTypes } from '../../src/extensions/values/standard.js';
import { revived } from '../../src/extensions/values/tagged.js';
import { temporalTypes } from '../../src/extensions/values/temporal.js';
import { ValueTypes } from '../../src/extensions/values/types.js';
import { codec } from '../../src/index.js';
import { natives, sent, through } from './through.js';

const types = new ValueTypes([standardTypes]);

/** Each value, and its form in JSON. */
const values: readonly (readonly [unknown, string])[] = [
  [new Date(0), '["date","1970-01-01T00:00:00.000Z"]'],
  [new Date(-1e15), '["date","-029719-04-05T22:13:20.000Z"]'],
  [new Date(Number.NaN), '["date",null]'],
  [
    new Map<unknown, unknown>([
      ['a', 1],
      [2, [3]],
    ]),
    '["map",[["a",1],[2,[3]]]]',
  ],
  [new Map(), '["map",[]]'],
  [new Set([1, 'b']), '["set",[1,"b"]]'],
  [12345678901234567890n, '["bigint","12345678901234567890"]'],
  [-5n, '["bigint","-5"]'],
  [Number.NaN, '["number","NaN"]'],
  [Number.POSITIVE_INFINITY, '["number","Infinity"]'],
  [Number.NEGATIVE_INFINITY, '["number","-Infinity"]'],
  [-0, '["number","-0"]'],
  [new URL('https://a.example/b?c=d#e'), '["url","https://a.example/b?c=d#e"]'],
  [/a\/b+/giu, '["regexp","a\\\\/b+","giu"]'],
  [Uint8Array.of(1, 2, 255), '["bytes","AQL/"]'],
  [new Uint8Array(0), '["bytes",""]'],
  [Float64Array.of(1.5), '["view","Float64Array","AAAAAAAA+D8="]'],
  [Int16Array.of(1, -2), '["view","Int16Array","AQD+/w=="]'],
  [BigInt64Array.of(-1n), '["view","BigInt64Array","//////////8="]'],
  [new DataView(Uint8Array.of(1, 2).buffer), '["view","DataView","AQI="]'],
  [Uint8Array.of(1).buffer, '["buffer","AQ=="]'],
  [new TypeError('no'), '["error",{"name":"TypeError","message":"no"}]'],
];

/** As its `toJSON` writes it. */
const jsonOf = (value: unknown): string => JSON.stringify(sent(value, types).value);
const arrives = (tag: string): unknown => revived(JSON.parse(`{"$rpc":${tag}}`), types.revive);

describe('the standard types', () => {
  it.each(values)('%s is sent in JSON as %s', (value, json) => expect(jsonOf(value)).toBe(`{"$rpc":${json}}`));

  describe.each(Object.keys(natives))('arrive with the codec %s', (name) => {
    it.each(values)('%s', async (value) => {
      const by = await codec(name);
      for (const one of [value, [1, value], { a: [{ b: value }], c: value }]) {
        const arrived = through(by, one, types, natives[name]);
        expect(arrived).toStrictEqual(one);
      }
    });

    it('nested in each other', async () => {
      const value = new Map<unknown, unknown>([
        [new Set([1n, new Date(5)]), { url: new URL('http://a/'), list: [-0, new Map([[/a/, Uint8Array.of(1)]])] }],
        [Number.NaN, new Map([[{ $rpc: 1 }, new Set([{ $rpc: ['date', 'x'] }])]])],
      ]);
      deepStrictEqual(through(await codec(name), value, types, natives[name]), value);
    });
  });

  it('are tagged only if the codec does not carry them', () => {
    const value = [new Date(0), new Map([[1, 2n]]), new Set([Uint8Array.of(1)])];
    expect(sent(value, types, natives.msgpack)).toEqual({ value, tagged: false });
    expect(sent(value, types, natives.clone)).toEqual({ value, tagged: false });
    expect(sent([...value, new URL('http://a/')], types, natives.clone).value).toEqual([
      ...value,
      { $rpc: ['url', 'http://a/'] },
    ]);
  });

  it('turn a Buffer into bytes, in memory of their own', () => {
    const small = Buffer.from('abc');
    const bytes = revived(JSON.parse(jsonOf(small)), types.revive) as Uint8Array;
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    expect([...bytes]).toEqual([97, 98, 99]);
    expect(bytes.buffer.byteLength).toBe(3);
    const large = Uint8Array.from({ length: 100_000 }, (_, at) => at * 7);
    deepStrictEqual(
      revived(JSON.parse(jsonOf(large.subarray(1_000, 99_000))), types.revive),
      large.slice(1_000, 99_000),
    );
  });

  it('turn an error into a built-in one, with its name, its cause, and no stack of the other side', () => {
    class NotFound extends Error {
      override name = 'NotFound';
      secret = 1;
    }
    const arrived = revived(
      JSON.parse(jsonOf(new NotFound('no', { cause: new RangeError('far') }))),
      types.revive,
    ) as Error;
    expect(arrived).toBeInstanceOf(Error);
    expect(arrived.constructor).toBe(Error);
    expect([arrived.name, arrived.message]).toEqual(['NotFound', 'no']);
    expect(arrived.cause).toBeInstanceOf(RangeError);
    expect(arrived.stack).toBe('NotFound: no');
    expect(Object.keys(arrived)).toEqual([]);
  });

  it('treat undefined as everywhere: a field is omitted, elsewhere it is null', () => {
    expect(jsonOf([new Map([[1, undefined]]), { a: undefined }])).toBe('[{"$rpc":["map",[[1,null]]]},{}]');
  });

  it('refuse values that are too large before they are sent', () => {
    expect(() => jsonOf(10n ** 10_000n)).toThrow(UsageError);
    expect(jsonOf(10n ** 9_999n).length).toBeGreaterThan(10_000);
    expect(() => jsonOf(new RegExp('a'.repeat(1_001)))).toThrow(UsageError);
    expect(() => jsonOf([new Map(), new (class extends Uint8Array {})(1)])).not.toThrow();
  });
});

describe('a malformed value of a peer for a standard type is refused', () => {
  it.each([
    '["date"]',
    '["date",0]',
    '["date","now"]',
    '["date","2020-01-01"]',
    '["date","2020-13-01T00:00:00.000Z"]',
    '["date",null,1]',
    '["map"]',
    '["map",{}]',
    '["map",[1]]',
    '["map",[[1]]]',
    '["map",[[1,2,3]]]',
    '["set",5]',
    '["set",{"length":1000000000}]',
    '["bigint",5]',
    '["bigint",""]',
    '["bigint","0x10"]',
    '["bigint","1e5"]',
    '["bigint"," 5"]',
    `["bigint","${'9'.repeat(10_001)}"]`,
    '["number","5"]',
    '["number","constructor"]',
    '["number",5]',
    '["url",5]',
    '["url","no url"]',
    '["regexp","a"]',
    '["regexp","(","g"]',
    '["regexp","a","gg"]',
    '["regexp","a",null]',
    `["regexp","${'a'.repeat(1_001)}",""]`,
    '["bytes","AQL"]',
    '["bytes","A==="]',
    '["bytes","AQ-_"]',
    '["bytes",[1,2]]',
    '["view","Float64Array","AQI="]',
    '["view","Array","AQI="]',
    '["view","constructor","AQI="]',
    '["view","Uint8Array"]',
    '["buffer",1]',
    '["error","text"]',
    '["error",null]',
    '["error",{"name":1,"message":""}]',
    '["error",{"name":"Error"}]',
  ])('%s', (tag) => {
    expect(() => arrives(tag)).toThrow(ProtocolError);
    expect(() => arrives(tag)).toThrow(/cannot be read/);
  });

  it('and an error accepts nothing but its name, message and cause', () => {
    const error = arrives('["error",{"name":"Error","message":"m","stack":"forged","toString":"x","code":5}]') as Error;
    expect(error.stack).toBe('Error: m');
    expect(Object.getOwnPropertyNames(error).sort()).toEqual(['message', 'stack']);
  });
});

describe('Temporal', () => {
  /** Represents a class of Temporal: like those, it has `from` and `toString`, which is all that is needed. */
  class Text {
    constructor(readonly text: string) {}
    static from(text: string): Text {
      if (!/^[-\dPT:.Z[\]/A-Za-z]+$/.test(text)) throw new RangeError(`Cannot parse: ${text}`);
      return new this(text);
    }
    toString(): string {
      return this.text;
    }
    toJSON(): string {
      return this.text;
    }
  }
  const names = [
    'Instant',
    'ZonedDateTime',
    'PlainDateTime',
    'PlainDate',
    'PlainTime',
    'PlainYearMonth',
    'PlainMonthDay',
    'Duration',
  ] as const;
  const polyfill = Object.fromEntries(names.map((name) => [name, class extends Text {}])) as Record<
    (typeof names)[number],
    typeof Text
  >;
  const withTemporal = new ValueTypes([temporalTypes(polyfill)]);

  it('is sent as text', () => {
    const value = [polyfill.PlainDate.from('2026-11-30'), polyfill.Duration.from('PT5M')];
    const { value: out } = sent(value, withTemporal);
    expect(out).toEqual([{ $rpc: ['Temporal.PlainDate', '2026-11-30'] }, { $rpc: ['Temporal.Duration', 'PT5M'] }]);
    expect(revived(out, withTemporal.revive)).toEqual(value);
  });

  it('is refused if it cannot be read, and if the runtime does not have it', () => {
    for (const tag of [
      '["Temporal.PlainDate","?"]',
      '["Temporal.PlainDate",5]',
      `["Temporal.PlainDate","${'1'.repeat(201)}"]`,
    ]) {
      expect(() => revived(JSON.parse(`{"$rpc":${tag}}`), withTemporal.revive)).toThrow(/cannot be read/);
    }
    if (!('Temporal' in globalThis))
      expect(() => arrives('["Temporal.PlainDate","2026-11-30"]')).toThrow(/does not have/);
  });
});
