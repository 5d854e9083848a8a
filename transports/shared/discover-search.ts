import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { TransportSource, Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import { FoundServers } from './discover-found.js';
import { DiscoveryGroup, type GroupPlan } from './discover-group.js';

/** How long, in ms, further answers are awaited after the first one, so that clients spread over the servers. */
const SPREAD_MS = 50;
/** After how many ms a client seeks again; twice as long after each time, up to the second number. */
const AGAIN_MS = [100, 1_000] as const;

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

/** Seeks the servers of a name in a group. */
export class Search {
  readonly found: FoundServers;
  /** Called when a server has announced itself or has departed. */
  heard: () => void = () => {};
  private readonly group: DiscoveryGroup;
  private timer: Timer | undefined;
  private wake: (() => void) | undefined;
  private over = false;

  constructor(
    private readonly plan: ClientPlan,
    private readonly wire: Wire,
  ) {
    this.found = new FoundServers(plan.name, plan.schemes);
    this.group = new DiscoveryGroup(plan.group, wire.logger, (message, from) => {
      if (!this.found.take(message, from)) return;
      this.heard();
      this.wake?.();
    });
  }

  /** Rejects with ConnectionLost if this machine cannot take part in the group. */
  async begin(): Promise<void> {
    this.mustNotBeOver();
    await this.group.open();
    this.mustNotBeOver();
  }

  /** Resolves with the addresses that were announced and that are not among these, in random order; with none of them at that time. */
  async addresses(until: number, except: ReadonlySet<string>): Promise<string[]> {
    const others = (): string[] => [...this.found.addresses].filter((address) => !except.has(address));
    let [wait, longest] = AGAIN_MS as readonly [number, number];
    while (others().length === 0) {
      const left = until - time();
      if (left <= 0) return [];
      this.group.send({ method: 'seek', name: this.plan.name });
      await this.waited(Math.min(wait, left), () => others().length > 0);
      wait = Math.min(2 * wait, longest);
      // One has answered; it may depart meanwhile.
      if (others().length > 0) await this.waited(SPREAD_MS, () => false);
      this.mustNotBeOver();
    }
    return shuffled(others());
  }

  /** Resolves in so many ms; sooner if something is announced after which `isDone`, or at the end. */
  private async waited(ms: number, isDone: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.timer = setTimer(ms, resolve);
      this.wake = () => {
        if (this.over || isDone()) resolve();
      };
    });
    clearTimer(this.timer);
    this.wake = undefined;
  }

  async end(): Promise<void> {
    this.over = true;
    this.wake?.();
    await this.group.close();
  }

  /** The error of a search that has found no server. */
  nobody(): ConnectionLost {
    const { plan, group, wire, found } = this;
    const text = `${plan.address}: no server of the name "${plan.name}" has answered in the group ${group.address} within ${wire.limits.connectMs} ms (limits.connectMs)${found.refused}. Check that one is served as discover:${plan.name}(tcp://0.0.0.0:0), and that the network carries multicast; see the options "group" and "interface"`;
    return new ConnectionLost(text, { maybeExecuted: false });
  }

  private mustNotBeOver(): void {
    if (this.over)
      throw new ConnectionLost(`${this.plan.address} was closed before it was open`, { maybeExecuted: false });
  }
}

function shuffled<T>(list: T[]): T[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [list[last], list[other]] = [list[other] as T, list[last] as T];
  }
  return list;
}
