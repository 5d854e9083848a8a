import { strict as assert } from 'node:assert';
import { callOf, carries, decodeAll, roundTrip, same, travelled } from './codec-probe.js';
import type { CodecSubject } from './codec-subject.js';
import { withRandom } from './random.js';

const jsonValues: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    1,
    -1,
    127,
    128,
    -32,
    -33,
    -128,
    -129,
    255,
    256,
    32_768,
    65_535,
    65_536,
    0.1 + 0.2,
    1.5e300,
  ],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1, 5e-324],
  ...['', 'text', 'null', '1', 'a "quoted" \\ and\nbroken\r\nline with \0 and \u2028 and \u007f', 'ä 漢字 🙂 \u202e'],
  ...['x'.repeat(31), 'x'.repeat(32), 'x'.repeat(255), 'ä'.repeat(256), '漢'.repeat(70_000)],
  ...[[], [[]], [1, 'two', null, [3]], Array.from({ length: 16 }, (_, at) => at), {}, { a: {} }],
  { a: 1, 'b c': 2, '': 3, 'ä"\n': 4, constructor: 5, toString: 6, hasOwnProperty: 7, length: 8, 9: 9 },
  { deep: { deeper: { deepest: [{ at: ['last'] }] } } },
];

/** What the codec encodes is decoded to the same values. */
export function testCarries(it: (name: string, body: () => void) => void, subject: CodecSubject): void {
  const values = [...jsonValues, ...(subject.values ?? [])];

  it('carries a call without arguments', () => {
    carries(subject.make(), callOf());
  });
  it('carries a call with named arguments', () => {
    const codec = subject.make();
    carries(codec, callOf({ named: true, args: [{ a: 1, b: 'two', c: { d: [3] } }] }));
    for (const value of values) carries(codec, callOf({ named: true, args: [{ value, after: 1 }] }));
  });
  it('carries a call with positional arguments', () => {
    const codec = subject.make();
    carries(codec, callOf({ args: [1, 'two', [3]] }));
    for (const value of values) carries(codec, callOf({ args: [value, 'after'] }));
  });
  it('carries a call with one positional argument that is an object', () => {
    carries(subject.make(), callOf({ args: [{ a: 1 }] }));
  });
  it('carries a notification with named arguments', () => {
    carries(subject.make(), callOf({ id: undefined, named: true, args: [{ text: 'hello' }] }));
  });
  it('carries a notification with positional arguments', () => {
    carries(subject.make(), callOf({ id: undefined, args: ['hello', 2] }));
  });
  it('carries a notification without arguments', () => {
    carries(subject.make(), callOf({ id: undefined }));
  });
  it('carries method names with punctuation', () => {
    const codec = subject.make();
    for (const method of ['a', 'room.join', 'rpc.hello', 'textDocument/didOpen', '$/progress', 'say_it-2']) {
      carries(codec, callOf({ method, named: true, args: [{ a: 1 }] }));
    }
  });
  it('carries any method name, or throws', () => {
    const codec = subject.make();
    withRandom(300, (random) => {
      const message = callOf({ method: random.text(12), named: true, args: [{ a: 1 }] });
      let frame: ReturnType<typeof codec.encode>;
      try {
        frame = codec.encode(message);
      } catch {
        return;
      }
      same(decodeAll(codec, travelled(frame))[0], message);
    });
  });
  it('carries ids that are numbers', () => {
    const codec = subject.make();
    for (const id of [1, 2, 9, 10, 255, 65_536, 2 ** 31]) {
      carries(codec, callOf({ id, named: true, args: [{ a: 1 }] }));
      carries(codec, { kind: 'reply', id, value: 'well' });
      carries(codec, { kind: 'fault', id, error: { code: -32603, message: 'ill' } });
    }
  });
  it('carries ids that are texts', () => {
    const codec = subject.make();
    for (const id of ['', 'a', '1', 'f81d4fae-7dec-11d0', 'a "b"\\\n']) {
      carries(codec, callOf({ id, named: true, args: [{ a: 1 }] }));
      carries(codec, { kind: 'reply', id, value: 'well' });
      carries(codec, { kind: 'fault', id, error: { code: -32603, message: 'ill' } });
    }
  });
  it('carries a call and a reply with the id null', () => {
    const codec = subject.make();
    carries(codec, callOf({ id: null, named: true, args: [{ a: 1 }] }));
    carries(codec, { kind: 'reply', id: null, value: 1 });
  });
  it('carries a fault with the id null', () => {
    carries(subject.make(), { kind: 'fault', id: null, error: { code: -32700, message: 'Parse error' } });
  });
  it('carries replies', () => {
    const codec = subject.make();
    for (const value of values) carries(codec, { kind: 'reply', id: 7, value });
  });
  it('carries a reply without a value', () => {
    const given = roundTrip(subject.make(), { kind: 'reply', id: 7, value: undefined });
    assert.equal(given.kind, 'reply');
    assert.equal(given.id, 7);
    assert.equal(given.value ?? null, null);
  });
  it('carries faults', () => {
    const codec = subject.make();
    carries(codec, { kind: 'fault', id: 3, error: { code: -32000, message: '' } });
    carries(codec, { kind: 'fault', id: 3, error: { code: 1, message: 'a "bad"\nline: ä 漢 🙂' } });
  });
  it('carries faults with data', () => {
    const codec = subject.make();
    for (const data of values) carries(codec, { kind: 'fault', id: 3, error: { code: -1, message: 'ill', data } });
  });
  it('carries any value of JSON', () => {
    const codec = subject.make();
    withRandom(500, (random) => {
      const value = random.value();
      carries(codec, callOf({ id: undefined, named: true, args: [{ value }] }));
      carries(codec, { kind: 'reply', id: random.int(1, 2 ** 31), value });
    });
  });
  it('carries a large value', () => {
    const value = Array.from({ length: 20_000 }, (_, at) => ({ at, text: `number ${at}`, half: at / 2 }));
    carries(subject.make(), { kind: 'reply', id: 1, value });
  });
}
