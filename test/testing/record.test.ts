import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Wire } from '../../src/contract/contract.js';
import { record } from '../../src/testing/record.js';
import { readFrame, writeFrame } from '../../src/testing/recording.js';
import { fromJSON, toJSON } from '../../src/testing/recording-values.js';
import { testTransport } from '../../src/testing/transport.js';
import { DEATH } from '../../src/testing/transport-closing.js';
import memory from '../../transports/memory.js';
import tcp from '../../transports/tcp.js';
import { wire } from '../transports/link-log.js';

const makers = { memory, tcp };
let rooms = 0;

/** A wire that makes transports, as the core's does. */
function making(over: Partial<Wire>): Wire {
  const made: Wire = wire({
    ...over,
    transport: async (source, listen) => {
      const address = parseAddress(source as string);
      return makers[address.scheme as keyof typeof makers](address, { ...made, listen });
    },
  });
  return made;
}

for (const [name, first, forms] of [
  ['memory', () => `memory:recorded-${rooms++}`, ['text', 'bytes', 'values']],
  ['tcp', () => 'tcp://127.0.0.1:0', ['text', 'bytes']],
] as const) {
  testTransport(
    { describe, it },
    {
      name: `${name}, recorded`,
      forms,
      first: (onWire) => record(first(), () => {})(making(onWire)),
      second: (onWire, address) => record(address, () => {})(making(onWire)),
      gaps: { [DEATH]: 'the transport that is recorded is held to it' },
    },
  );
}

describe('a recorded value', () => {
  const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  it('is restored, whatever it contains', () => {
    const leaf = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
      fc.record({ $: fc.anything() }),
    );
    fc.assert(
      fc.property(leaf, (value) => {
        let written: unknown;
        try {
          written = toJSON(structuredClone(value));
        } catch {
          // Structured clone does not carry functions and symbols either.
          return;
        }
        expect(fromJSON(json(written))).toEqual(structuredClone(value));
      }),
    );
  });

  it('reaches no prototype', () => {
    const polluted = fromJSON(JSON.parse('{"__proto__":{"admin":true},"a":{"__proto__":1}}')) as { admin?: unknown };
    expect(polluted.admin).toBeUndefined();
    expect(Object.getPrototypeOf(polluted)).toBe(Object.prototype);
  });

  it('keeps the bytes of a part of a buffer', () => {
    const part = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(readFrame(json(writeFrame(part)) as never)).toEqual(Uint8Array.of(2, 3));
    expect(fromJSON(json(toJSON(new Uint16Array(Uint16Array.of(1, 2, 3).buffer, 2, 1))))).toEqual(Uint16Array.of(2));
  });

  it.each([
    ['a function', { a: [() => {}] }, 'the value.a[0] is a function'],
    ['a symbol', Symbol('s'), 'the value is a symbol'],
    ['an object of a class', new Map([['k', new (class Thing {})()]]), 'the value value 0 is of the class Thing'],
    [
      'a cycle',
      (() => {
        const a: { b?: unknown } = {};
        a.b = a;
        return a;
      })(),
      'the value.b is a part of itself',
    ],
  ])('is never %s', (_what, value, text) => expect(() => toJSON(value)).toThrow(text));

  it('is refused if its kind is unknown', () => {
    expect(() => fromJSON({ $: ['Whatever', 'AA=='] })).toThrow('of the kind "Whatever"');
  });
});
