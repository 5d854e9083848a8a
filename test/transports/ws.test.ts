import { afterAll, beforeAll, describe, it } from 'vitest';
import { WebSocket } from 'ws';
import { parseAddress } from '../../src/contract/address.js';
import { testTransport } from '../../src/testing/transport.js';
import browser from '../../transports/ws.browser.js';
import ws from '../../transports/ws.js';
import { certificate } from '../support/ws-certificate.js';
import { RawClient } from '../support/ws-raw.js';

const crash = async (address: string): Promise<() => void> => {
  const client = await RawClient.dial(address);
  return () => client.socket.resetAndDestroy();
};

testTransport(
  { describe, it },
  {
    name: 'ws by the package',
    first: (wire) => ws(parseAddress('ws://127.0.0.1:0/rpc'), wire),
    second: (wire, address) => ws(parseAddress({ url: address, client: 'ws' }), wire),
    crash,
  },
);

// Node 20 has no WebSocket; that of the package has the standard interface too.
const runtime = globalThis as { WebSocket?: unknown };
const itsOwn = runtime.WebSocket;
beforeAll(() => {
  runtime.WebSocket ??= WebSocket;
});
afterAll(() => {
  runtime.WebSocket = itsOwn;
});

testTransport(
  { describe, it },
  {
    name: 'ws by the standard WebSocket',
    first: (wire) => ws(parseAddress('ws://127.0.0.1:0/rpc'), wire),
    second: (wire, address) => browser(parseAddress(address), wire),
    crash,
    gaps: {
      'buffers for the second end while it is paused, and reports when it has drained':
        'a standard WebSocket cannot stop reading',
    },
  },
);

const { key, cert } = certificate();

testTransport(
  { describe, it },
  {
    name: 'wss',
    first: (wire) => ws(parseAddress({ url: 'wss://127.0.0.1:0', key, cert }), wire),
    second: (wire, address) => ws(parseAddress({ url: address, ca: cert }), wire),
  },
);
