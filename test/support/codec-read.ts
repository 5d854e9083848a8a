import jrpc from '../../codecs/jrpc.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Codec, Frame, Message } from '../../src/contract/contract.js';

/** The codec that a user names so. */
export function jrpcOf(name = 'jrpc'): Codec {
  return jrpc(parseAddress(name));
}

/** What a codec gives for a frame. */
export function read(codec: Codec, frame: Frame, packed = false): Message[] {
  const given: Message[] = [];
  codec.decode(frame, (message) => given.push(message), packed);
  return given;
}
