import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuickReader } from '../../codecs/msgpack/quick-read.js';
import { quickFrame } from '../../codecs/msgpack/quick-write.js';
import { fromMessage, toMessage } from '../../codecs/msgpack/rpc.js';
import msgpack from '../../codecs/msgpack.js';
import { endOfValue } from '../../codecs/shared/msgpack/tokens.js';
import { pack, unpackAll } from '../../codecs/shared/msgpack/values.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Message, Outbound } from '../../src/contract/contract.js';

const codec = msgpack(parseAddress('msgpack'));

/** The encoding by msgpackr alone. */
const full = (message: Outbound): Uint8Array => Uint8Array.from(pack(fromMessage(message, false)));

const leaf = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom<unknown>(true, false, null, undefined, -0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31) - 1, ''),
  fc.string({ maxLength: 70 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const native = fc.oneof(
  fc.date({ noInvalidDate: false }),
  fc.date({ min: new Date(0), max: new Date(2 ** 32 * 1000) }),
  fc.uint8Array({ maxLength: 300 }),
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom<unknown>(
    5n,
    2n ** 60n,
    -(2n ** 53n),
    new Date(0),
    new Float32Array([1, 2]),
    new Map([[1, new Set([[{}]])]]),
  ),
);
const key = fc.oneof(fc.constantFrom('a', 'name', 'constructor', '__proto__', ''), fc.string({ maxLength: 40 }));
/** Nested values, about six levels deep. */
const nested = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 6 },
    { weight: 6, arbitrary: leaf },
    { weight: 1, arbitrary: native },
    { weight: 2, arbitrary: fc.dictionary(key, tie('any'), { maxKeys: 20 }) },
    { weight: 2, arbitrary: fc.array(tie('any'), { maxLength: 20 }) },
    { weight: 1, arbitrary: fc.string({ minLength: 60, maxLength: 300, unit: 'binary' }) },
    { weight: 1, arbitrary: fc.nat({ max: 400 }).map((size) => 'ä€'.repeat(size)) },
  ),
})).any;
const value = fc.oneof(
  { weight: 4, arbitrary: leaf },
  { weight: 3, arbitrary: fc.dictionary(key, leaf, { maxKeys: 20 }) },
  { weight: 2, arbitrary: nested },
  { weight: 1, arbitrary: native },
);
const id = fc.oneof(fc.nat({ max: 2 ** 31 }), fc.constantFrom(1, 128, 65_536), fc.constantFrom('a', null));
const message: fc.Arbitrary<Outbound> = fc.oneof(
  fc.record({
    kind: fc.constant('call' as const),
    id: fc.option(id, { nil: undefined }),
    method: fc.oneof(fc.constantFrom('add', 'textDocument/didOpen', 'ä'), fc.string({ maxLength: 40 })),
    args: fc.array(value, { maxLength: 20 }),
    named: fc.constant(false),
    batch: fc.constant(undefined),
  }),
  fc.record({ kind: fc.constant('reply' as const), id, value }),
  fc.record({
    kind: fc.constant('fault' as const),
    id,
    error: fc.record({ code: fc.integer(), message: fc.string(), data: leaf }),
  }),
);

/** What was read from a frame: its messages, and whether reading failed in the end. */
interface Read {
  readonly messages: readonly Message[];
  readonly lost: boolean;
}

function readQuickly(frame: Uint8Array): Read {
  const messages: Message[] = [];
  try {
    codec.decode(frame, (one) => messages.push(one), false);
  } catch {
    return { messages, lost: true };
  }
  return { messages, lost: false };
}

function readFully(frame: Uint8Array): Read {
  const messages: Message[] = [];
  try {
    return { messages: unpackAll(frame, false).map(toMessage), lost: false };
  } catch {
    try {
      for (let at = 0, end = 0; at < frame.length; at = end) {
        end = endOfValue(frame, at);
        messages.push(...readQuickly(frame.slice(at, end)).messages);
      }
    } catch {
      return { messages, lost: true };
    }
    return { messages, lost: false };
  }
}

