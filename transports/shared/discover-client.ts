import { messageOf } from '../../src/base/thrown.js';
import { time } from '../../src/base/time.js';
import type { Accept, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import { type ClientPlan, Search } from './discover-search.js';
import { InnerTransport } from './redial-inner.js';

/** For how many ms other servers are sought when none of those that have answered can be reached. */
const MORE_MS = 1_000;

/** Seeks the servers of a name, and connects to one of them. */
export class DiscoveringClient implements Transport {
  private readonly search: Search;
  private inner: InnerTransport | undefined;
  private over = false;

  constructor(
    private readonly plan: ClientPlan,
    private readonly wire: Wire,
  ) {
    this.search = new Search(plan, wire);
  }

  get address(): string {
    return this.plan.address;
  }

  async open(accept: Accept): Promise<void> {
    const { search } = this;
    try {
      await search.begin();
      const until = time() + this.wire.limits.connectMs;
      const failures: string[] = [];
      const tried = new Set<string>();
      for (let patience = until; ; patience = Math.min(until, time() + MORE_MS)) {
        const addresses = await search.addresses(patience, tried);
        if (addresses.length === 0) throw failures.length === 0 ? search.nobody() : this.unreachable(failures);
        for (const address of addresses) {
          tried.add(address);
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
      await search.end();
    }
  }

  async close(): Promise<void> {
    this.over = true;
    this.inner?.stop(this.closedBefore());
    await Promise.all([this.search.end(), this.inner?.close()]);
  }

  private async dial(address: string, ms: number, accept: Accept): Promise<void> {
    const transport = await this.wire.transport(this.plan.sourceFor(address), false);
    this.mustNotBeOver();
    this.inner = new InnerTransport(transport, ms);
    await this.inner.open(accept);
  }

  private unreachable(failures: readonly string[]): ConnectionLost {
    const text = `${this.address}: none of the servers that have answered can be reached. ${failures.join('. ')}`;
    return new ConnectionLost(text, { maybeExecuted: false });
  }

  private mustNotBeOver(): void {
    if (this.over) throw this.closedBefore();
  }

  private closedBefore(): ConnectionLost {
    return new ConnectionLost(`${this.address} was closed before it was open`, { maybeExecuted: false });
  }
}
