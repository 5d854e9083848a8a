import { readOptions } from '../../src/contract/address.js';
import type { Address, Codec, Frame, Id, Message, Outbound } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';
import { joinParts, splitParts } from '../../src/contract/parts.js';
import { errorIn, errorOf } from './errors.js';
import { readValue, writer } from './python.js';

/*
 * A header is 16 bytes, and one more in an answer; numbers with the lowest byte first:
 *
 *   0 u16 process   2 u16 random   4 u32 id of the call   8 f64 seconds since 1970   16 u8 1: an error
 */
const HEADER = 16;
const CALL_PARTS = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const nothing = new Uint8Array(0);
/** The first 4 bytes of all headers. */
const own = crypto.getRandomValues(new Uint8Array(4));

/** The id of notifications. aiozmq answers them as it does all calls, and this answer is ignored. Their process and random are 0, too. */
const NONE = 0;
const LAST_ID = 2 ** 32 - 1;

/** The codec; valid after `usePackage` of `msgpack` has been called. */
export function aiozmqCodec(address: Address): Codec {
  const { pickles = false } = readOptions(address, { pickles: 'flag' });
  const write = writer(pickles);
  return {
    name: 'aiozmq',
    form: 'bytes',
    hello: false,
    parts: 'headed',
    // The answer to a message without an id could not be assigned.
    answersUnreadable: false,
    natives: ['bytes', 'date'],
    encode: (message) => joinParts(partsOf(message, write)),
    decode: (frame, give) => {
      const message = messageIn(frame);
      if (message !== undefined) give(message);
    },
  };
}

function header(id: Id, isError?: boolean): Uint8Array {
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > LAST_ID)
    throw new RangeError(`aiozmq numbers calls from 0 to ${LAST_ID}; ${JSON.stringify(id)} is no such id`);
  const bytes = new Uint8Array(isError === undefined ? HEADER : HEADER + 1);
  const view = new DataView(bytes.buffer);
  if (id !== NONE || isError !== undefined) bytes.set(own);
  view.setUint32(4, id, true);
  view.setFloat64(8, Date.now() / 1_000, true);
  if (isError === true) bytes[HEADER] = 1;
  return bytes;
}

function partsOf(message: Outbound, write: (value: unknown) => Uint8Array): readonly Uint8Array[] {
  if (message.kind === 'reply') return [header(message.id, false), write(message.value)];
  if (message.kind === 'fault') return [header(message.id, true), write(errorOf(message.error))];
  const { id = NONE, method, args, named } = message;
  const [list, map] = named ? [[], args[0]] : [args, {}];
  return [header(id), encoder.encode(method), write(list), write(map)];
}

/** Undefined for an answer that nobody waits for. Throws a ProtocolError for a frame that is no message. */
function messageIn(frame: Frame): Message | undefined {
  const parts = partsIn(frame);
  const [head = nothing] = parts;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (parts.length === CALL_PARTS) {
    const isNote = head.length === 0 || view.getBigUint64(0) === 0n;
    return callIn(isNote ? undefined : view.getUint32(4, true), parts);
  }
  const id = view.getUint32(4, true);
  return id === NONE ? undefined : answerIn(id, parts);
}

/** The four parts of a call or the two of an answer; the header is complete or, in a call without an id, empty. */
function partsIn(frame: Frame): readonly Uint8Array[] {
  if (!(frame instanceof Uint8Array)) throw refusal('it is not bytes');
  let parts: readonly Uint8Array[];
  try {
    parts = splitParts(frame, CALL_PARTS);
  } catch (cause) {
    throw refusal((cause as Error).message, cause);
  }
  const size = parts[0]?.length;
  const isCall = parts.length === CALL_PARTS && (size === HEADER || size === 0);
  if (!isCall && !(parts.length === 2 && size === HEADER + 1))
    throw refusal(`it has ${parts.length} parts, the first of ${size} bytes`);
  return parts;
}

function refusal(why: string, cause?: unknown): ProtocolError {
  return new ProtocolError(`this is no message of aiozmq: ${why}`, Code.ParseError, { cause });
}

function answerIn(id: number, [head, value = nothing]: readonly Uint8Array[]): Message {
  try {
    const read = readValue(value);
    return head?.[HEADER] === 0 ? { kind: 'reply', id, value: read } : { kind: 'fault', id, error: errorIn(read) };
  } catch (error) {
    const message = `the answer cannot be read: ${whyNot(error)}`;
    return { kind: 'fault', id, error: { code: Code.InternalError, message } };
  }
}

/** A call that cannot be read is refused under its id. */
function callIn(id: number | undefined, [, name, args, kwargs]: readonly Uint8Array[]): Message {
  try {
    const list = readValue(args ?? nothing);
    const map = readValue(kwargs ?? nothing);
    if (!Array.isArray(list) || !isMap(map)) throw new RangeError('the arguments are not a list and a map');
    const base = { kind: 'call', id, method: decoder.decode(name), batch: undefined } as const;
    if (Object.keys(map).length === 0) return { ...base, args: list, named: false };
    if (list.length === 0) return { ...base, args: [map], named: true };
    return { ...base, args: list, named: false, keywords: map };
  } catch (error) {
    if (id === undefined) throw refusal(whyNot(error), error);
    return { kind: 'bad', id, error: { code: Code.InvalidRequest, message: whyNot(error) }, batch: undefined };
  }
}

function whyNot(error: unknown): string {
  return `its values cannot be decoded: ${(error as Error).message}`;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
