import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { Accept, Transport, Wire } from '../../src/contract/contract.js';
import type { BalanceBy } from '../shared/balance/address.js';
import { type Balance, balance } from '../shared/balance/holder.js';
import type { BalancePart } from '../shared/balance/part.js';
import { type ClientPlan, Search } from './search.js';
import { EVERY_MS } from './server.js';

/** After how many ms without an announcement a server that cannot be reached is not dialed any more. */
const FORGOTTEN_MS = 3 * EVERY_MS;
/** How long, in ms, it is between two times that new servers are dialed: anybody can announce others without end. */
const APART_MS = 1_000;
/** For how many ms a server that cannot be reached is left out while too many are announced. */
const LEFT_OUT_MS = 60_000;
/** How many addresses that do not fit are logged. */
const LOGGED = 5;

/** Seeks the servers of a name, and shares the calls among all of them. Servers that come join, and those that depart get no more calls. */
export class DiscoveringAll implements Transport {
  private readonly search: Search;
  private readonly balance: Balance;
  private readonly transport: Transport;
  /** By address: what was announced and has not departed. */
  private readonly parts = new Map<string, BalancePart | 'being added'>();
  private timer: Timer | undefined;
  private updating: Timer | undefined;
  private updatedAt = Number.NEGATIVE_INFINITY;
  private refused = 0;

  constructor(
    private readonly plan: ClientPlan & { readonly by: BalanceBy | undefined },
    private readonly wire: Wire,
  ) {
    this.search = new Search(plan, wire);
    this.search.found.isUsed = (address) => this.isUp(address);
    this.balance = balance([], { by: plan.by });
    this.transport = this.balance(wire);
  }

  get address(): string {
    return this.plan.address;
  }

  async open(accept: Accept): Promise<void> {
    const { search, wire } = this;
    try {
      await search.begin();
      const until = time() + wire.limits.connectMs;
      // An address that does not fit may be a forged one.
      while (this.balance.parts.length === 0) {
        if (!(await search.some(() => until))) throw search.nobody();
        await Promise.all([...search.found.addresses].map((address) => this.add(address)));
      }
      search.heard = () => this.updateSoon();
      await this.transport.open(accept);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.update();
    this.look();
  }

  async retire(): Promise<void> {
    this.stop();
    await Promise.all([this.search.end(), this.transport.retire?.()]);
  }

  async close(): Promise<void> {
    this.stop();
    await Promise.all([this.search.end(), this.transport.close()]);
  }

  private stop(): void {
    clearTimer(this.timer);
    clearTimer(this.updating);
    this.search.heard = () => {};
  }

  /** Something was announced. */
  private updateSoon(): void {
    if (this.updating !== undefined) return;
    const wait = this.updatedAt + APART_MS - time();
    if (wait <= 0) this.update();
    else this.updating = setTimer(wait, () => this.update()).unref();
  }

  /** Adds who is new, and lets those go that have departed. */
  private update(): void {
    clearTimer(this.updating);
    this.updating = undefined;
    this.updatedAt = time();
    const { found } = this.search;
    if (found.isFull) this.leaveOutFailed();
    const { addresses } = found;
    for (const address of addresses) if (!this.parts.has(address)) void this.add(address);
    for (const [address, part] of this.parts) if (!addresses.has(address)) this.remove(address, part);
  }

  /** Those that cannot be reached make room for others, and are dialed later, if they are still announced. */
  private leaveOutFailed(): void {
    for (const [address, part] of this.parts)
      if (typeof part === 'object' && !part.isUp && part.why !== undefined)
        this.search.found.exclude(address, LEFT_OUT_MS);
  }

  /** Never rejects. */
  private async add(address: string): Promise<void> {
    const { parts, search, wire } = this;
    parts.set(address, 'being added');
    const unfitness = await search.unfitness(address);
    if (unfitness === undefined) {
      parts.set(address, await this.balance.add(this.plan.sourceFor(address)));
      return;
    }
    parts.delete(address);
    search.found.exclude(address);
    if (this.refused++ < LOGGED) wire.logger.warn(`discover: ${address} cannot be dialed: ${unfitness.message}`);
  }

  private remove(address: string, part: BalancePart | 'being added'): void {
    // The next time.
    if (part === 'being added') return;
    this.parts.delete(address);
    void this.balance.remove(part);
  }

  private isUp(address: string): boolean {
    const part = this.parts.get(address);
    return typeof part === 'object' && part.isUp;
  }

  /** Looks for servers that are gone without having departed. */
  private look(): void {
    this.timer = setTimer(EVERY_MS, () => {
      const { servers } = this.search.found;
      for (const [id, { address, at }] of servers)
        if (at < time() - FORGOTTEN_MS && !this.isUp(address)) servers.delete(id);
      this.update();
      this.look();
    }).unref();
  }
}
