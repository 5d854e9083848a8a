import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import msgpack, { Extension } from '../../codecs/msgpack.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Frame, FramingFactory, Message } from '../../src/contract/contract.js';

const codec = msgpack(parseAddress('msgpack'));
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** The head of the answers that carry values here, and its length. */
const HEAD = '940105c0';

function decode(frame: Frame): unknown {
  const given: Message[] = [];
  codec.decode(frame, (message) => given.push(message), false);
  expect(given).toHaveLength(1);
  return (given[0] as { value?: unknown }).value;
}

const encode = (value: unknown): Uint8Array => codec.encode({ kind: 'reply', id: 5, value }) as Uint8Array;
const written = (value: unknown): string => Buffer.from(encode(value).subarray(4)).toString('hex');
const read = (bytes: string): unknown => decode(hex(HEAD + bytes));
const back = (value: unknown): unknown => decode(Buffer.from(encode(value)));

const other = new Packr({ useRecords: false, variableMapSize: true });
const richer = new Packr({ useRecords: false, variableMapSize: true, moreTypes: true });

const json = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(
      fc.integer({ min: -70_000, max: 70_000 }),
      fc.integer(),
      fc.double().map((n) => n + 0),
    ),
    fc.string({ unit: 'grapheme', maxLength: 50 }),
    fc.constantFrom<unknown>(null, true, false, 'ä'.repeat(70), 'x'.repeat(40_000), '漢'.repeat(30_000)),
    fc.array(tie('any'), { maxLength: 20 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('any'),
      { maxKeys: 20, noNullPrototype: true },
    ),
  ),
})).any;

describe('values of MessagePack', () => {
  it('are read by another implementation', () => {
    const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });
    fc.assert(
      fc.property(json, (value) => {
        const [, , , result] = unpackr.unpack(encode(value));
        expect(result).toEqual(value);
      }),
    );
  });

  it('are read as another implementation writes them', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(decode(other.pack([1, 5, null, value]))).toEqual(other.unpack(other.pack(value)));
      }),
    );
  });

  it('are written in the shortest form', () => {
    for (const [value, bytes] of [
      [0, '00'],
      [127, '7f'],
      [128, 'cc80'],
      [255, 'ccff'],
      [256, 'cd0100'],
      [65_536, 'ce00010000'],
      [2 ** 32 - 1, 'ceffffffff'],
      [2 ** 53, 'cb4340000000000000'],
      [-1, 'ff'],
      [-32, 'e0'],
      [-33, 'd0df'],
      [-129, 'd1ff7f'],
      [-32_769, 'd2ffff7fff'],
      [-(2 ** 31), 'd280000000'],
      [0.5, 'cb3fe0000000000000'],
      [Number.NaN, 'cb7ff8000000000000'],
      ['', 'a0'],
      ['ä', 'a2c3a4'],
      ['ä'.repeat(16), `d920${'c3a4'.repeat(16)}`],
      ['x'.repeat(31), `bf${'78'.repeat(31)}`],
      ['x'.repeat(32), `d920${'78'.repeat(32)}`],
      ['x'.repeat(256), `da0100${'78'.repeat(256)}`],
      [[null, true, false, undefined], '94c0c3c2c0'],
      [Array.from({ length: 16 }, () => 1), `dc0010${'01'.repeat(16)}`],
      [{}, '80'],
      [Uint8Array.of(), 'c400'],
      [Buffer.alloc(256), `c50100${'00'.repeat(256)}`],
    ] as const) {
      expect(written(value)).toBe(bytes);
      expect(read(bytes)).toEqual(Array.isArray(value) ? value.map((one) => one ?? null) : plainBytes(value));
    }
  });

  it('of 64-bit integers are a BigInt if a number cannot hold them, otherwise a number', () => {
    expect(read('cf001fffffffffffff')).toBe(2 ** 53 - 1);
    expect(read('cf0020000000000001')).toBe(2n ** 53n + 1n);
    expect(read('cfffffffffffffffff')).toBe(2n ** 64n - 1n);
    expect(read('d3ffffffffffffffff')).toBe(-1);
    expect(read('d3ffdfffffffffffff')).toBe(-(2n ** 53n) - 1n);
    expect(read('d38000000000000000')).toBe(-(2n ** 63n));
    expect(read('d1ff7f')).toBe(-129);
    expect(read('ca3fc00000')).toBe(1.5);
  });

  it('omit fields that are undefined, and no others', () => {
    expect(written({ a: undefined, b: 1, c: undefined, d: null })).toBe('82a16201a164c0');
    for (const size of [16, 70_000]) {
      const fields = Object.fromEntries(Array.from({ length: size }, (_, at) => [`f${at}`, at % 2 || undefined]));
      expect(back(fields)).toEqual(JSON.parse(JSON.stringify(fields)));
    }
  });

  it('of a class are the result of toJSON, or the fields', () => {
    class Point {
      x = 1;
      y = [2];
    }
    expect(back([new Point(), new URL('http://a/'), Object.create(null), { toJSON: () => 7 }])).toEqual([
      { x: 1, y: [2] },
      'http://a/',
      {},
      7,
    ]);
  });

  it('that cannot be encoded fail the call, with a reason', () => {
    const cycle: Record<string, unknown> = {};
    cycle.within = [new Map([[1, new Set([cycle])]])];
    for (const [value, reason] of [
      [() => {}, /a function cannot be sent/],
      [{ at: [Symbol('s')] }, /a symbol cannot be sent/],
      [cycle, /nested .* cannot contain themselves/],
    ] as const) {
      expect(() => encode(value)).toThrow(reason);
    }
    expect(back('still well')).toBe('still well');
  });

  it('have no key __proto__, whatever its type on the wire', () => {
    for (const key of ['a95f5f70726f746f5f5f', 'd9095f5f70726f746f5f5f']) {
      const value = read(`82${key}81a178 01 a16102`);
      expect(Object.keys(value as object)).not.toContain('__proto__');
      expect(value).toMatchObject({ a: 2 });
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }
    expect(read('83 0101 ff02 c303')).toEqual({ 1: 1, '-1': 2, true: 3 });
  });
});

