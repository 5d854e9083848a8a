import { readOptions } from '../../src/contract/address.js';
import type { Address, Codec, Frame, FramingName, Outbound } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { decode } from './decode.js';
import { type Dialect, strict } from './dialect.js';
import { encode, encodePlain } from './encode.js';

const names = ['lsp', 'mcp', 'quickrpc'] as const;

/** The names of the notifications for which dialects have their own form. */
const translated: readonly string[] = ['rpc.cancel', 'rpc.progress'];

const joined = (frames: readonly Frame[]): string => `[${frames.join(',')}]`;

/**
 * The codec for the options of an address; `dialectOf` returns the dialect with a name. Throws a UsageError for invalid
 * options.
 */
export function codecOf(address: Address, dialectOf: (name: (typeof names)[number]) => Dialect): Codec {
  const { dialect: name, hello } = readOptions(address, { dialect: names, hello: 'flag' });
  if (name !== undefined && hello === true) {
    throw new UsageError(
      `jrpc: the dialect "${name}" is for peers that are not Obverse and sends no hello; leave out the option "hello"`,
    );
  }
  const dialect = name === undefined ? strict : dialectOf(name);
  const codec: Codec = {
    name: 'jrpc',
    form: 'text',
    framing: delimiter(address) ?? dialect.framing,
    hello: name === undefined && hello !== false,
    ...(dialect.translation !== undefined && dialect.encode === undefined && { words: translated }),
    answersUnreadable: true,
    answersCancelled: dialect.answersCancelled,
    ...(dialect.http !== undefined && { http: dialect.http }),
    encode: writer(dialect),
    ...(name === undefined && { encodePlain }),
    decode: (frame, give, packed) => decode(frame, give, packed, dialect),
  };
  return dialect.batches ? { ...codec, join: joined } : codec;
}

function writer({ encode: own = encode, translation }: Dialect): (message: Outbound) => string {
  return translation === undefined ? own : (message) => own(translation.into(message));
}

/** What quickrpc accepts after the colon of its codec: a delimiter, if it is one that exists here as a framing. */
function delimiter(address: Address): FramingName | undefined {
  if (address.rest === '') return undefined;
  if (address.rest === '\n') return 'lines';
  if (address.rest === '\0') return 'nul';
  throw new UsageError(
    `jrpc: accepts no ${JSON.stringify(address.rest)} after its colon; set another framing on the transport, as in tcp://127.0.0.1:8888?framing=nul`,
  );
}
