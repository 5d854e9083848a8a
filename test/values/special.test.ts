import { describe, expect, it } from 'vitest';
import { isSpecial, NO_TYPES } from '../../src/extensions/values/special.js';

const everything = { views: true, numbers: true };

/** The value at every place where it can occur. */
function places(value: unknown): [string, unknown][] {
  return [
    ['alone', value],
    ['in a list', [1, 'a', value]],
    ['in a field', { a: 1, b: value }],
    ['in an object without a prototype', Object.assign(Object.create(null) as object, { a: value })],
    ['deep inside', { a: [{ b: [[{ c: null, d: value }]] }] }],
  ];
}

describe('the scan', () => {
  it.each([
    ['null', null],
    ['undefined', undefined],
    ['a text', 'text'],
    ['a number', 1.5],
    ['true', true],
    ['an object', { a: 1, b: 'c', d: undefined }],
    ['a list', [1, [2, null], undefined]],
    ['an object with the key of tags', { $rpc: ['obj', {}] }],
  ])('passes %s', (_what, plain) => {
    for (const [where, value] of places(plain)) expect(isSpecial(value, everything), where).toBe(false);
  });

  it.each([
    ['a function', () => {}],
    ['a BigInt', 5n],
    ['a symbol', Symbol('s')],
    ['a date', new Date()],
    ['a map', new Map()],
    ['an object of a class', new (class {})()],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a class', class {}],
  ])('finds %s', (_what, special) => {
    for (const [where, value] of places(special)) expect(isSpecial(value, NO_TYPES), where).toBe(true);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0])(
    'finds %s if it is requested',
    (odd) => {
      for (const [where, value] of places(odd)) {
        expect(isSpecial(value, everything), where).toBe(true);
        expect(isSpecial(value, NO_TYPES), where).toBe(false);
      }
      expect(isSpecial([0, 1, 1.5, Number.MAX_VALUE], everything)).toBe(false);
    },
  );

  it.each([new Uint8Array(1), Buffer.alloc(1), new Float64Array(1), new DataView(new ArrayBuffer(1))])(
    'finds views if they are requested',
    (view) => {
      for (const [where, value] of places(view)) {
        expect(isSpecial(value, everything), where).toBe(true);
        expect(isSpecial(value, NO_TYPES), where).toBe(false);
      }
    },
  );

  it('leaves values that are too deep, or contain themselves, to a closer check', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = level % 2 === 0 ? [deep] : { deep };
    const cycle: unknown[] = [];
    cycle.push({ cycle, more: cycle });
    expect(isSpecial(deep, NO_TYPES)).toBe(true);
    expect(isSpecial(cycle, NO_TYPES)).toBe(true);
  });
});