function plainBytes(value: unknown): unknown {
  return Buffer.isBuffer(value) ? new Uint8Array(value) : value;
}

describe('extensions of MessagePack', () => {
  for (const [value, bytes] of [
    [new Date(0), 'd6ff00000000'],
    [new Date(1_234_567_890_000), 'd6ff499602d2'],
    [new Date(1_234_567_890_123), 'd7ff1d535300499602d2'],
    [new Date(2 ** 32 * 1000), 'c70cff000000000000000100000000'],
    [new Date(-1), 'c70cff3b8b87c0ffffffffffffffff'],
    [new Date(8.64e15), 'c70cff00000000000007dba8218000'],
    [new Date(Number.NaN), 'd4ffff'],
    [0n, 'd44200'],
    [-1n, 'd442ff'],
    [127n, 'd4427f'],
    [128n, 'd5420080'],
    [-129n, 'd542ff7f'],
    [2n ** 53n, 'c7074220000000000000'],
    [-(2n ** 53n), 'c70742e0000000000000'],
    [2n ** 53n + 1n, 'd30020000000000001'],
    [2n ** 64n - 1n, 'cfffffffffffffffff'],
    [2n ** 64n, 'd84200000000000000010000000000000000'],
    [-(2n ** 63n), 'd38000000000000000'],
    [-(2n ** 63n) - 1n, 'd842ffffffffffffffff7fffffffffffffff'],
    [
      new Map<unknown, unknown>([
        ['a', 1],
        [2, null],
      ]),
      'c7064d94a1610102c0',
    ],
    [new Set([1, 'a']), 'd6539201a161'],
    [Int8Array.of(-1), 'd57400ff'],
    [Uint16Array.of(1, 256), 'c70574040100' + '0001'],
    [Float32Array.of(1.5), 'c70574070000c03f'],
    [BigInt64Array.of(-2n), 'c7097409feffffffffffffff'],
    [Uint8Array.of(1, 2).buffer, 'c70374100102'],
    [new DataView(Uint8Array.of(9, 1, 2, 9).buffer, 1, 2), 'c70374110102'],
    [new Extension(5, Uint8Array.of(1, 2, 3)), 'c70305010203'],
    [new Extension(-128, new Uint8Array(16)), `d880${'00'.repeat(16)}`],
  ] as const) {
    it(`write ${Object.prototype.toString.call(value).slice(8, -1)} as ${bytes}`, () => {
      expect(written(value)).toBe(bytes);
      expect(read(bytes)).toEqual(value instanceof DataView ? new DataView(Uint8Array.of(1, 2).buffer) : value);
    });
  }

  it('are those of msgpackr where it has them', () => {
    const date = fc.date({ min: new Date(1), noInvalidDate: true });
    fc.assert(
      fc.property(fc.bigInt(), date, fc.float32Array(), fc.bigInt64Array(), (big, time, floats, ints) => {
        for (const value of [2n ** 66n + (big << 70n), floats, ints, time]) {
          expect(richer.unpack(encode(value))[3]).toEqual(value);
          expect(read(richer.pack(value).toString('hex'))).toEqual(value);
        }
      }),
    );
  });

  it('carry whatever an instance of their class can hold', () => {
    const dates = fc.date({ noInvalidDate: false });
    const values = fc.oneof(fc.bigInt(), fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), dates, fc.float64Array());
    const within = fc.array(fc.tuple(fc.oneof(values, fc.string()), values));
    fc.assert(
      fc.property(within, (pairs) => {
        const value = { map: new Map(pairs), sets: [new Set(pairs.map(([key]) => key)), new Set([new Map(pairs)])] };
        expect(back(value)).toEqual(value);
      }),
    );
  });

  it('of any width and of a wrong size are read, or kept as they are', () => {
    expect(read('c8 0003 53 920102')).toEqual(new Set([1, 2]));
    expect(read('d4 53 90')).toEqual(new Set());
    expect(read('c8 0003 42 000005')).toBe(5n);
    expect(read('c7 00 42')).toBe(0n);
    expect(read('c7 04 74 04 010203')).toEqual(new Extension(0x74, Uint8Array.of(4, 1, 2, 3)));
    expect(read('d4 74 0b')).toEqual(new Extension(0x74, Uint8Array.of(11)));
    expect(back([read('d4 05 07')])).toEqual([new Extension(5, Uint8Array.of(7))]);
  });
});

