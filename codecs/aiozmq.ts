import msgpackr from 'msgpackr/index-no-eval';
import type { Address, Codec } from '../src/contract/contract.js';
import { aiozmqCodec } from './aiozmq/codec.js';
import { usePackage } from './shared/msgpack/values.js';

export { Extension } from './shared/msgpack/extensions.js';

/**
 * The protocol of aiozmq.rpc 1.0 for Python, for `zmq+tcp:` and its like: calls `[header, name, args, kwargs]` and answers `[header, value]`
 * with values in MessagePack. It needs the package `msgpackr`. It is for peers that are not Obverse: no hello, and none of the messages of the
 * library. Arguments by name travel as kwargs, those by position as args.
 *
 * A Date is a `datetime.datetime` in UTC, in both directions; the microseconds of Python are rounded down to milliseconds. Other dates and
 * times of Python travel as pickles, which are never executed here: they arrive as an {@link Extension} of the types 123 to 127. Extensions of
 * other types are those of the translation table of the peer. A Map, a Set, a typed array that is no Uint8Array, an ArrayBuffer, a DataView,
 * or a BigInt of more than 64 bits makes the call fail.
 *
 * Option: `pickles=on` sends an Extension of the types 123 to 127, which the peer executes: only for bytes that are your own. Off by default.
 */
export default function aiozmq(address: Address): Codec {
  usePackage(msgpackr);
  return aiozmqCodec(address);
}
