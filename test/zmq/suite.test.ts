import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import '../../src/index.js';
import { testService } from '../../src/testing/index.js';
import makeZmq from '../../transports/zmq.js';

/** Where a server of the suite is bound. */
const places: Readonly<Record<string, () => string>> = {
  'zmq+tcp': () => '127.0.0.1:*',
  'zmq+ipc': () => join(tmpdir(), `obverse-${randomUUID().slice(0, 8)}.sock`),
  'zmq+inproc': () => randomUUID(),
};

describe.each(Object.entries(places))('the suite of services over %s', (scheme, place) => {
  testService(
    { describe, it },
    {
      name: scheme,
      server: (wire) => makeZmq(parseAddress(`${scheme}://${place()}`), wire),
      client: (wire, addresses) =>
        makeZmq(parseAddress([addresses[0], ...addresses.slice(1).map((each) => each.slice(4))].join(',')), wire),
      gaps: {
        'gives calls to a server that comes after the client': 'who connects names the servers; `add` adds one',
      },
    },
  );
});