describe('the fast path of msgpack', () => {
  it('writes the bytes that msgpackr writes', () => {
    let quick = 0;
    fc.assert(
      fc.property(message, (one) => {
        const frame = quickFrame(one);
        if (frame === undefined) return;
        quick++;
        expect(Buffer.from(frame).toString('hex')).toBe(Buffer.from(full(one)).toString('hex'));
      }),
      { numRuns: 3_000 },
    );
    expect(quick).toBeGreaterThan(300);
  });

  it('reads the messages that msgpackr reads', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (messages) => {
        const frame = Buffer.concat(messages.map(full));
        const plain = new Uint8Array(frame);
        expect(readQuickly(frame)).toEqual(readFully(plain));
        expect(readQuickly(frame).messages).toHaveLength(messages.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads damaged frames as msgpackr reads them', () => {
    // The byte 13 is the only element of the innermost set, which becomes a text that is longer than the set.
    const mapOfSet: Outbound = { kind: 'reply', id: 1, value: new Map([[1, new Set([[{}]])]]) };
    const after: Outbound = { kind: 'reply', id: 2, value: 'x'.repeat(300) };
    const damage = fc.array(
      fc.tuple(fc.nat(), fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0xc0, 0x80, 0xa1, 0xd9))),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 3 }), damage, fc.nat(), (messages, bytes, cut) => {
        const whole = Buffer.concat(messages.map(full));
        for (const [at, byte] of bytes) whole[at % whole.length] = byte;
        for (const frame of [whole, whole.subarray(0, cut % whole.length)]) {
          expect(readQuickly(frame)).toEqual(readFully(new Uint8Array(frame)));
        }
      }),
      { numRuns: 5_000, examples: [[[mapOfSet, after], [[13, 0xd9]], 0]] },
    );
  });

  it('reads nearly all messages, and stops at the first that contains something else', () => {
    const call = { kind: 'call', id: 1, method: 'add', args: [1, 2], named: false, batch: undefined } as const;
    const frames = [
      call,
      { ...call, id: undefined, args: [{ from: 'ann', text: 'x'.repeat(60), at: 0.5 }] },
      { kind: 'reply', id: 7, value: { a: true } } as const,
      { ...call, method: 'textDocument/didOpen', id: 70_000 },
    ].map((one) => quickFrame(one) as Uint8Array);
    expect(frames).not.toContain(undefined);
    const start = Buffer.concat(frames);
    const reader = new QuickReader(Buffer.concat([start, full({ ...call, args: [{ ['__proto__']: 1 }] }), start]));
    for (let count = 0; count < frames.length; count++) expect(reader.message()).toBeDefined();
    expect(reader.message()).toBeUndefined();
    expect(reader.at).toBe(start.length);
  });

  it('does not change earlier frames when its buffer is full', () => {
    const made = Array.from({ length: 5_000 }, (_, at) => {
      const one = { kind: 'reply', id: at, value: 'x'.repeat(at % 64) } as const;
      return [full(one), quickFrame(one) as Uint8Array] as const;
    });
    for (const [wanted, frame] of made) expect(Buffer.compare(frame, wanted)).toBe(0);
  });

  const reply = (value: unknown): Outbound => ({ kind: 'reply', id: 1, value });

  it('writes and reads large values, and keeps none of their memory for later messages', () => {
    for (const value of [
      'x'.repeat(300_000),
      'ä'.repeat(70_000),
      Array.from({ length: 70_000 }, (_, at) => at * 1_000),
      Object.fromEntries(Array.from({ length: 66_000 }, (_, at) => [`field ${at}`, [at]])),
    ]) {
      const frame = quickFrame(reply(value)) as Uint8Array;
      expect(Buffer.compare(frame, full(reply(value)))).toBe(0);
      expect(new QuickReader(frame).message()).toEqual({ kind: 'reply', id: 1, value });
      expect(quickFrame(reply(1))?.buffer.byteLength).toBeLessThanOrEqual(64 * 1024);
    }
  });

  it('counts how deep the values of a message are nested', () => {
    const levels = (message: Outbound): number => {
      const reader = new QuickReader(full(message));
      expect(reader.message()).toBeDefined();
      return reader.levels;
    };
    expect(levels(reply(1))).toBe(0);
    expect(levels(reply([]))).toBe(1);
    expect(levels(reply({ a: [1, {}], b: 'x' }))).toBe(3);
    expect(levels({ kind: 'call', id: 1, method: 'm', args: [], named: false, batch: undefined })).toBe(1);
    expect(levels({ kind: 'call', id: 1, method: 'm', args: [1, [[]]], named: false, batch: undefined })).toBe(3);
  });

  it('leaves deep, circular, and hugely shared values to msgpackr', () => {
    const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
    expect(quickFrame(reply(deep(64)))).toBeDefined();
    expect(quickFrame(reply(deep(65)))).toBeUndefined();
    expect(new QuickReader(full(reply(deep(65)))).message()).toBeUndefined();
    const circle: unknown[] = [];
    circle.push(circle);
    expect(quickFrame(reply(circle))).toBeUndefined();
    let shared: unknown = { text: 'x'.repeat(100) };
    for (let level = 0; level < 40; level++) shared = [shared, shared];
    expect(quickFrame(reply(shared))).toBeUndefined();
    const text = 'x'.repeat(1_000_000);
    expect(quickFrame(reply(new Array(1_000_000).fill(text)))).toBeUndefined();
    expect(Buffer.from(quickFrame(reply('after')) as Uint8Array)).toEqual(Buffer.from(full(reply('after'))));
  });

  it('allocates nothing for values that are announced and missing', () => {
    for (const head of ['dd7fffffff', 'df7fffffff', 'dcffff', 'deffff', 'db7fffffff', 'daffff']) {
      expect(new QuickReader(Buffer.from(`940101c0${head}01`, 'hex')).message()).toBeUndefined();
    }
  });

  it('keeps a message intact if a getter sends another, or throws', () => {
    let inner: Uint8Array | undefined;
    const sends = {
      before: 'b'.repeat(40),
      get sent(): number {
        inner = codec.encode(reply(['inner'])) as Uint8Array;
        return 5;
      },
      after: [1],
    };
    expect(Buffer.from(quickFrame(reply(sends)) as Uint8Array)).toEqual(
      Buffer.from(full(reply({ before: 'b'.repeat(40), sent: 5, after: [1] }))),
    );
    expect(Buffer.from(inner as Uint8Array)).toEqual(Buffer.from(full(reply(['inner']))));
    const throws = {
      get bad(): number {
        throw new Error('no');
      },
    };
    expect(() => quickFrame(reply(throws))).toThrow('no');
    expect(Buffer.from(quickFrame(reply('after')) as Uint8Array)).toEqual(Buffer.from(full(reply('after'))));
  });
});
