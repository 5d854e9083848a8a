import { readOptions } from '../src/address.js';
import type { Address, Codec, Frame, Message } from '../src/contract.js';
import { Code, ProtocolError } from '../src/errors.js';
import { selfDelimiting } from './shared/msgpack-framing.js';
import { join } from './shared/msgpack-join.js';
import { Reader, Unfit } from './shared/msgpack-reader.js';
import { bad, readMessage, toMessage, writeMessage } from './shared/msgpack-rpc.js';
import { endOfValue } from './shared/msgpack-tokens.js';
import { Writer } from './shared/msgpack-writer.js';

export { Extension } from './shared/msgpack-extensions.js';

const writer = new Writer();

/**
 * MessagePack-RPC (https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md) on MessagePack
 * (https://github.com/msgpack/msgpack/blob/master/spec.md). Needs no package. Named arguments are one map in `params`, so
 * that a single positional argument that is a plain object arrives as named.
 *
 * Beyond JSON, these survive: bytes (as `bin`), Date (as the timestamp of the specification), and, by extensions of our own,
 * Map, Set, BigInt, typed arrays, DataView and ArrayBuffer. An extension of a stranger is an {@link Extension}. A field that is
 * undefined is left out, as in JSON; elsewhere undefined is nil, and so null on the other side. An object with a `toJSON` is
 * what that gives. A function, a symbol, and a value within itself make the call fail.
 *
 * Options: `hello=off`, for strangers that complain of an unknown notification (Neovim does).
 */
export default function msgpack(address: Address): Codec {
  const { hello = true } = readOptions(address, { hello: 'flag' });
  return {
    name: 'msgpack',
    form: 'bytes',
    framing: selfDelimiting,
    hello,
    // MessagePack-RPC has no response without an id: to a stranger it is noise.
    answersUnreadable: false,
    encode: (message) => writer.frame(writeMessage, message),
    decode,
    join,
  };
}

function decode(frame: Frame, give: (message: Message) => void): void {
  if (!(frame instanceof Uint8Array)) {
    throw new ProtocolError('MessagePack travels as bytes, not as text or values', Code.ParseError);
  }
  const reader = new Reader(frame);
  while (reader.at < frame.length) give(nextMessage(reader));
}

function nextMessage(reader: Reader): Message {
  const from = reader.at;
  try {
    return readMessage(reader) ?? toMessage(reader.value(0));
  } catch (error) {
    // Where the message ends can be told all the same, and those behind it stand.
    if (!(error instanceof Unfit) && !(error instanceof RangeError)) throw error;
    reader.at = endOfValue(reader.bytes, from);
    return bad(idOf(reader.bytes, from), error.message);
  }
}

/** The id of a request of which nothing more can be read. */
function idOf(bytes: Uint8Array, from: number): unknown {
  try {
    if (bytes[from] !== 0x94 || bytes[from + 1] !== 0) return null;
    const reader = new Reader(bytes);
    reader.at = from + 2;
    return reader.value(0);
  } catch {
    return null;
  }
}
