import { readOptions } from '../src/address.js';
import type { Address, Codec, Frame, Message } from '../src/contract.js';
import { Code, ProtocolError } from '../src/errors.js';
import { selfDelimiting } from './msgpack/framing.js';
import { join } from './msgpack/join.js';
import { isOwned } from './msgpack/owned.js';
import { QuickReader } from './msgpack/quick-read.js';
import { quickFrame } from './msgpack/quick-write.js';
import { fromMessage, toMessage } from './msgpack/rpc.js';
import { endOfValue } from './msgpack/tokens.js';
import { unreadable } from './msgpack/unreadable.js';
import { pack, unpackAll } from './msgpack/values.js';
import { shown } from './shared/hidden.js';

export { Extension } from './msgpack/extensions.js';

/** What is a type of MessagePack, or an extension of ours. A number is not: -0 would be 0. */
const natives = ['bytes', 'buffer', 'view', 'bigint', 'date', 'map', 'set'];

/**
 * MessagePack-RPC (https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md), on the package `msgpackr`. Named arguments
 * are one map in `params`, so that a single positional argument that is a plain object arrives as named.
 *
 * Beyond JSON, these survive: bytes (as `bin`), Date (as the timestamp of the specification), and, by extensions of our own,
 * Map, Set, BigInt, typed arrays, DataView and ArrayBuffer. An extension of a stranger is an {@link Extension}. A field that is
 * undefined is left out, as in JSON; elsewhere undefined is nil, and so null on the other side. An object with a `toJSON` is
 * what that gives. A function, a symbol, and a value within itself make the call fail.
 *
 * Options: `hello=off`, for strangers that complain of an unknown notification; `dialect=nvim` for Neovim, which does, and
 * which reads an error only if it is `[type, message]`.
 */
export default function msgpack(address: Address): Codec {
  const { hello = true, dialect } = readOptions(address, { hello: 'flag', dialect: ['nvim'] });
  const nvim = dialect === 'nvim';
  return {
    name: 'msgpack',
    form: 'bytes',
    framing: selfDelimiting,
    hello: hello && !nvim,
    natives,
    // MessagePack-RPC has no response without an id: to a stranger it is noise.
    answersUnreadable: false,
    encode: (message) => quickFrame(message) ?? shown(message, (one) => pack(fromMessage(one, nvim))),
    encodePlain: quickFrame,
    decode,
    join,
  };
}

type Give = (message: Message, bytes?: number) => unknown;

function decode(frame: Frame, give: Give): void {
  if (!(frame instanceof Uint8Array)) {
    throw new ProtocolError('MessagePack travels as bytes, not as text or values', Code.ParseError);
  }
  const reader = new QuickReader(frame);
  let from = 0;
  for (let message = reader.message(); message !== undefined; message = reader.message()) {
    const bytes = reader.at - from;
    from = reader.at;
    if (give(message, bytes) === false) return;
  }
  if (reader.at < frame.length) decodeRest(frame, reader.at, give);
}

/** What stands in the frame from the first message on that is not of the usual kind. */
function decodeRest(frame: Uint8Array, from: number, give: Give): void {
  const own = isOwned(frame);
  // Not a Buffer: bytes that are read would be Buffers too.
  const bytes = new Uint8Array(frame.buffer, frame.byteOffset + from, frame.byteLength - from);
  let values: readonly unknown[];
  try {
    values = unpackAll(bytes, own);
  } catch {
    oneByOne(bytes, own, give);
    return;
  }
  for (const value of values) if (give(toMessage(value)) === false) return;
}

/** Where a message cannot be read, it is told all the same where it ends, and those around it stand. */
function oneByOne(bytes: Uint8Array, own: boolean, give: Give): void {
  for (let at = 0, end = 0; at < bytes.length; at = end) {
    end = endOfValue(bytes, at);
    if (give(messageIn(bytes.subarray(at, end), own)) === false) return;
  }
}

function messageIn(bytes: Uint8Array, own: boolean): Message {
  try {
    return toMessage(unpackAll(bytes, own)[0]);
  } catch (error) {
    return unreadable(bytes, error);
  }
}
