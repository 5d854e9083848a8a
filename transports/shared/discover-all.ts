import { messageOf } from '../../src/base/thrown.js';
import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { Accept, Transport, Wire } from '../../src/contract/contract.js';
import type { BalanceBy } from './balance-address.js';
import { type Balance, balance } from './balance-holder.js';
import type { BalancePart } from './balance-part.js';
import { type ClientPlan, Search } from './discover-search.js';
import { EVERY_MS } from './discover-server.js';

/** After how many ms without an announcement a server that cannot be reached is not dialed any more. */
const FORGOTTEN_MS = 3 * EVERY_MS;

/** Seeks the servers of a name, and shares the calls among all of them. Servers that come join, and those that depart get no more calls. */
export class DiscoveringAll implements Transport {
  private readonly search: Search;
  private readonly balance: Balance;
  private readonly transport: Transport;
  /** By address: what was announced and has not departed. */
  private readonly parts = new Map<string, BalancePart | 'being added' | 'refused'>();
  private timer: Timer | undefined;

  constructor(
    private readonly plan: ClientPlan & { readonly by: BalanceBy | undefined },
    private readonly wire: Wire,
  ) {
    this.search = new Search(plan, wire);
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
      const addresses = await search.addresses(time() + wire.limits.connectMs, new Set());
      if (addresses.length === 0) throw search.nobody();
      for (const address of addresses) await this.add(address);
      await this.transport.open(accept);
    } catch (error) {
      await this.close();
      throw error;
    }
    search.heard = () => this.update();
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
    this.search.heard = () => {};
  }

  /** Something was announced: adds who is new, and lets those go that have departed. */
  private update(): void {
    const { addresses } = this.search.found;
    for (const address of addresses)
      if (!this.parts.has(address)) void this.add(address).catch((error) => this.refuse(address, error));
    for (const [address, part] of this.parts) if (!addresses.has(address)) this.remove(address, part);
  }

  /** Rejects with a UsageError for options that do not fit. */
  private async add(address: string): Promise<void> {
    this.parts.set(address, 'being added');
    this.parts.set(address, await this.balance.add(this.plan.sourceFor(address)));
  }

  private refuse(address: string, error: unknown): void {
    this.parts.set(address, 'refused');
    this.wire.logger.error(`discover: ${address} cannot be dialed: ${messageOf(error)}`);
  }

  private remove(address: string, part: BalancePart | 'being added' | 'refused'): void {
    // The next time.
    if (part === 'being added') return;
    this.parts.delete(address);
    if (part !== 'refused') void this.balance.remove(part);
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
