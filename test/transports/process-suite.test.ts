import { afterAll, beforeAll, describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { testTransport } from '../../src/testing/transport.js';
import process from '../../transports/process.js';
import { compiledOnce } from '../support/compile-program.js';
import { FarStdio } from '../support/stream-far.js';

const compiled = compiledOnce(new URL('../support/stream-far-program.ts', import.meta.url));
let program = '';
beforeAll(async () => {
  program = await compiled.path();
});
afterAll(() => compiled.remove());

// This process uses `process:`; the first side represents `stdio:` in the program that it starts. So the suite tests
// both.
testTransport(
  { describe, it },
  {
    name: 'process and stdio',
    first: (wire) => new FarStdio(program, wire),
    second: (wire, address) => process(parseAddress(address), wire),
    goodbye: /exited with code 0$/,
    gaps: {
      'refuses peers above the limit': 'a program has one standard input',
      'rejects open if nothing listens, and leaves nothing open':
        'there is always a program; process.test.ts starts none',
      'reports a reason when a peer is killed without closing': 'process.test.ts kills one',
    },
  },
);
