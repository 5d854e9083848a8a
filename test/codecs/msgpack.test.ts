import { Packr, Unpackr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import msgpack, { Extension } from '../../codecs/msgpack.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Message, Outbound } from '../../src/contract/contract.js';
import { Code, ProtocolError, UsageError } from '../../src/contract/errors.js';
import { testCodec } from '../../src/testing/codec.js';

const codec = msgpack(parseAddress('msgpack'));
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const shown = (frame: unknown): string => Buffer.from(frame as Uint8Array).toString('hex');
const { pack } = new Packr({ useRecords: false, variableMapSize: true });

function read(...frames: readonly Uint8Array[]): Message[] {
  const given: Message[] = [];
  codec.decode(Buffer.concat(frames), (message) => given.push(message), false);
  return given;
}

const call = (more: object): Outbound => ({
  kind: 'call',
  id: 1,
  method: 'add',
  args: [],
  named: false,
  batch: undefined,
  ...more,
});

testCodec(
  { describe, it },
  {
    name: 'msgpack',
    make: () => msgpack(parseAddress('msgpack')),
    values: [
      ...[Uint8Array.of(0, 1, 255), new Uint8Array(100_000).fill(7), { bytes: new Uint8Array(0) }],
      ...[new Date(0), new Map<unknown, unknown>([[1, new Set(['a'])]]), new Set([new Map()]), 5n, -(2n ** 80n)],
      ...[Float64Array.of(0.1, -0), Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ],
    deep: ['91', '81a161', 'c9000fffff53'].map((open) => hex(`94010ac0${open.repeat(100_000)}01`)),
    gaps: {
      'carries a call with one positional argument that is an object':
        'MessagePack-RPC has no named arguments: one map is what they travel as',
    },
  },
);

describe('msgpack on the wire', () => {
  for (const [what, message, bytes] of [
    ['a request', call({ id: 0, args: [2, 40] }), '94 00 00 a3616464 92 02 28'],
    ['named arguments', call({ id: 2, named: true, args: [{ a: 2, b: 40 }] }), '94 00 02 a3616464 91 82 a16102 a16228'],
    [
      'a notification',
      call({ id: undefined, method: 'notify', args: ['hello'] }),
      '93 02 a66e6f74696679 91 a568656c6c6f',
    ],
    ['a call without arguments', call({ id: 2 ** 31 }), '94 00 ce80000000 a3616464 90'],
    ['a response', { kind: 'reply', id: 2, value: 42 }, '94 01 02 c0 2a'],
    ['a response without a value', { kind: 'reply', id: 2, value: undefined }, '94 01 02 c0 c0'],
    [
      'an error',
      { kind: 'fault', id: 3, error: { code: -32601, message: 'no' } },
      '94 01 03 82 a4636f6465 d180a7 a76d657373616765 a26e6f c0',
    ],
    [
      'an error with data',
      { kind: 'fault', id: 3, error: { code: 1, message: '', data: [1] } },
      '94 01 03 83 a4636f6465 01 a76d657373616765 a0 a464617461 9101 c0',
    ],
  ] as const satisfies readonly (readonly [string, Outbound, string])[]) {
    it(`writes ${what}, and reads it`, () => {
      expect(shown(codec.encode(message))).toBe(shown(hex(bytes)));
      expect(shown(codec.encode(read(hex(bytes))[0] as Outbound))).toBe(shown(hex(bytes)));
    });
  }

  it('reads what a peer in another language has sent', () => {
    // The MessagePackRpc of spyne, in both directions; its names are bytes.
    expect(read(hex('940007a3616464920228'))).toEqual([
      { kind: 'call', id: 7, method: 'add', args: [2, 40], named: false, batch: undefined },
    ]);
    expect(read(hex('940007c403616464920228'))).toMatchObject([{ kind: 'call', id: 7, method: 'add', args: [2, 40] }]);
    // Neovim answers nvim_get_current_buf() with an extension of its own, and `nvim_command('x')` with a pair.
    expect(read(hex('940103c0c70100 05'))).toEqual([
      { kind: 'reply', id: 3, value: new Extension(0, Uint8Array.of(5)) },
    ]);
    expect(read(pack([1, 4, [0, 'E492: Not an editor command: x'], null]))).toEqual([
      { kind: 'fault', id: 4, error: { code: 0, message: 'E492: Not an editor command: x' } },
    ]);
    expect(read(pack([2, 'redraw', { rows: 3 }]))).toMatchObject([{ named: true, args: [{ rows: 3 }] }]);
  });

  it('writes every message so that another MessagePack library reads it', () => {
    const value = { a: [1, -1, 1.5, 2 ** 40, -(2 ** 40), 'ä'.repeat(300), null, true, { b: Uint8Array.of(1) }] };
    const [kind, id, error, result] = new Unpackr({ useRecords: false, int64AsType: 'number' } as object).unpack(
      codec.encode({ kind: 'reply', id: 5, value }) as Uint8Array,
    );
    expect([kind, id, error]).toEqual([1, 5, null]);
    expect({ a: [...result.a.slice(0, -1), { b: Uint8Array.from(result.a.at(-1).b) }] }).toEqual(value);
  });

  it('keeps the error of a peer that is not Obverse, whatever it is', () => {
    for (const [error, body] of [
      ['no', { code: Code.Application, message: 'no' }],
      [[7, 'no'], { code: 7, message: 'no' }],
      [['Kind', 'no', { a: 1 }], { code: Code.Application, message: 'no', data: { a: 1 } }],
      [
        { code: 7, message: 'no' },
        { code: 7, message: 'no' },
      ],
      [
        { message: 'no', data: null },
        { code: Code.Application, message: 'no', data: null },
      ],
      [-32_601, { code: -32_601, message: 'the call failed with the error -32601' }],
      [false, { code: Code.Application, message: 'the call failed; its data holds the error', data: false }],
      [{ faultcode: 'x' }, { code: Code.Application, data: { faultcode: 'x' } }],
    ] as const) {
      expect(read(pack([1, 9, error, null]))).toMatchObject([{ kind: 'fault', id: 9, error: body }]);
    }
  });

  it('returns all messages of a frame, and a bad message in its place', () => {
    const good = hex('940007a3616464920228');
    const id = (value: unknown) => ({ kind: 'bad', id: value, error: { code: Code.InvalidRequest } });
    for (const [bytes, answer] of [
      [pack('hello'), id(null)],
      [pack([]), id(null)],
      [pack([3, 4, 'add', []]), id(null)],
      [pack([0, 4, 'add']), id(4)],
      [pack([0, 4, 5, []]), id(4)],
      [pack([0, 4, 'add', 'text']), id(4)],
      [pack([0, {}, 'add', []]), id(null)],
      [pack([1, 4, null]), { kind: 'fault', id: 4, error: { code: Code.Application } }],
      [pack([2, 'add', [], 1]), id(null)],
      [pack([2, null, []]), id(null)],
      // A key that is a list: the values are valid, so the next message is found.
      [hex('94 00 04 a3616464 91 81 9001'), id(4)],
      [hex('93 02 a3616464 91 81 9001'), id(null)],
    ] as const) {
      expect(read(good, bytes, good)).toMatchObject([{ id: 7 }, answer, { id: 7 }]);
    }
  });

  it('returns the messages before a place that is not MessagePack', () => {
    for (const [bytes, what] of [
      ['940007a36164', /ends inside a value/],
      ['940007a361646492', /ends inside a value/],
      ['940007a3616464dfffffffff', /ends inside a value/],
      ['940007a3616464ddffffffff', /ends inside a value/],
      ['940007a3616464c6ffffffff', /ends inside a value/],
      ['940007a361646491c7045300', /ends inside a value/],
      ['940007a361646491c1', /the byte c1 does not begin a value/],
      ['94010ac081a178c1', /the byte c1 does not begin a value/],
    ] as const) {
      const given: Message[] = [];
      const broken = () => codec.decode(Buffer.concat([hex('94010ac001'), hex(bytes)]), (m) => given.push(m), false);
      expect(broken).toThrow(ProtocolError);
      expect(broken).toThrow(what);
      const first = { kind: 'reply', id: 10, value: 1 };
      expect(given).toEqual([first, first]);
    }
  });

  it('joins frames by concatenation', () => {
    const frames = [codec.encode(call({})), codec.encode({ kind: 'reply', id: 1, value: 'x' })] as Uint8Array[];
    expect(shown(codec.join?.(frames))).toBe(frames.map(shown).join(''));
  });
});

describe('msgpack as a codec', () => {
  it('says hello by default', () => {
    expect(msgpack(parseAddress('msgpack')).hello).toBe(true);
    expect(msgpack(parseAddress('msgpack?hello=off')).hello).toBe(false);
    expect(() => msgpack(parseAddress('msgpack?helo=off'))).toThrow(UsageError);
  });

  it('does not answer a frame that it cannot read', () => {
    expect(codec.answersUnreadable).toBe(false);
  });

  it('can encode a call while another is encoded', () => {
    let inner: unknown;
    const toJSON = (): unknown => {
      inner = codec.encode({ kind: 'reply', id: 2, value: 'inner' });
      return [inner, 1];
    };
    const outer = codec.encode({ kind: 'reply', id: 1, value: ['before', { toJSON }, 'after'] });
    expect(read(inner as Uint8Array)).toEqual([{ kind: 'reply', id: 2, value: 'inner' }]);
    expect(read(outer as Uint8Array)).toEqual([
      { kind: 'reply', id: 1, value: ['before', [Uint8Array.from(inner as Uint8Array), 1], 'after'] },
    ]);
  });

  it('can read a frame while another is read', () => {
    const first = codec.encode({ kind: 'reply', id: 1, value: 'first' }) as Uint8Array;
    const second = codec.encode({ kind: 'reply', id: 2, value: 'second' }) as Uint8Array;
    const given: unknown[] = [];
    codec.decode(
      Buffer.concat([first, first]),
      (message) => {
        given.push(message.id);
        codec.decode(second, (other) => given.push(other.id), false);
      },
      false,
    );
    expect(given).toEqual([1, 2, 1, 2]);
  });
});
