import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { LinkInfo } from '../../src/contract/contract.js';

/**
 * What is known of the connection of a socket: the address and port of both ends, and under TLS the negotiated protocol
 * and the identity of the peer. After the end it contains what was read before.
 */
export function socketInfo(stream: Duplex): LinkInfo {
  const { remoteAddress, remotePort, localAddress, localPort } = stream as Partial<Socket>;
  const known = { remoteAddress, remotePort, localAddress, localPort };
  return {
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
    ...(stream instanceof TLSSocket && { tls: tlsInfo(stream) }),
  };
}

function tlsInfo(socket: TLSSocket): LinkInfo {
  const { authorized, alpnProtocol } = socket;
  const certificate = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol(),
    cipher: socket.getCipher()?.name,
    authorized,
    ...(typeof alpnProtocol === 'string' && { alpn: alpnProtocol }),
    // A peer without a certificate has an empty one.
    ...(certificate && Object.keys(certificate).length > 0 && { certificate }),
  };
}
