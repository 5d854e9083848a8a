import { describe, it } from 'vitest';
import jrpc from '../../codecs/jrpc.js';
import { parseAddress } from '../../src/contract/address.js';
import { testCodec } from '../../src/testing/codec.js';

const noNull = 'this peer leaves out the id where it is null';

testCodec({ describe, it }, { name: 'jrpc', make: () => jrpc(parseAddress('jrpc')) });
testCodec({ describe, it }, { name: 'jrpc?dialect=lsp', make: () => jrpc(parseAddress('jrpc?dialect=lsp')) });
testCodec({ describe, it }, { name: 'jrpc?dialect=mcp', make: () => jrpc(parseAddress('jrpc?dialect=mcp')) });
testCodec(
  { describe, it },
  {
    name: 'jrpc?dialect=quickrpc',
    make: () => jrpc(parseAddress('jrpc?dialect=quickrpc')),
    values: [Uint8Array.of(0, 1, 255), { bytes: [new Uint8Array(100_000).fill(7)] }, { __bytes: 1, ___bytes: 'AA==' }],
    gaps: {
      'carries a call without arguments': 'its params are always there, if only as an empty object',
      'carries a notification without arguments': 'its params are always there, if only as an empty object',
      'carries a call and a reply with the id null': noNull,
      'carries ids that are texts': 'a text of digits is the number there',
    },
  },
);
