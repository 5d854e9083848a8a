import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encode, encodePlain } from '../../codecs/jrpc/encode.js';
import type { Outbound } from '../../src/contract/contract.js';

const leaf = fc.oneof(
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, Number.NaN, Number.POSITIVE_INFINITY),
);
const odd = fc.constantFrom<unknown>(() => 1, 5n, Symbol('s'), new Date(5), new Map([[1, 2]]), [1], { deep: 1 }, /x/);
const flat = fc.dictionary(fc.string(), fc.oneof({ weight: 5, arbitrary: leaf }, { weight: 1, arbitrary: odd }));
const id = fc.oneof(fc.integer({ min: 1 }), fc.string(), fc.constant(null));
const call = (args: readonly unknown[], named: boolean, of: number | string | null | undefined): Outbound => ({
  kind: 'call',
  id: of,
  method: 'a.method',
  args,
  named,
  batch: undefined,
});
/** A plain object with a `toJSON` that no loop over its fields finds. */
const hiding = (json: unknown): object => Object.defineProperty({}, 'toJSON', { value: () => json });
const message: fc.Arbitrary<Outbound> = fc.oneof(
  fc
    .tuple(fc.array(fc.oneof(leaf, odd), { maxLength: 6 }), fc.option(id, { nil: undefined }))
    .map(([args, of]) => call(args, false, of)),
  fc.tuple(flat, fc.option(id, { nil: undefined })).map(([fields, of]) => call([fields], true, of)),
  fc.tuple(id, fc.oneof(leaf, odd, flat)).map(([of, value]): Outbound => ({ kind: 'reply', id: of, value })),
);

it('the encoder of plain data writes the same as JSON.stringify, or leaves it to that', () => {
  fc.assert(
    fc.property(message, (one) => {
      const quick = encodePlain(one);
      if (quick !== undefined) expect(quick).toBe(encode(one));
    }),
    { numRuns: 5_000 },
  );
});

it.each([
  ['a function', call([{ f: () => 1 }], true, 1)],
  ['a BigInt', call([{ n: 5n }], true, 1)],
  ['an object in an object', call([{ o: {} }], true, 1)],
  ['an object of a class', call([new Date(5)], true, 1)],
  ['an object with a toJSON', { kind: 'reply', id: 1, value: { toJSON: () => 5 } } as const],
  ['named arguments that a hidden toJSON makes a number of', call([hiding(5)], true, 1)],
  ['named arguments that a hidden toJSON makes nothing of', call([hiding(undefined)], true, 1)],
  ['a value without fields in place of fields', call([5], true, 1)],
  ['nothing where fields are to be', call([undefined], true, 1)],
  ['a list', { kind: 'reply', id: 1, value: [() => 1] } as const],
  ['a fault', { kind: 'fault', id: 1, error: { code: 1, message: '' } } as const],
])('leaves %s to JSON.stringify', (_name, one) => {
  expect(encodePlain(one as Outbound)).toBeUndefined();
});

it.each([
  ['numbers', call([1, 2.5], false, 7), '{"jsonrpc":"2.0","id":7,"method":"a.method","params":[1,2.5]}'],
  [
    'fields',
    call([{ a: 'x', b: null }], true, undefined),
    '{"jsonrpc":"2.0","method":"a.method","params":{"a":"x","b":null}}',
  ],
  ['a value', { kind: 'reply', id: 1, value: 'y' } as const, '{"jsonrpc":"2.0","id":1,"result":"y"}'],
])('writes %s itself', (_name, one, text) => {
  expect(encodePlain(one as Outbound)).toBe(text);
});
