import type { Address, Codec } from '../src/contract/contract.js';
import { codecOf } from './jrpc/codec.js';
import { dialects } from './jrpc/dialects.js';

/**
 * JSON-RPC 2.0, to the letter of https://www.jsonrpc.org/specification. Between peers that have agreed, an array is a packet;
 * from a stranger it is a batch.
 *
 * Options: `dialect`, for strangers that speak JSON-RPC in their own way: `lsp`, `mcp` or `quickrpc`; and `hello=off`, for a
 * stranger that cannot bear an unknown notification. A dialect never says hello, takes no batches, and packs nothing. `lsp`
 * and `mcp` have words of their own for a call that is given up, and for its progress.
 *
 * What JSON cannot hold is as in JSON.stringify: undefined and NaN in a place that must have a value are null, a Date is its
 * text, a BigInt and a cycle make the call fail. Bytes travel in the dialect `quickrpc` alone.
 */
export default function jrpc(address: Address): Codec {
  return codecOf(address, (name) => dialects[name]);
}
