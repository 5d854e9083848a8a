import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** `ip:port` of the other end; undefined if it is already closed. */
export function peerOf(socket: Duplex): string | undefined {
  const { remoteAddress, remotePort } = socket as Partial<Socket>;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  // On a dual-stack socket, an IPv4 client has an address like ::ffff:1.2.3.4.
  const isMapped = remoteAddress.startsWith('::ffff:') && remoteAddress.includes('.');
  return `${bracketed(isMapped ? remoteAddress.slice(7) : remoteAddress)}:${remotePort}`;
}

/** The host under which a listening socket can be reached from this machine. */
export function reachable(host: string): string {
  if (host === '' || host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** A host as it is written before a port: of IP version 6, whose addresses alone have colons, in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
