import { time } from '../../src/base/time.js';
import { type GroupMessage, readAnnounced } from './discover-messages.js';
import { isLocal } from './local-address.js';

/** How many servers are kept: anybody can announce any number. */
const SERVERS = 64;

/** A server that has announced itself. */
export interface FoundServer {
  /** What to dial. */
  readonly address: string;
  /** When it was announced last. */
  readonly at: number;
}

/** The servers of a name that have announced themselves. */
export class FoundServers {
  /** By their ids. */
  readonly servers: Map<string, FoundServer> = new Map();
  /** What was announced last with a scheme that is not to be dialed; empty if nothing was. */
  refused = '';

  /** `schemes`: those that may be dialed; all if undefined. */
  constructor(
    private readonly name: string,
    private readonly schemes: readonly string[] | undefined,
  ) {}

  /** What can be dialed. */
  get addresses(): Set<string> {
    return new Set([...this.servers.values()].map(({ address }) => address));
  }

  /** Reads a message of the group, which has come from this IP address. Returns whether it was about a server of the name. */
  take(message: GroupMessage, from: string): boolean {
    if (message.method === 'seek' || message.name !== this.name) return false;
    const { servers, schemes } = this;
    const { id } = message;
    if (message.method === 'depart') return servers.delete(id);
    const announced = readAnnounced(message.address);
    if (announced === undefined || (servers.size >= SERVERS && !servers.has(id))) return false;
    if (schemes?.includes(announced.scheme) === false) {
      this.refused = `; a server at ${from} announces ${announced.scheme}:, which the option "schemes" does not list`;
      return false;
    }
    const host = announced.host === '*' ? written(from) : announced.host;
    // Of another machine, that is an address of this one.
    if (isLoopback(host) && !isLocal(from)) return false;
    servers.set(id, { address: announced.with(host), at: time() });
    return true;
  }
}

function isLoopback(host: string): boolean {
  return /^(127\.|\[::1\]$|localhost$)/i.test(host);
}

/** An IP address as the host of an address. */
function written(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}