describe('bytes of MessagePack', () => {
  it('belong to the receiver, and keep no larger buffer alive', () => {
    for (const size of [1, 100, 60_000, 200_000]) {
      const frame = Buffer.from(encode([new Uint8Array(size).fill(1), Float64Array.of(1), 'after']));
      const [bytes, doubles] = decode(frame) as [Uint8Array, Float64Array];
      expect(bytes.buffer.byteLength).toBe(size);
      expect(doubles.buffer.byteLength).toBe(8);
      frame.fill(0xff);
      expect(bytes).toEqual(new Uint8Array(size).fill(1));
      expect(doubles[0]).toBe(1);
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    }
  });

  it('are not copied again from a frame that the framing has joined', () => {
    const framing = (codec.framing as FramingFactory)('bytes', 1e7);
    const stream = encode({ small: new Uint8Array(10), large: new Uint8Array(1_000_000).fill(7) });
    const frames: Frame[] = [];
    framing.push(Buffer.from(stream.subarray(0, 50_000)), (frame) => frames.push(frame));
    framing.push(Buffer.concat([stream.subarray(50_000), stream]), (frame) => frames.push(frame));
    expect(frames.map((frame) => frame.length)).toEqual([stream.length, stream.length]);
    const shared = frames.map((frame) => {
      const { large } = decode(frame) as { large: Uint8Array };
      expect(large.every((byte) => byte === 7)).toBe(true);
      return large.buffer === (frame as Uint8Array).buffer;
    });
    // The second one is a view of its chunk, which somebody else may hold.
    expect(shared).toEqual([true, false]);
  });

  it('of a call are copied at the call', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const frame = encode(bytes);
    bytes.fill(0);
    expect(decode(frame)).toEqual(Uint8Array.of(1, 2, 3));
  });
});
