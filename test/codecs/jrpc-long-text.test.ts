import { describe, expect, it } from 'vitest';
import { withLongText } from '../../codecs/shared/long-text.js';

const long = 'ab+/='.repeat(2_000);
const signs = [
  ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
  '\u2028',
  '\ud800',
  '\udfff',
  '😀',
  '€',
];

describe('the JSON of a long text', () => {
  it('is that of JSON.stringify, whichever characters it contains', () => {
    for (const sign of signs)
      for (const text of [sign + long, long + sign, long + sign + long]) {
        expect(withLongText(text) === JSON.stringify(text), escape(sign)).toBe(true);
        expect(withLongText([text, 1]) === JSON.stringify([text, 1]), escape(sign)).toBe(true);
      }
  });

  it.each([
    ['a list', [long, 1, -0, Number.NaN, true, null, undefined, 'short "quoted"']],
    ['an empty place', Object.assign(new Array(3), { 0: long, 2: 1 })],
    ['an object', { a: long, 2: 1, 'k"ey': null, none: undefined, 1: long, ['__proto__']: 1, last: false }],
    ['an object of which only a later field is there', { none: undefined, text: long }],
    ['an object with a key of another kind', { [Symbol('s')]: 1, text: long }],
  ])('is that of JSON.stringify with other values beside it: %s', (_what, value) => {
    const json = withLongText(value);
    expect(json === JSON.stringify(value)).toBe(true);
  });

  it.each([
    ['a short text', 'x'],
    ['a short list', ['x', 1]],
    ['an object in a list', [long, {}]],
    ['a date', { text: long, at: new Date(0) }],
    ['a BigInt', [long, 1n]],
    ['a function', [long, () => 1]],
    ['a symbol', { text: long, s: Symbol('s') }],
    [
      'an object of a class',
      new (class {
        text = long;
      })(),
    ],
    ['an object with toJSON', Object.defineProperty({ text: long }, 'toJSON', { value: () => 'other' })],
    ['many values', [long, ...Array(100).fill(1)]],
    ['a list with toJSON', Object.assign([long], { toJSON: () => 'other' })],
    ['a list that is long and empty', Object.assign(new Array(1_000), { 0: long })],
    ['undefined', null],
  ])('is written by JSON.stringify: %s', (_what, value) => {
    expect(withLongText(value)).toBe(undefined);
  });
});
