import clone from '../../codecs/clone.js';
import jrpc from '../../codecs/jrpc.js';
import msgpack from '../../codecs/msgpack.js';
import terse from '../../codecs/terse.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Codec, Frame, FramingFactory } from '../../src/contract/contract.js';
import { ProtocolError } from '../../src/contract/errors.js';
import { headers, json, length, lines, nul } from '../../src/contract/framing/framings.js';
import { callOf, carries, survives } from '../../src/testing/codec-probe.js';
import type { Random } from '../../src/testing/random.js';
import { checkValues, inTime } from './checks.js';
import { anyFrame } from './frames.js';

const factories = { clone, jrpc, msgpack, terse };

export const CODECS = [
  'jrpc',
  'jrpc?dialect=lsp',
  'jrpc?dialect=mcp',
  'jrpc?dialect=quickrpc',
  'msgpack',
  'msgpack?dialect=nvim',
  'terse',
  'clone',
] as const;

export function codecOf(name: string): Codec {
  const address = parseAddress(name);
  return factories[address.scheme as keyof typeof factories](address);
}

/** Something that mutated frames are given to. `next` handles `frames` of them; it throws if a check fails. */
export interface Target {
  readonly name: string;
  next(random: Random): number | Promise<number>;
  close?(): Promise<void>;
}

/** Only the codec. */
export function codecTarget(name: string): Target {
  const codec = codecOf(name);
  const good = callOf({ named: true, args: [{ a: 1 }] });
  let count = 0;
  return {
    name: `codec ${name}`,
    next(random) {
      const frame = anyFrame(codec, random);
      inTime(() => {
        for (const message of survives(codec, frame, random.next() < 0.5)) checkValues(message);
      });
      // What came before leaves nothing behind.
      if (++count % 100 === 0) carries(codec, good);
      return 1;
    },
  };
}

const framings: Readonly<Record<string, FramingFactory>> = { lines, nul, headers, length, json };
const LIMIT = 2_000;

/** Pairs of a framing and a codec that it can carry. */
export const FRAMINGS: readonly (readonly [framing: string, codec: string])[] = [
  ...['lines', 'nul', 'headers', 'length', 'json'].map((framing) => [framing, 'jrpc'] as const),
  ['lines', 'terse'],
  ['headers', 'jrpc?dialect=lsp'],
  ['length', 'msgpack'],
  ['headers', 'msgpack'],
  ['own', 'msgpack'],
];

/** A stream of mutated frames, damaged once more, in chunks of every size: what the framing finds goes to the codec. */
export function framingTarget(name: string, codecName: string): Target {
  const codec = codecOf(codecName);
  const make = (name === 'own' ? codec.framing : framings[name]) as FramingFactory;
  const form = codec.form as 'text' | 'bytes';
  return {
    name: `framing ${name} of ${codecName}`,
    next(random) {
      const frames = Array.from({ length: random.int(1, 6) }, () => anyFrame(codec, random));
      const stream = streamOf(make(form, 1e6).wrap(frames), random);
      inTime(() => read(make(form, LIMIT), stream, codec, random));
      return frames.length;
    },
  };
}

function streamOf(wrapped: string | Uint8Array, random: Random): Uint8Array {
  const bytes = Buffer.from(wrapped as Uint8Array);
  if (random.next() < 0.4) return bytes;
  const at = random.int(0, bytes.length);
  const skip = random.int(0, 3);
  return Buffer.concat([
    bytes.subarray(0, at),
    random.next() < 0.5 ? random.bytes(4) : oddHead(random),
    bytes.subarray(at + skip),
  ]);
}

const HEADS = [
  'Content-Length: ',
  'content-length:99999999999\r\n\r\n',
  '\r\n\r\n',
  'Content-Length: -1\r\n\r\n',
  '\uFEFF',
  'GET / HTTP/1.1\r\n',
];

function oddHead(random: Random): Uint8Array {
  if (random.next() < 0.5) return Buffer.from(HEADS[random.int(0, HEADS.length - 1)] as string);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(random.int(0, 2 ** 32 - 1));
  return head;
}

/** From how many bytes at least a text has come: a byte that is no UTF-8 is one letter, which has three bytes itself. */
function leastBytes(text: string): number {
  return Buffer.byteLength(text) - 2 * (text.split('\uFFFD').length - 1);
}

function read(framing: ReturnType<FramingFactory>, stream: Uint8Array, codec: Codec, random: Random): void {
  const given = (frame: Frame): void => {
    const size = typeof frame === 'string' ? leastBytes(frame) : frame.length;
    // A framing that passes several messages on as one frame bounds each, and no chunk is larger than the stream.
    if (size > LIMIT && size > stream.length) throw new Error(`a frame of ${size} bytes came from ${stream.length}`);
    for (const message of survives(codec, frame)) checkValues(message);
  };
  const most = random.of([1, 7, 100, 10_000]);
  try {
    for (let at = 0; at < stream.length; ) {
      const to = at + random.int(1, most);
      framing.push(Buffer.from(stream.subarray(at, to)), given);
      if ((framing.held ?? 0) > 4 * LIMIT + stream.length) throw new Error(`the framing holds ${framing.held} bytes`);
      at = to;
    }
    framing.end(given);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}
