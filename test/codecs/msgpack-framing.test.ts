import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import msgpack from '../../codecs/msgpack.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Frame, Framing, FramingFactory, Message } from '../../src/contract/contract.js';
import { Code, ProtocolError, UsageError } from '../../src/contract/errors.js';
import { testFraming } from '../../src/testing/framing.js';

const codec = msgpack(parseAddress('msgpack'));
const make = codec.framing as FramingFactory;
const { pack } = new Packr({ useRecords: false, variableMapSize: true });
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

testFraming(
  { describe, it },
  {
    name: 'self',
    make,
    form: 'bytes',
    merges: true,
    frame: (random, bytes) => {
      if (bytes < 3) return pack(random.int(-30, 8));
      if (random.next() < 0.3) return pack(new Uint8Array(bytes));
      const values: unknown[] = [];
      for (let size = 0; size < bytes; ) {
        const value = random.next() < 0.5 ? random.value(2) : random.bytes(200);
        values.push(value);
        size += pack(value).length;
      }
      return pack(values);
    },
  },
);

/** The frames of a stream that is cut into chunks of the given sizes, by turns. */
function through(framing: Framing, stream: Uint8Array, sizes: readonly number[]): Frame[] {
  const given: Frame[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const to = at + (sizes[turn % sizes.length] as number);
    framing.push(Uint8Array.from(stream.subarray(at, to)), (frame) => given.push(frame));
    at = to;
  }
  framing.end((frame) => given.push(frame));
  return given;
}

it('passes on each message as a frame of its own if it is asked to', () => {
  const messages = [pack('one'), pack({ two: [1, 2, 3] }), pack(new Uint8Array(300)), pack(null), pack('five')];
  const stream = Buffer.concat(messages);
  for (let size = 1; size <= stream.length; size++)
    expect(
      through(make('bytes', 1_000, true), stream, [size]).map((frame) => Buffer.from(frame as Uint8Array)),
    ).toEqual(messages);
});

/** One value for each token, with the size as wide as the token specifies. */
const everyToken = (() => {
  const values: Buffer[] = [];
  const body = (size: number): string => '2a'.repeat(size);
  for (const [token, width, unit, extra] of [
    ...([0xc4, 0xd9] as const).flatMap((t) => [0, 1, 2].map((w) => [t + w, 2 ** w, 1, ''] as const)),
    ...[0, 1, 2].map((w) => [0xc7 + w, 2 ** w, 1, '05'] as const),
    ...[0, 1].map((w) => [0xdc + w, 2 ** (w + 1), 1, ''] as const),
    ...[0, 1].map((w) => [0xde + w, 2 ** (w + 1), 2, ''] as const),
  ]) {
    for (const size of [0, 1, 40]) {
      values.push(hex(token.toString(16) + size.toString(16).padStart(2 * width, '0') + extra + body(unit * size)));
    }
  }
  for (const text of ['00', '7f', 'e0', 'ff', 'c0', 'c2', 'c3', '80', `8f${body(30)}`, '90', `9f${body(15)}`, 'a0']) {
    values.push(hex(text));
  }
  for (const [token, size] of [
    [0xca, 4],
    [0xcb, 8],
    [0xcc, 1],
    [0xcd, 2],
    [0xce, 4],
    [0xcf, 8],
  ] as const) {
    values.push(hex(token.toString(16) + body(size)));
  }
  for (const [token, size] of [
    [0xd0, 1],
    [0xd1, 2],
    [0xd2, 4],
    [0xd3, 8],
  ] as const) {
    values.push(hex(token.toString(16) + body(size)));
  }
  for (let power = 0; power < 5; power++) values.push(hex((0xd4 + power).toString(16) + body(1 + 2 ** power)));
  return [...values, hex(`bf${body(31)}`)];
})();

