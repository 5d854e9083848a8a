import msgpackr from 'msgpackr/index-no-eval';
import type { Address, Codec } from '../src/contract/contract.js';
import { msgpackCodec } from './msgpack/codec.js';
import { usePackage } from './msgpack/values.js';

export { Extension } from './msgpack/extensions.js';

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
  // Not when this module is loaded: a bundler leaves out what a module does beside its exports.
  usePackage(msgpackr);
  return msgpackCodec(address);
}
