import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { standardTypes } from '../../src/extensions/values/standard.js';
import { isSpecial, revived, tagged } from '../../src/extensions/values/tagged.js';
import { ValueTypes } from '../../src/extensions/values/types.js';
import { codec } from '../../src/index.js';
import { natives, through } from './through.js';

class Money {
  constructor(readonly amount: unknown) {}
}
const money = { id: 'money', class: Money, pack: (m: Money) => m.amount, unpack: (data: unknown) => new Money(data) };
const types = new ValueTypes([standardTypes, money]);

const key = fc.oneof(
  { weight: 3, arbitrary: fc.string().filter((text) => text !== '__proto__' && text !== 'toJSON') },
  { weight: 1, arbitrary: fc.constant('$rpc') },
);
const plainLeaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
  fc.constantFrom('obj', 'money', 'date'),
);
const specialLeaf = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.bigInt(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.uint8Array(),
  fc.int32Array(),
  fc.webUrl().map((text) => new URL(text)),
  fc.constantFrom(/a/g, /[/]/u),
);

/** Nested data; with values of types at any place, or without any. */
function data(leaf: fc.Arbitrary<unknown>, special: boolean): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
      // Data that looks like a tag, and is not one.
      fc.array(tie('value'), { maxLength: 3 }).map((list) => ({ $rpc: list })),
      ...(special
        ? [
            fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
            fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
            tie('value').map((amount) => new Money(amount)),
          ]
        : []),
    ),
  })).value as fc.Arbitrary<unknown>;
}

const plain = data(plainLeaf, false);
const anything = data(fc.oneof(plainLeaf, specialLeaf), true);

describe('any data', () => {
  it('include every kind', () => {
    const found = new Set<string>();
    const look = (value: unknown): unknown => {
      found.add(Object.prototype.toString.call(value));
      if (value instanceof Money) found.add('money');
      if (typeof value === 'object' && value !== null && '$rpc' in value) found.add('$rpc');
      return undefined;
    };
    for (const value of fc.sample(anything, { numRuns: 500, seed: 1 })) {
      tagged(value, look as never);
      JSON.stringify(value, (_key, inner: unknown) => {
        look(inner);
        return typeof inner === 'bigint' ? 0 : inner;
      });
    }
    const kinds = [
      'Map',
      'Set',
      'Date',
      'BigInt',
      'URL',
      'RegExp',
      'Uint8Array',
      'Int32Array',
      'Number',
      'Array',
      'Object',
    ];
    expect([...found]).toEqual(expect.arrayContaining([...kinds.map((kind) => `[object ${kind}]`), 'money', '$rpc']));
  });

  it('that are plain are sent without a tag', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(isSpecial(value, { views: true, numbers: true })).toBe(false);
        expect(tagged(value, types.tags().tag)).toBe(value);
      }),
    );
  });

  it('are restored unchanged, by the tagged form only', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const { tag, kinds } = types.tags();
        const out = tagged(value, tag);
        // What the scan accepts has nothing to tag.
        if (!isSpecial(value, kinds)) expect(out).toBe(value);
        if (out !== value) deepStrictEqual(revived(out, types.revive), value);
      }),
      { numRuns: 500 },
    );
  });

  it('are not changed by being tagged', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const before = JSON.stringify(tagged(value, types.tags().tag));
        expect(JSON.stringify(tagged(value, types.tags().tag))).toBe(before);
      }),
    );
  });

  it.each(Object.keys(natives))('are restored unchanged, through %s', async (name) => {
    const by = await codec(name);
    fc.assert(
      fc.property(anything, (value) => deepStrictEqual(through(by, value, types, natives[name]), value)),
      { numRuns: 300 },
    );
  });
});

describe('any JSON in the tagged form', () => {
  it('is revived or refused, without other effects', () => {
    const tag = fc.oneof(
      fc.constantFrom('obj', 'money', 'date', 'map', 'set', 'error', 'bytes', 'view', 'regexp'),
      fc.string(),
    );
    const hostile = data(
      fc.oneof(
        plainLeaf,
        fc.tuple(tag, fc.jsonValue()).map((payload) => ({ $rpc: payload })),
      ),
      false,
    );
    fc.assert(
      fc.property(hostile, (value) => {
        let out: unknown;
        try {
          out = revived(JSON.parse(JSON.stringify(value)), types.revive);
        } catch (error) {
          expect((error as Error).name).toBe('ProtocolError');
          return;
        }
        expect(out).toBeDefined();
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
