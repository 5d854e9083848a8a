import net from 'node:net';
import { describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { testTransport } from '../../src/testing/transport.js';
import tcp from '../../transports/tcp.js';

testTransport(
  { describe, it },
  {
    name: 'tcp',
    first: (wire) => tcp(parseAddress('tcp://127.0.0.1:0'), wire),
    second: (wire, address) => tcp(parseAddress(address), wire),
    crash: (address) =>
      new Promise((resolve) => {
        const socket = net.connect(Number(new URL(address).port), '127.0.0.1', () => {
          resolve(() => socket.resetAndDestroy());
        });
      }),
  },
);
