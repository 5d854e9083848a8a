import msgpackr from 'msgpackr/index-no-eval';
import type { Address, Codec } from '../src/contract/contract.js';
import { msgpackCodec } from './msgpack/codec.js';
import { usePackage } from './shared/msgpack/values.js';

export { Extension } from './shared/msgpack/extensions.js';

/**
 * MessagePack-RPC (https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md), based on the package `msgpackr`.
 * Named arguments are a single map in `params`; for this reason a single positional argument that is a plain object
 * arrives as named arguments.
 *
 * In addition to the JSON types it carries bytes (as `bin`), Date (as the timestamp of the specification), and, with
 * extension types of its own, Map, Set, BigInt, typed arrays, DataView and ArrayBuffer. An extension type of another
 * implementation arrives as an {@link Extension}. A field that is undefined is omitted, as in JSON; elsewhere undefined
 * is nil and arrives as null. An object with a `toJSON` is sent as the result of that method. A function, a symbol, or
 * a value that contains itself makes the call fail.
 *
 * Options: `hello=off`, for a peer that is not Obverse and reports an unknown notification as an error; `dialect=nvim`
 * for Neovim, which does so and which accepts an error only as `[type, message]`.
 */
export default function msgpack(address: Address): Codec {
  // Not at module load: a bundler drops what a module does besides its exports.
  usePackage(msgpackr);
  return msgpackCodec(address);
}
