import net from 'node:net';
import { describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { testTransport } from '../../src/testing/transport.js';
import tls from '../../transports/tls.js';
import { authority } from '../support/certificates.js';

const ca = authority();
const { cert, key } = ca.issue({ usage: 'server' });
const client = ca.issue({ name: 'client', usage: 'client' });

testTransport(
  { describe, it },
  {
    name: 'tls',
    first: (wire) => tls(parseAddress({ url: 'tls://127.0.0.1:0', cert, key }), wire),
    second: (wire, address) => tls(parseAddress({ url: address, ca: ca.cert }), wire),
    async crash(address) {
      const port = Number(new URL(address).port);
      const { connect } = await import('node:tls');
      // The TLS runs over this socket, so that it can be reset.
      const socket = net.connect(port, '127.0.0.1');
      const secure = connect({ socket, ca: ca.cert, host: '127.0.0.1' });
      await new Promise((resolve) => secure.once('secureConnect', resolve));
      secure.on('error', () => {});
      return () => socket.resetAndDestroy();
    },
  },
);

testTransport(
  { describe, it },
  {
    name: 'tls with certificates of clients',
    first: (wire) =>
      tls(parseAddress({ url: 'tls://127.0.0.1:0', cert, key, ca: ca.cert, clientCertificate: 'require' }), wire),
    second: (wire, address) =>
      tls(parseAddress({ url: address, ca: ca.cert, cert: client.cert, key: client.key }), wire),
  },
);
