import { readOptions } from '../src/contract/address.js';
import type { Address, Codec, Frame, FramingName, Outbound } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { decode } from './jrpc/decode.js';
import { type Dialect, dialects, strict } from './jrpc/dialects.js';
import { encode, encodePlain } from './jrpc/encode.js';
import { encodeQuickrpc } from './jrpc/quickrpc.js';
import { inWords, translated } from './jrpc/words.js';
import { shown } from './shared/hidden.js';

const joined = (frames: readonly Frame[]): string => `[${frames.join(',')}]`;

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
  const { dialect: name, hello } = readOptions(address, { dialect: ['lsp', 'mcp', 'quickrpc'], hello: 'flag' });
  if (name !== undefined && hello === true) {
    throw new UsageError(
      `jrpc: the dialect "${name}" speaks to strangers and says no hello; leave out the option "hello"`,
    );
  }
  const dialect: Dialect = name === undefined ? strict : dialects[name];
  const codec: Codec = {
    name: 'jrpc',
    form: 'text',
    framing: delimiter(address) ?? dialect.framing,
    hello: name === undefined && hello !== false,
    ...(dialect.words !== undefined && { words: translated }),
    answersUnreadable: true,
    answersCancelled: dialect.answersCancelled,
    encode: writer(dialect),
    ...(name === undefined && { encodePlain }),
    decode: (frame, give, packed) => decode(frame, give, packed, dialect),
  };
  return dialect.batches ? { ...codec, join: joined } : codec;
}

function writer({ quickrpc, words }: Dialect): (message: Outbound) => string {
  if (quickrpc) return (message) => shown(message, encodeQuickrpc);
  if (words === undefined) return (message) => shown(message, encode);
  return (message) => shown(message, (one) => encode(inWords(one, words)));
}

/** What quickrpc writes after the colon of its codec: the delimiter, where it is one of those that there are. */
function delimiter(address: Address): FramingName | undefined {
  if (address.rest === '') return undefined;
  if (address.rest === '\n') return 'lines';
  if (address.rest === '\0') return 'nul';
  throw new UsageError(
    `jrpc: takes no ${JSON.stringify(address.rest)} after its colon; another framing is asked of the transport, as in tcp://127.0.0.1:8888?framing=nul`,
  );
}
