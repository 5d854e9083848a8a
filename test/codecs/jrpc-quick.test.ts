import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, whole } from '../../codecs/jrpc/decode.js';
import { type Dialect, dialects, strict } from '../../codecs/jrpc/dialects.js';
import { encode } from '../../codecs/jrpc/encode.js';
import { quick } from '../../codecs/jrpc/quick.js';
import type { Message, Outbound } from '../../src/contract/contract.js';
import { Random } from '../../src/testing/random.js';

const FRAMES = Number(process.env.OBVERSE_MUTATIONS ?? 50_000);

/** What a reader returns, or the name of what it throws. */
function outcome(way: typeof whole, frame: string, dialect: Dialect): unknown {
  const given: Message[] = [];
  try {
    way(frame, (message) => given.push(message), false, dialect);
  } catch (error) {
    return { given, threw: (error as Error).name };
  }
  return { given };
}

function same(frame: string, dialect: Dialect = strict): void {
  const [fast, full] = [outcome(decode, frame, dialect), outcome(whole, frame, dialect)];
  if (!isDeepStrictEqual(fast, full)) expect(fast, frame).toStrictEqual(full);
}

const frames: readonly Outbound[] = [
  { kind: 'call', id: 1, method: 'add', args: [1, 2], named: false, batch: undefined },
  {
    kind: 'call',
    id: 65_537,
    method: 'room.join',
    args: [{ name: 'ann "x"', list: [1, null] }],
    named: true,
    batch: undefined,
  },
  { kind: 'call', id: 10, method: 'get', args: [], named: false, batch: undefined },
  { kind: 'call', id: undefined, method: 'said', args: [{ from: 'ann', text: '' }], named: true, batch: undefined },
  { kind: 'call', id: undefined, method: 'tick', args: [], named: false, batch: undefined },
  { kind: 'reply', id: 3, value: 42 },
  { kind: 'reply', id: 123_456, value: { id: 2, result: [0, -1, 1.5e3, true] } },
  { kind: 'reply', id: 0, value: 'text' },
  { kind: 'reply', id: 12, value: null },
  { kind: 'fault', id: 4, error: { code: -32_601, message: 'Method not found' } },
];

const pieces = [
  ...[
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    ' ',
    '\t',
    '\n',
    '0',
    '1',
    '9',
    '00',
    '-',
    '.',
    'e5',
    '\u0001',
    '\u007f',
    'ä',
  ],
  ...['"id":1', '"id":2,', ',"id":3', ',"id":"x"', ',"result":1', '"result":', '"method":"m"', ',"method":"m"'],
  ...['"params":', ',"params":[1]', ',"params":{}', ',"params":null', ',"jsonrpc":"2.0"', '{"jsonrpc":"2.0",'],
  ...[
    ',"error":{}',
    ',"error":null',
    '"__proto__":{"a":1},',
    '\\u005f',
    '\\u006d',
    'null',
    'true',
    '[]',
    '{}',
    '""',
    ']}',
  ],
] as const;

function mutated(random: Random): string {
  let frame = encode(random.of(frames as [Outbound, ...Outbound[]]));
  for (let times = random.int(1, 3); times > 0; times--) {
    const from = random.int(0, frame.length);
    const to = Math.min(frame.length, from + random.of([0, 0, 0, 1, 1, 2, 5]));
    const piece =
      random.next() < 0.2 ? frame.slice(random.int(0, from), to) : random.next() < 0.3 ? '' : random.of(pieces);
    frame = frame.slice(0, from) + piece + frame.slice(to);
  }
  return frame;
}

