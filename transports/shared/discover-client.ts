import { messageOf } from '../../src/base/thrown.js';
import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { Accept, Transport, TransportSource, Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import { DiscoveryGroup, type GroupPlan } from './discover-group.js';
import { type GroupMessage, readAnnounced } from './discover-messages.js';
import { isLocal } from './local-address.js';
import { InnerTransport } from './redial-inner.js';

/** How long, in ms, further answers are awaited after the first one, so that clients spread over the servers. */
const SPREAD_MS = 50;
/** After how many ms a client seeks again; twice as long after each time, up to the second number. */
const AGAIN_MS = [100, 1_000] as const;
/** For how many ms other servers are sought when none of those that have answered can be reached. */
const MORE_MS = 1_000;
/** How many servers are kept of those that answer: anybody can announce any number. */
const SERVERS = 64;

/** What a client seeks. */
export interface ClientPlan {
  readonly name: string;
  readonly address: string;
  readonly group: GroupPlan;
  /** The schemes that may be dialed; all if undefined. */
  readonly schemes: readonly string[] | undefined;
  /** What to dial for an announced address: with the options for it. */
  sourceFor(address: string): TransportSource;
}

/** Seeks the servers of a name, and connects to one of them. */
export class DiscoveringClient implements Transport {
  private readonly group: DiscoveryGroup;
  /** The addresses of the servers that have answered, by their ids. */
  private readonly found = new Map<string, string>();
  private readonly tried = new Set<string>();
  private inner: InnerTransport | undefined;
  private timer: Timer | undefined;
  private wake: (() => void) | undefined;
  private refused = '';
  private over = false;

  constructor(
    private readonly plan: ClientPlan,
    private readonly wire: Wire,
  ) {
    this.group = new DiscoveryGroup(plan.group, wire.logger, (message, from) => this.heard(message, from));
  }

  get address(): string {
    return this.plan.address;
  }

  async open(accept: Accept): Promise<void> {
    try {
      this.mustNotBeOver();
      await this.group.open();
      const until = time() + this.wire.limits.connectMs;
      const failures: string[] = [];
      for (let patience = until; ; patience = Math.min(until, time() + MORE_MS)) {
        const addresses = await this.seek(patience);
        if (addresses.length === 0) throw failures.length === 0 ? this.nobody() : this.unreachable(failures);
        for (const address of addresses) {
          this.tried.add(address);
          try {
            await this.dial(address, Math.max(1, until - time()), accept);
            return;
          } catch (error) {
            failures.push(`${address}: ${messageOf(error)}`);
            await this.inner?.close();
            this.mustNotBeOver();
          }
        }
      }
    } finally {
      await this.group.close();
    }
  }

  async close(): Promise<void> {
    this.over = true;
    this.stopWaiting();
    this.inner?.stop(this.closedBefore());
    await Promise.all([this.group.close(), this.inner?.close()]);
  }

  private async dial(address: string, ms: number, accept: Accept): Promise<void> {
    const transport = await this.wire.transport(this.plan.sourceFor(address), false);
    this.mustNotBeOver();
    this.inner = new InnerTransport(transport, ms);
    await this.inner.open(accept);
  }

  /** Resolves with the addresses that have answered and were not tried yet, in random order; with none of them at that time. */
  private async seek(until: number): Promise<string[]> {
    let [wait, longest] = AGAIN_MS as readonly [number, number];
    while (!this.hasFound) {
      const left = until - time();
      if (left <= 0) return [];
      this.group.send({ method: 'seek', name: this.plan.name });
      await this.waited(Math.min(wait, left));
      wait = Math.min(2 * wait, longest);
      // One has answered; it may depart meanwhile.
      if (this.hasFound) await this.waited(SPREAD_MS);
      this.mustNotBeOver();
    }
    return shuffled([...new Set(this.found.values())].filter((address) => !this.tried.has(address)));
  }

  private get hasFound(): boolean {
    for (const address of this.found.values()) if (!this.tried.has(address)) return true;
    return false;
  }

  /** Resolves in so many ms; sooner if a server answers or the transport is closed. */
  private waited(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.timer = setTimer(ms, resolve);
      this.wake = resolve;
    });
  }

  private stopWaiting(): void {
    clearTimer(this.timer);
    this.wake?.();
  }

  private heard(message: GroupMessage, from: string): void {
    const { name, schemes } = this.plan;
    if (message.method === 'seek' || message.name !== name) return;
    if (message.method === 'depart') {
      this.found.delete(message.id);
      return;
    }
    const announced = readAnnounced(message.address);
    if (announced === undefined || (this.found.size >= SERVERS && !this.found.has(message.id))) return;
    if (schemes?.includes(announced.scheme) === false) {
      this.refused = `; a server at ${from} announces ${announced.scheme}:, which the option "schemes" does not list`;
      return;
    }
    const host = announced.host === '*' ? written(from) : announced.host;
    // Of another machine, that is an address of this one.
    if (isLoopback(host) && !isLocal(from)) return;
    const isFirst = !this.hasFound;
    this.found.set(message.id, announced.with(host));
    if (isFirst && this.hasFound) this.stopWaiting();
  }

  private unreachable(failures: readonly string[]): ConnectionLost {
    const text = `${this.address}: none of the servers that have answered can be reached. ${failures.join('. ')}`;
    return new ConnectionLost(text, { maybeExecuted: false });
  }

  private nobody(): ConnectionLost {
    const { plan, group, wire, refused } = this;
    const text = `${this.address}: no server of the name "${plan.name}" has answered in the group ${group.address} within ${wire.limits.connectMs} ms (limits.connectMs)${refused}. Check that one is served as discover:${plan.name}(tcp://0.0.0.0:0), and that the network carries multicast; see the options "group" and "interface"`;
    return new ConnectionLost(text, { maybeExecuted: false });
  }

  private mustNotBeOver(): void {
    if (this.over) throw this.closedBefore();
  }

  private closedBefore(): ConnectionLost {
    return new ConnectionLost(`${this.address} was closed before it was open`, { maybeExecuted: false });
  }
}

function isLoopback(host: string): boolean {
  return /^(127\.|\[::1\]$|localhost$)/i.test(host);
}

/** An IP address as the host of an address. */
function written(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}

function shuffled<T>(list: T[]): T[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [list[last], list[other]] = [list[other] as T, list[last] as T];
  }
  return list;
}
