import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { joinParts } from '../../src/contract/parts.js';
import {
  type Codec,
  codec,
  type Frame,
  incoming,
  type Link,
  type Receiver,
  RemoteAPI,
  type Reply,
  type Sender,
  type TransportMaker,
} from '../../src/index.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true, allowPositionalArgs: true }) ask(_sender: Sender, _what: number): Reply<unknown> {}
}

/** Stands for lists in lists, too deep for any function that calls itself. */
const DEEP = Symbol('a deep list');
const LEVELS = 100_000;
/** What an error may be instead of a text, or an object with a code and a message. */
const odd: readonly unknown[] = [
  5,
  true,
  [],
  ['a', [['b']]],
  [{ toString: 1 }, { toString: 1 }, { toString: 1 }],
  {},
  { toString: 1, valueOf: 1 },
  { code: { valueOf: 1 }, message: { toString: 1 } },
  { code: 1.5, message: 'm', data: { toString: 1 } },
  { code: 1, message: 'm', data: { name: { toString: 1 }, stack: 5, cause: [], errors: { length: 9 } } },
  DEEP,
];
const jsonOf = (value: unknown): string =>
  value === DEEP ? '['.repeat(LEVELS) + ']'.repeat(LEVELS) : JSON.stringify(value);

const packr = new Packr({ useRecords: false, variableMapSize: true });
const packed = (value: unknown): Uint8Array =>
  value === DEEP ? Uint8Array.of(...new Uint8Array(LEVELS).fill(0x91), 0xc0) : Uint8Array.from(packr.pack(value));
const bytes = (...parts: readonly (number | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(Buffer.concat(parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : part))));

/** Answers under an id that are errors, or no answers at all. */
type Answers = (id: number) => readonly Frame[];
const jrpc: Answers = (id) => [
  ...odd.flatMap((error) => [
    `{"jsonrpc":"2.0","id":${id},"error":${jsonOf(error)}}`,
    `{"jsonrpc":"2.0","id":${id},"error":{"code":1,"message":"m","data":${jsonOf(error)}}}`,
  ]),
  `{"jsonrpc":"2.0","id":${id},"error":null}`,
  `{"jsonrpc":"1.0","id":${id},"error":{"toString":1}}`,
  `{"id":${id},"result":5}`,
];
const msgpack: Answers = (id) => [
  ...odd.flatMap((error) => [
    bytes(0x94, 1, packed(id), packed(error), 0xc0),
    bytes(0x94, 1, packed(id), bytes(0x93, 1, packed('m'), packed(error)), 0xc0),
  ]),
  packed([1, id]),
  packed([1, id, null]),
  packed([1, id, null, 1, 2]),
];
const aiozmq: Answers = (id) => {
  const head = Buffer.alloc(17, 1);
  head.writeUInt32LE(id, 4);
  const answer = (...value: readonly (number | Uint8Array)[]): Uint8Array => joinParts([head, bytes(...value)]);
  return [...odd.map((error) => answer(packed(error))), answer(0x93, 0xa1, 0x61, 0x90, packed(DEEP)), answer()];
};

const answers: Readonly<Record<string, Answers>> = {
  jrpc,
  'jrpc?dialect=lsp': jrpc,
  'jrpc?dialect=mcp': jrpc,
  'jrpc?dialect=quickrpc': jrpc,
  msgpack,
  'msgpack?dialect=nvim': msgpack,
  terse: (id) =>
    [
      ...['! 5', '! [1]', '! toString:1', '! code:{} message:[]', '! code:1 message:"m" data:{toString:1}', '!'],
      ...['! message:"x', '! what', ': what', ': 1 2', ': "x', '', ' 5', `!data:${jsonOf(DEEP)}`, `:${jsonOf(DEEP)}`],
    ].map((rest) => `[${id}]${rest}`),
  aiomas: (id) => [
    ...odd.map((error) => `[2,${id},${jsonOf(error)}]`),
    ...[`[2,${id},null]`, `[1,${id},NaN]`, `[2,${id},NaN]`, `[1,${id}]`, `[2,${id}]`, `[2,${id},"a","b"]`],
  ],
  'aiomas?values=msgpack': (id) => [
    ...odd.map((error) => bytes(0x93, 2, packed(id), packed(error))),
    ...[packed([1, id]), packed([2, id]), packed([2, id, 'a', 'b']), bytes(0x93, 1, packed(id), 0xc1)],
    bytes(0x93, 2, packed(id), 0xd7, 0xff),
  ],
  aiozmq,
  clone: (id) => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const values = [
      ...odd.filter((error) => error !== DEEP).flatMap((error) => [[3, id, error, error, error]]),
      [3, id, 1, 'm', cycle],
      [3, id, 1, 'm', Object.assign([], { length: 2 ** 32 - 1 })],
      [2, id, Object.assign([], { length: 2 ** 32 - 1 })],
    ];
    return values.map((each) => ({ values: each, transfer: [], length: 1 }));
  },
};

/** A transport whose other end gives an answer of each kind in turn, and a good one to every other call. */
function peerOf(own: Codec, kinds: Answers): TransportMaker {
  let call = 0;
  const answer = (id: number): Frame => {
    const at = call++;
    const all = kinds(id);
    return at % 2 === 0 ? (all[at / 2] as Frame) : own.encode({ kind: 'reply', id, value: 'good' });
  };
  return () => ({
    address: 'odd:',
    async open(accept) {
      let receiver: Receiver | undefined;
      const link: Link = {
        peer: 'odd',
        buffered: 0,
        send(frames) {
          for (const frame of frames)
            own.decode(
              frame,
              (message) => {
                if (message.kind !== 'call' || typeof message.id !== 'number') return;
                const reply = answer(message.id);
                queueMicrotask(() => receiver?.receive(reply));
              },
              false,
            );
        },
        close: () => queueMicrotask(() => receiver?.closed()),
        pause() {},
        resume() {},
      };
      receiver = accept(link);
    },
    async close() {},
  });
}

describe.each(Object.entries(answers))('an error that is none, over %s,', (name, kinds) => {
  it('rejects its call at once, and harms no other', async () => {
    const side = await Desk.invert().connect(peerOf(await codec(name), kinds), {
      codec: name,
      logger: null,
      timeout: 60_000,
    });
    for (const frame of kinds(1)) {
      const error = await side.ask(null, 1).then(
        (value) => value,
        (thrown: unknown) => thrown,
      );
      expect(error, String(frame).slice(0, 80)).toBeInstanceOf(Error);
      expect(`${(error as Error).message}`).not.toBe('');
      expect(await side.ask(null, 2)).toBe('good');
    }
    await side.close();
  });
});