describe('the fast path reads the same as full parsing', () => {
  it(`for ${FRAMES} frames of which a piece was changed`, () => {
    const random = new Random(20_251);
    let quickly = 0;
    for (let count = 0; count < FRAMES; count++) {
      const frame = mutated(random);
      if (quick(frame) !== undefined) quickly++;
      same(frame, count % 5 === 0 ? dialects.lsp : strict);
    }
    // Otherwise the mutations are too destructive to prove anything.
    expect(quickly).toBeGreaterThan(FRAMES / 20);
    expect(quickly).toBeLessThan(FRAMES / 2);
  }, 300_000);

  it('for any value in any place', () => {
    const id = fc.oneof(fc.nat(), fc.integer(), fc.string(), fc.double(), fc.maxSafeInteger(), fc.constant(null));
    fc.assert(
      fc.property(id, fc.string({ unit: 'binary' }), fc.json(), (id, method, json) => {
        same(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${json}}`);
        same(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)},"params":${json}}`);
        same(`{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${json}}`);
        same(`{"jsonrpc":"2.0","id":${id},"method":"${method}"}`);
        same(`{"jsonrpc":"2.0","method":"${method}","params":[${json}]}`);
      }),
      { numRuns: 500 },
    );
  });

  const results = [
    '1',
    '01',
    '-0',
    '123456789',
    '1234567890',
    // More digits than a number can hold: adding them up one by one gets the last one wrong.
    '32749351997686134',
    '9742600817926588258',
    '0',
    '00',
    '',
    ' ',
    ' 1',
    '1 ',
    '1.5',
    '1/2',
    '1:2',
    '+1',
    '1,"id":2',
    '1}',
  ];
  const tricks: readonly string[] = [
    ...results.map((result) => `{"jsonrpc":"2.0","id":1,"result":${result}}`),
    ...['0', '00', '01', '-1', '1.0', '1e2', '123456789012345', '1234567890123456', '', '"1"', ' 1', '1 '].flatMap(
      (id) => [`{"jsonrpc":"2.0","id":${id},"result":1}`, `{"jsonrpc":"2.0","id":${id},"method":"m"}`],
    ),
    '{"jsonrpc":"2.0","id":1,"result":1,"id":2}',
    '{"jsonrpc":"2.0","id":1,"result":1,"result":2}',
    '{"jsonrpc":"2.0","id":1,"result":1,"error":null}',
    '{"jsonrpc":"2.0","id":1,"result":1,"method":"m"}',
    '{"jsonrpc":"2.0","id":1,"result":{},"jsonrpc":"1.0"}',
    '{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}',
    '{"jsonrpc":"2.0","id":1,"method":"a","params":[1],"params":[2]}',
    '{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":1},"method":"b"}',
    '{"jsonrpc":"2.0","id":1,"method":"a","params":[1],"id":"2"}',
    '{"jsonrpc":"2.0","method":"a","params":[1],"id":3}',
    '{"jsonrpc":"2.0","method":"a","id":3}',
    '{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}',
    '{"jsonrpc":"2.0","id":1,"method":"a\tb"}',
    ...['\u0000', '\u001f', ' ', '\u007f'].map((letter) => `{"jsonrpc":"2.0","id":1,"method":"a${letter}b"}`),
    '{"jsonrpc":"2.0","id":1,"method":"a\\u0062"}',
    '{"jsonrpc":"2.0","id":1,"method":"a\\"}',
    '{"jsonrpc":"2.0","id":1,"method":"a"}}',
    '{"jsonrpc":"2.0","id":1,"method":"a',
    '{"jsonrpc":"2.0","id":1,"method":"}',
    '{"jsonrpc":"2.0","id":1,"method":"a"]',
    '{"jsonrpc":"2.0","id":1,"method":"a","params":null}',
    '{"jsonrpc":"2.0","id":1,"method":"a","params":"x"}',
    '{"jsonrpc":"2.0","id":1,"method":"a","params":}',
    '{"jsonrpc":"2.0",}',
    '{"jsonrpc":"2.0","id":}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"result":1} ',
    '{"jsonrpc":"2.0","id":1,"result":1}}',
    '{"jsonrpc":"2.0","id":1,"result":"}"}',
  ];
  for (const frame of tricks) {
    it(`for ${frame}`, () => {
      same(frame);
      same(frame, dialects.lsp);
    });
  }

  it('and is taken for what the codec itself writes', () => {
    for (const message of frames.slice(0, -1)) expect(quick(encode(message))).toStrictEqual(message);
  });
});
