import { time } from '../../src/base/time.js';
import { isLocal } from '../shared/local-address.js';
import { type GroupMessage, readAnnounced } from './messages.js';

/** How many servers are kept: anybody can announce any number. */
const SERVERS = 64;
/** How many addresses are remembered that are not to be found again. */
const EXCLUDED = 1_024;

/** A server that has announced itself. */
export interface FoundServer {
  /** What to dial. */
  readonly address: string;
  /** The IP address that it was announced from. */
  readonly from: string;
  /** When it was announced last. */
  readonly at: number;
}

/** What may be dialed. */
export interface Schemes {
  readonly allowed: readonly string[];
  /** Why another one is not, for errors. */
  readonly otherwise: string;
}

/** The servers of a name that have announced themselves. */
export class FoundServers {
  /** By the IP address of their announcement and their ids: what is announced from elsewhere replaces and removes none of them. */
  readonly servers: Map<string, FoundServer> = new Map();
  /** What was announced last with a scheme that is not to be dialed; empty if nothing was. */
  refused = '';
  /** Whether a server is in use: it is kept, whatever else is announced. */
  isUsed: (address: string) => boolean = () => false;
  /** Until when an address is not found again. */
  private readonly excluded = new Map<string, number>();
  /** How many servers were dialed, by the IP address of their announcement. */
  private readonly attempts = new Map<string, number>();

  /** `schemes`: those that may be dialed. */
  constructor(
    private readonly name: string,
    private readonly schemes: Schemes,
  ) {}

  /** What can be dialed. */
  get addresses(): Set<string> {
    return new Set([...this.servers.values()].map(({ address }) => address));
  }

  /** Reads a message of the group, which has come from this IP address. Returns whether it was about a server of the name. */
  take(message: GroupMessage, from: string): boolean {
    if (message.method === 'seek' || message.name !== this.name) return false;
    const { servers, schemes } = this;
    const key = `${from} ${message.id}`;
    if (message.method === 'depart') return servers.delete(key);
    const announced = readAnnounced(message.address);
    if (announced === undefined) return false;
    if (!schemes.allowed.includes(announced.scheme)) {
      this.refused = `; a server at ${from} announces ${announced.scheme}:, ${schemes.otherwise}`;
      return false;
    }
    const host = announced.host === '*' ? written(from) : announced.host;
    // Of another machine, that is an address of this one.
    if (isThisMachine(host) && !isLocal(from)) return false;
    const address = announced.with(host);
    if ((this.excluded.get(address) ?? 0) > time()) return false;
    if (this.isFull && !servers.has(key) && !this.makeRoom(from)) return false;
    servers.set(key, { address, from, at: time() });
    return true;
  }

  /**
   * Takes out what to dial next, which is not found again; undefined if there is nothing. The first one is any of them. After that, the
   * machines that have announced servers have turns: one that announces many that do not answer delays those of the others little.
   */
  next(): string | undefined {
    const { servers, attempts } = this;
    const of = (server: FoundServer): number => attempts.get(server.from) ?? 0;
    const all = [...servers.values()];
    const fewest = Math.min(...all.map(of));
    const server = anyOf(all.filter((each) => of(each) === fewest));
    if (server === undefined) return undefined;
    attempts.set(server.from, fewest + 1);
    this.exclude(server.address);
    return server.address;
  }

  /** Whether another server replaces one. */
  get isFull(): boolean {
    return this.servers.size >= SERVERS;
  }

  /** Removes an address, which is not found again for so many ms. */
  exclude(address: string, ms: number = Number.POSITIVE_INFINITY): void {
    const { servers, excluded } = this;
    if (excluded.size >= EXCLUDED) excluded.delete(excluded.keys().next().value as string);
    excluded.set(address, time() + ms);
    for (const [key, each] of servers) if (each.address === address) servers.delete(key);
  }

  /** Removes a server, one of those that were announced from where most were, so that nobody fills the table alone. */
  private makeRoom(from: string): boolean {
    const unused = [...this.servers].filter(([, { address }]) => !this.isUsed(address));
    const counts = new Map([[from, 0]]);
    for (const [, server] of unused) counts.set(server.from, (counts.get(server.from) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const crowd = counts.get(from) === most ? [from] : [...counts.keys()].filter((each) => counts.get(each) === most);
    const victim = anyOf(unused.filter(([, server]) => crowd.includes(server.from)));
    return victim !== undefined && this.servers.delete(victim[0]);
  }
}

/** Whether a host is this machine, however its IP address is written. The IP addresses of a name are not looked up. */
function isThisMachine(host: string): boolean {
  const name = canonical(host);
  return name === undefined || /^(127|0)(\.\d+){3}$|^\[::(1|ffff:.*)?\]$|(^|\.)localhost\.?$/.test(name);
}

/** A host with its IP address as it is usually written, for which there are many other ways; undefined if it is none. */
function canonical(host: string): string | undefined {
  try {
    // The zone of an address is that of this machine, and no part of a URL.
    return new URL(`http://${host.replace(/%.*(?=\])/, '')}`).hostname;
  } catch {
    return undefined;
  }
}

/** An IP address as the host of an address. */
function written(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}

function anyOf<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)];
}
