import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { CertificateInfo, LinkInfo, TlsInfo } from '../../src/contract/link-info.js';
import { certificateOf, isAuthorized } from './tls/peer.js';

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

function tlsInfo(socket: TLSSocket): TlsInfo {
  const { alpnProtocol } = socket;
  const certificate = certificateOf(socket);
  return {
    protocol: socket.getProtocol(),
    cipher: socket.getCipher()?.name,
    // Deno, and Node for a resumed session of TLS 1.3, report a peer without a certificate as authorized.
    authorized: isAuthorized(socket) && certificate !== undefined,
    ...(typeof alpnProtocol === 'string' && { alpn: alpnProtocol }),
    ...(certificate !== undefined && { certificate: certificate as unknown as CertificateInfo }),
  };
}
