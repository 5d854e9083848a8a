import { afterTurn, clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { TransportSource, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { asError } from '../shared/redial/awaited.js';
import { FoundServers, type Schemes } from './found.js';
import { DiscoveryGroup, type GroupPlan } from './group.js';

/** How long, in ms, further answers are awaited after the first one, so that clients spread over the servers. */
const SPREAD_MS = 50;
/** After how many ms a client seeks again; twice as long after each time, up to the second number. */
const AGAIN_MS = [100, 1_000] as const;

/** What a client seeks. */
export interface ClientPlan {
  readonly name: string;
  readonly address: string;
  readonly group: GroupPlan;
  readonly schemes: Schemes;
  /** Whether there are options for what is dialed. */
  readonly hasOptions: boolean;
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

  /** Rejects with ConnectionLost if this machine cannot take part in the group, with a UsageError if the options of what is dialed do not fit. */
  async begin(): Promise<void> {
    await this.checkOptions();
    this.mustNotBeOver();
    await this.group.open();
    this.mustNotBeOver();
  }

  /** Resolves when a server is found, with whether one was at that time, which is asked for again and again. Rejects when the search is over. */
  async some(until: () => number): Promise<boolean> {
    const { servers } = this.found;
    let [wait, longest] = AGAIN_MS as readonly [number, number];
    this.mustNotBeOver();
    while (servers.size === 0) {
      const left = until() - time();
      if (left <= 0) return false;
      this.group.send({ method: 'seek', name: this.plan.name });
      await this.waited(Math.min(wait, left), () => servers.size > 0);
      wait = Math.min(2 * wait, longest);
      // One has answered; it may depart meanwhile. If this process was busy for so long, further answers have come and are not read yet.
      if (servers.size > 0) {
        await this.waited(SPREAD_MS, () => false);
        await new Promise<void>((resolve) => afterTurn(resolve));
      }
      this.mustNotBeOver();
    }
    return true;
  }

  /** Why an address cannot be dialed with the options for it; undefined if it can. */
  async unfitness(address: string): Promise<Error | undefined> {
    try {
      const transport = await this.wire.transport(this.plan.sourceFor(address), false);
      await transport.close();
      return undefined;
    } catch (error) {
      return asError(error);
    }
  }

  /** Wrong options are found before a server is, and whatever is announced: each of them would reject what is dialed, again and again. */
  private async checkOptions(): Promise<void> {
    const { schemes, hasOptions } = this.plan;
    const reasons = new Set<string>();
    for (const scheme of hasOptions ? schemes.allowed : []) {
      const unfitness = await this.unfitness(`${scheme}://127.0.0.1:1`);
      if (unfitness === undefined) return;
      reasons.add(unfitness.message);
    }
    if (reasons.size > 0)
      throw new UsageError(
        `discover: the option "dial" fits none of the transports that may be dialed: ${[...reasons].join('. ')}`,
      );
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
