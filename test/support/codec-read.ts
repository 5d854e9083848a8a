import jrpc from '../../codecs/jrpc.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Codec, Frame, Message } from '../../src/contract/contract.js';

/** The codec that a user specifies so. */
export function jrpcOf(name = 'jrpc'): Codec {
  return jrpc(parseAddress(name));
}

/** The messages that a codec reads from a frame. */
export function read(codec: Codec, frame: Frame, packed = false): Message[] {
  const given: Message[] = [];
  codec.decode(frame, (message) => given.push(message), packed);
  return given;
}
