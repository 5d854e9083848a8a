import net from 'node:net';
import type { UdpSocket } from './socket.js';

/** How a socket belongs to a multicast group. */
export interface GroupOptions {
  /** The local address of the interface to use; by default, the system chooses. */
  readonly interface?: string | undefined;
  /** How many routers a datagram passes; 1 by default: none. */
  readonly ttl?: number | undefined;
  /** Whether other processes of this machine receive the datagrams; true by default. */
  readonly loopback?: boolean | undefined;
}

/** Whether an IP address is that of a multicast group. */
export function isMulticast(host: string): boolean {
  const first = Number(host.split('.')[0]);
  return net.isIPv4(host) ? first >= 224 && first <= 239 : net.isIPv6(host) && /^ff/i.test(host);
}

/** Joins a multicast group: `shared` receives its datagrams, and `own` sends them. They may be the same socket. */
export function join(shared: UdpSocket, own: UdpSocket, group: string, options: GroupOptions): void {
  shared.inner.addMembership(group, options.interface);
  if (options.interface !== undefined) own.inner.setMulticastInterface(options.interface);
  own.inner.setMulticastLoopback(options.loopback ?? true);
  if (options.ttl !== undefined) own.inner.setMulticastTTL(options.ttl);
}

/**
 * The address to bind to for the datagrams of a group. A socket that is bound to a multicast group receives from no other. Windows cannot
 * bind to one, and an IPv6 group would need its interface too.
 */
export function groupBind(host: string): string {
  return /^(22[4-9]|23\d)\./.test(host) && process.platform !== 'win32' ? host : anyOf(host);
}

/** The address of every interface, of the same family. */
export function anyOf(host: string): string {
  return host.includes(':') ? '::' : '0.0.0.0';
}
