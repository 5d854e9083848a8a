import { messageOf } from '../../src/base/thrown.js';
import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { Accept, Link, Receiver, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import { InnerTransport } from '../shared/redial/inner.js';
import { deaf } from '../shared/redial/link.js';
import { type ClientPlan, Search } from './search.js';

/** For how many ms other servers are sought when none of those that have answered can be reached. */
const MORE_MS = 1_000;
/** After how many ms without a link the next server is dialed as well; sooner where the time would not suffice for all. */
const NEXT_MS = 250;
/** How many reasons are listed in an error. */
const REASONS = 5;

/** Seeks the servers of a name, and connects to one of them. */
export class DiscoveringClient implements Transport {
  private readonly search: Search;
  /** Those that are being dialed, and the one whose link is up. */
  private readonly inner = new Set<InnerTransport>();
  private chosen: InnerTransport | undefined;
  private readonly failures: string[] = [];
  private failedAt = 0;
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
      await new Promise<void>((up, reject) => this.dialAll(accept, up).catch(reject));
    } finally {
      await search.end();
    }
  }

  async close(): Promise<void> {
    this.over = true;
    this.stopOthers();
    await Promise.all([this.search.end(), ...[...this.inner].map((inner) => inner.close())]);
  }

  /** Dials one server after the other, until a link is `up`. Rejects if none can be reached. */
  private async dialAll(accept: Accept, up: () => void): Promise<void> {
    const { search, inner } = this;
    const until = time() + this.wire.limits.connectMs;
    // Where all have failed, another one may start soon; where many have, they may be forged, and the real one is not found yet.
    const patience = (): number => {
      const { length } = this.failures;
      return inner.size > 0 || length === 0 || length > REASONS ? until : Math.min(until, this.failedAt + MORE_MS);
    };
    const attempts: Promise<void>[] = [];
    while (await search.some(patience)) {
      const address = search.found.next() as string;
      const left = until - time();
      const attempt = this.dial(address, left, accept, up);
      attempts.push(attempt);
      await atMost(Math.min(NEXT_MS, left / (search.found.servers.size + 2)), attempt);
    }
    await Promise.all(attempts);
    throw this.failures.length === 0 ? search.nobody() : this.unreachable();
  }

  /** Resolves when the attempt is over. */
  private async dial(address: string, ms: number, accept: Accept, up: () => void): Promise<void> {
    let inner: InnerTransport | undefined;
    try {
      const transport = await this.wire.transport(this.plan.sourceFor(address), false);
      this.mustNotBeOver();
      inner = new InnerTransport(transport, Math.max(1, Math.round(ms)));
      this.inner.add(inner);
      const attempt = inner;
      await inner.open((link) => this.accept(link, attempt, accept));
      this.chosen ??= inner;
      if (this.chosen !== inner) throw this.closedBefore();
      this.stopOthers();
      up();
    } catch (error) {
      this.failures.push(`${address}: ${messageOf(error)}`);
      this.failedAt = time();
      if (inner === undefined) return;
      if (this.chosen === inner) this.chosen = undefined;
      this.inner.delete(inner);
      await inner.close();
    }
  }

  /** The first link is the one of this transport. */
  private accept(link: Link, inner: InnerTransport, accept: Accept): Receiver {
    this.chosen ??= inner;
    if (this.chosen === inner && !this.over) return accept(link);
    queueMicrotask(() => link.close());
    return deaf;
  }

  private stopOthers(): void {
    for (const inner of this.inner) if (inner !== this.chosen) inner.stop(this.closedBefore());
  }

  private unreachable(): ConnectionLost {
    const { failures } = this;
    const more = failures.length > REASONS ? `. And ${failures.length - REASONS} more` : '';
    const text = `${this.address}: none of the servers that have answered can be reached. ${failures.slice(0, REASONS).join('. ')}${more}`;
    return new ConnectionLost(text, { maybeExecuted: false });
  }

  private mustNotBeOver(): void {
    if (this.over || this.chosen !== undefined) throw this.closedBefore();
  }

  private closedBefore(): ConnectionLost {
    return new ConnectionLost(`${this.address} was closed before it was open`, { maybeExecuted: false });
  }
}

/** Resolves with the promise, and after so many ms at the latest. */
async function atMost(ms: number, promise: Promise<void>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimer(ms, resolve);
  });
  await Promise.race([promise, late]);
  clearTimer(timer);
}
