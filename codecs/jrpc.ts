import type { Address, Codec } from '../src/contract/contract.js';
import { codecOf } from './jrpc/codec.js';
import { dialects } from './jrpc/dialects.js';

/**
 * JSON-RPC 2.0, as specified in https://www.jsonrpc.org/specification. Between two Obverse peers an array is a packet;
 * from any other peer it is a batch.
 *
 * Options: `dialect`, for peers that are not Obverse and speak a variant of JSON-RPC: `lsp`, `mcp` or `quickrpc`; and
 * `hello=off`, for a peer that does not accept an unknown notification. A dialect never sends hello, accepts no batches
 * and packs no messages. `lsp` and `mcp` have their own messages for cancellation and progress.
 *
 * Values that JSON cannot represent are treated as by JSON.stringify: undefined and NaN become null where a value is
 * required, a Date becomes its text, and a BigInt or a cycle makes the call fail. Only the dialect `quickrpc` carries
 * bytes.
 */
export default function jrpc(address: Address): Codec {
  return codecOf(address, (name) => dialects[name]);
}
