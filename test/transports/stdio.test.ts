import { describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { testTransport } from '../../src/testing/transport.js';
import stdio from '../../transports/stdio.js';
import { ends, type Way } from '../support/stream-ways.js';

let given: readonly [Way, Way] = ends();

const ONE = 'two streams make one link';
const gaps = {
  'gives every link its own peer id': ONE,
  'refuses peers above the limit': ONE,
  'rejects open when it is closed meanwhile': 'it is open at once',
  'rejects open if nothing listens, and leaves nothing open': 'two streams are there or not',
};

testTransport(
  { describe, it },
  {
    name: 'stdio over two streams',
    first: (wire) => {
      given = ends();
      return stdio(parseAddress({ url: 'stdio:', ...given[0] }), wire);
    },
    second: (wire) => stdio(parseAddress({ url: 'stdio:', ...given[1] }), wire),
    gaps,
  },
);
