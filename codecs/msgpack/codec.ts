import { readOptions } from '../../src/contract/address.js';
import type { Address, Codec, Frame, Message } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';
import { withoutRecords } from '../shared/msgpack/records.js';
import { endOfValue } from '../shared/msgpack/tokens.js';
import { pack, unpackAll } from '../shared/msgpack/values.js';
import { selfDelimiting } from './framing.js';
import { join } from './join.js';
import { isOwned } from './owned.js';
import { QuickReader } from './quick-read.js';
import { quickFrame } from './quick-write.js';
import { fromMessage, toMessage } from './rpc.js';
import { unreadable } from './unreadable.js';

/** What is a type of MessagePack or one of our extensions. A number is not listed: -0 would arrive as 0. */
const natives = ['bytes', 'buffer', 'view', 'bigint', 'date', 'map', 'set'];

/** The codec; valid after `usePackage` has been called. */
export function msgpackCodec(address: Address): Codec {
  const { hello = true, dialect } = readOptions(address, { hello: 'flag', dialect: ['nvim'] });
  const nvim = dialect === 'nvim';
  return {
    name: 'msgpack',
    form: 'bytes',
    framing: selfDelimiting,
    hello: hello && !nvim,
    natives,
    // MessagePack-RPC has no response without an id: a peer that is not Obverse could not use it.
    answersUnreadable: false,
    encode: (message) => quickFrame(message) ?? pack(fromMessage(message, nvim)),
    encodePlain: quickFrame,
    decode,
    join,
  };
}

type Give = (message: Message, bytes?: number, levels?: number) => unknown;

function decode(frame: Frame, give: Give): void {
  if (!(frame instanceof Uint8Array)) {
    throw new ProtocolError('MessagePack is a binary codec; it cannot read text or values', Code.ParseError);
  }
  const reader = new QuickReader(frame);
  let from = 0;
  for (let message = reader.message(); message !== undefined; message = reader.message()) {
    const bytes = reader.at - from;
    from = reader.at;
    if (give(message, bytes, reader.levels) === false) return;
  }
  if (reader.at < frame.length) decodeRest(frame, reader.at, give);
}

/** The messages of the frame from the first unusual one on. */
function decodeRest(frame: Uint8Array, from: number, give: Give): void {
  const own = isOwned(frame);
  // Not a Buffer: bytes that are read from it would be Buffers too.
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

/** Even an unreadable message shows where it ends: the messages around it are read. */
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
    return messageWithRecords(bytes) ?? unreadable(bytes, error);
  }
}

/** A message in which msgpackr has mistaken a value for a record; undefined if it cannot be read for another reason. */
function messageWithRecords(bytes: Uint8Array): Message | undefined {
  try {
    const same = withoutRecords(bytes);
    return same && toMessage(unpackAll(same, true)[0]);
  } catch {
    return undefined;
  }
}
