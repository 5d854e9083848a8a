import { afterAll, beforeAll, describe, it } from 'vitest';
import { parseAddress } from '../../src/address.js';
import { testTransport } from '../../src/testing/transport.js';
import process from '../../transports/process.js';
import { buildProgram, FarStdio } from '../support/stream-far.js';

let program: Awaited<ReturnType<typeof buildProgram>>;
beforeAll(async () => {
  program = await buildProgram('stream-far-program');
});
afterAll(() => program.remove());

const EXIT = 'the exit of a program is always told, with its code; process.test.ts looks at it';

// Here is `process:`; the first side is a stand-in for `stdio:` in the program that it starts. So this holds both.
testTransport(
  { describe, it },
  {
    name: 'process and stdio',
    first: (wire) => new FarStdio(program.path, wire),
    second: (wire, address) => process(parseAddress(address), wire),
    gaps: {
      'turns visitors away above the bound on peers': 'a program has one standard input',
      'rejects open where nobody is, and keeps nothing':
        'there is always a program; process.test.ts starts one that is none',
      'sends what was given when the first closes, and ends both sides cleanly': EXIT,
      'ends its links when it is closed, and may be closed again': EXIT,
    },
  },
);