describe('the framing of msgpack', () => {
  it('finds the end of every kind of value, wherever the stream is cut', () => {
    const one = hex('01');
    for (const value of everyToken) {
      // In a list with another value after it: its end is only known if its size is.
      const message = Buffer.concat([hex('92'), value, one]);
      for (let cut = 1; cut <= message.length; cut++) {
        const framing = make('bytes', 1_000);
        const given: Buffer[] = [];
        const give = (frame: Frame) => given.push(Buffer.from(frame as Uint8Array));
        framing.push(message.subarray(0, cut), give);
        if (cut < message.length) {
          expect(given).toEqual([]);
          framing.push(Buffer.concat([message.subarray(cut), one]), give);
        } else framing.push(one, give);
        framing.end(give);
        expect(given).toEqual([message, one]);
      }
    }
  });

  it('returns the messages of any values, however the stream is cut', () => {
    const value = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.integer(),
        fc.double(),
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constantFrom(null, true, false, 'ä'.repeat(70), 'x'.repeat(70_000), new Uint8Array(70_000)),
        fc.uint8Array({ maxLength: 300 }),
        fc.date(),
        fc.bigInt(),
        fc.array(tie('any'), { maxLength: 40 }),
        fc.dictionary(fc.string(), tie('any'), { maxKeys: 40 }),
        fc.array(tie('any')).map((items) => new Set(items)),
        fc.array(fc.tuple(tie('any'), tie('any'))).map((pairs) => new Map(pairs)),
      ),
    })).any;
    const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 90_000 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), cuts, (values, sizes) => {
        const frames = values.map((one, at) => codec.encode({ kind: 'reply', id: at, value: one }));
        const stream = make('bytes', 1e8).wrap(frames) as Uint8Array;
        const given = through(make('bytes', 1e8), stream, sizes);
        expect(Buffer.concat(given as Uint8Array[]).equals(stream)).toBe(true);
        const ids: unknown[] = [];
        for (const frame of given) codec.decode(frame, (message: Message) => ids.push(message.id), false);
        expect(ids).toEqual(values.map((_, at) => at));
      }),
      { numRuns: 150 },
    );
  });

  it('returns all messages of a chunk as one frame, without a copy', () => {
    const chunk = Buffer.concat([pack([1]), pack([2]), pack('three')]);
    const given: Frame[] = [];
    make('bytes', 1_000).push(chunk, (frame) => given.push(frame));
    expect(given).toEqual([chunk]);
    expect(given[0]).toBe(chunk);
  });

  it('never makes a frame of several messages larger than their bound', () => {
    const given: Frame[] = [];
    make('bytes', 10).push(Buffer.concat(Array.from({ length: 9 }, () => pack('abc'))), (frame) => given.push(frame));
    expect(given.map((frame) => frame.length)).toEqual([8, 8, 8, 8, 4]);
  });

  it('applies the bound exactly to a message of many small values, wherever it is cut', () => {
    const message = pack(Array.from({ length: 15 }, (_, at) => (at % 3 === 0 ? at : 'x'.repeat(at))));
    for (let size = 1; size <= message.length; size++) {
      expect(Buffer.concat(through(make('bytes', message.length), message, [size]) as Uint8Array[])).toEqual(message);
      const given: Frame[] = [];
      const framing = make('bytes', message.length - 1);
      const push = (): void => {
        for (let at = 0; at < message.length; at += size)
          framing.push(message.subarray(at, at + size), (frame) => given.push(frame));
      };
      expect(push).toThrow(ProtocolError);
      expect(given).toEqual([]);
      expect(framing.held).toBe(0);
    }
  });

  it('accepts bytes only', () => {
    expect(() => make('text', 10)).toThrow(UsageError);
  });

  it('refuses a stream that ends in the middle of a message', () => {
    for (const part of ['92', '9201', 'a5', 'c5', 'c501', 'c70505', 'cb00']) {
      const framing = make('bytes', 1_000);
      framing.push(hex(part), () => {});
      expect(() => framing.end(() => {})).toThrow(ProtocolError);
    }
  });

  for (const [attack, header] of [
    ['bytes of 4 GB', 'c6ffffffff'],
    ['a string of 4 GB', 'dbffffffff'],
    ['an extension of 4 GB', 'c9ffffffff05'],
    ['a list of 2^32 values', 'ddffffffff'],
    ['a map of 2^32 pairs', 'dfffffffff'],
    ['lists of 65,535 lists', 'dcffff'.repeat(20)],
    ['a list within lists', '91'.repeat(1_001)],
  ] as const) {
    it(`refuses ${attack} by the header alone`, () => {
      for (const step of [1, 3, 10_000]) {
        const framing = make('bytes', 1_000);
        const bytes = hex(header);
        const push = () => {
          for (let at = 0; at < bytes.length; at += step) framing.push(bytes.subarray(at, at + step), () => {});
        };
        expect(push).toThrow(expect.objectContaining({ name: 'ProtocolError', code: Code.TooLarge }));
      }
    });
  }

  it('allocates no more for an announced size than the sender has sent', () => {
    const framings = Array.from({ length: 200 }, () => make('bytes', 2 ** 30));
    const before = process.memoryUsage().arrayBuffers;
    for (const framing of framings) {
      framing.push(hex('c63fffff00'), () => {});
      framing.push(Buffer.alloc(100), () => {});
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 10_000);
  });

  it('refuses a byte that begins no value, wherever it is, and returns what came before', () => {
    for (const cut of [1, 2, 3, 4, 100]) {
      const given: Frame[] = [];
      const framing = make('bytes', 1_000);
      const stream = hex('9101 9201c1');
      const push = () => {
        for (let at = 0; at < stream.length; at += cut)
          framing.push(stream.subarray(at, at + cut), (f) => given.push(f));
      };
      expect(push).toThrow(expect.objectContaining({ name: 'ProtocolError', code: Code.ParseError }));
      expect(Buffer.concat(given as Uint8Array[])).toEqual(hex('9101'));
    }
  });
});
