import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { testTransport } from '../../src/testing/transport.js';
import unix from '../../transports/unix.js';

let folder = '';
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'obverse-'));
});
afterAll(() => rm(folder, { recursive: true }));

testTransport(
  { describe, it },
  {
    name: 'unix',
    first: (wire) => unix(parseAddress(`unix:${join(folder, `${++count}.sock`)}`), wire),
    second: (wire, address) => unix(parseAddress(address), wire),
  },
);
