import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { Wire } from '../../src/contract/contract.js';
import type { Exchange } from './exchange.js';

interface Unsent {
  readonly counted: number;
  /** The bytes that waited when it last made progress, and when that was. */
  waiting: number;
  since: number;
}

/**
 * Complete responses that wait to be sent. Their links have ended, so they are counted here: for the whole side, and a client that reads
 * nothing for `stalledMs` loses its connection.
 */
export class UnsentResponses {
  private readonly all = new Map<Exchange, Unsent>();
  private timer: Timer | undefined;

  constructor(private readonly wire: Pick<Wire, 'memory' | 'limits'>) {}

  /** So many bytes of it wait. Where the side has no room for them, the connection ends. */
  add(exchange: Exchange, bytes: number): void {
    const { memory } = this.wire;
    if (!memory.reserve(bytes)) {
      exchange.destroy();
      return;
    }
    this.all.set(exchange, { counted: bytes, waiting: bytes, since: time() });
    exchange.watch = { drained: () => {}, gone: () => this.remove(exchange) };
    this.arm();
  }

  end(): void {
    clearTimer(this.timer);
    for (const exchange of [...this.all.keys()]) {
      this.remove(exchange);
      exchange.destroy();
    }
  }

  private remove(exchange: Exchange): void {
    const unsent = this.all.get(exchange);
    if (unsent === undefined) return;
    this.all.delete(exchange);
    this.wire.memory.release(unsent.counted);
  }

  private arm(): void {
    this.timer ??= setTimer(this.wire.limits.stalledMs / 2, () => this.look()).unref();
  }

  private look(): void {
    this.timer = undefined;
    const now = time();
    for (const [exchange, unsent] of this.all) {
      if (exchange.waiting < unsent.waiting) {
        unsent.waiting = exchange.waiting;
        unsent.since = now;
      } else if (now - unsent.since >= this.wire.limits.stalledMs) exchange.destroy();
    }
    if (this.all.size > 0) this.arm();
  }
}
