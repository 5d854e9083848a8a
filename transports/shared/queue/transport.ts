import { printable } from '../../../src/base/quote.js';
import { messageOf } from '../../../src/base/thrown.js';
import { clearTimer, setTimer, type Timer } from '../../../src/base/time.js';
import type { Accept, Transport, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { Refusals } from '../refusals.js';
import { QueueFrames } from './frames.js';
import type { QueuePlan } from './options.js';
import { QueueReader } from './reader.js';
import type { Store, StorePlan, Terms } from './store.js';
import { type QueueHost, QueueWorker } from './worker.js';
import { QueueWriter, type WriterHost } from './writer.js';

/** How often, in ms, tasks are removed that have ended long enough ago, and how many in one transaction. */
const SWEEP_MS = 10_000;
const SWEPT_AT_ONCE = 1_000;

/** Opens the store of a queue. */
export type StoreOpener = (plan: StorePlan) => Promise<Store>;

/**
 * A queue of tasks in a database. A side that connects writes tasks, and receives the answers to those that are requests; who serves works on
 * them, or reads all of them in their order. Each task is a brief link, and it is done when the link closes without a reason.
 */
export class QueueTransport implements Transport, QueueHost, WriterHost {
  readonly address: string;
  readonly frames: QueueFrames;
  readonly terms: Terms;
  readonly patience: number;
  readonly mostBytes: number;
  store!: Store;
  accept!: Accept;
  private writer: QueueWriter | undefined;
  private worker: QueueWorker | QueueReader | undefined;
  private closing: Promise<void> | undefined;
  private opening: Promise<unknown> | undefined;
  private sweeping: Timer | undefined;
  private readonly failures = new Refusals();

  constructor(
    readonly plan: QueuePlan,
    readonly wire: Wire,
    private readonly opener: StoreOpener,
  ) {
    this.address = plan.address;
    this.frames = new QueueFrames(wire);
    this.terms = { worker: globalThis.crypto.randomUUID(), lease: plan.lease, attempts: plan.attempts };
    this.patience = wire.limits.connectMs;
    this.mostBytes = wire.limits.bufferedBytes;
  }

  async open(accept: Accept): Promise<void> {
    if (this.opening !== undefined) throw new UsageError(`${this.address} is opened only once`);
    if (this.closing !== undefined) throw this.closedEarly();
    this.accept = accept;
    const { plan, wire } = this;
    const opened = this.opener({
      address: plan.address,
      queue: plan.queue,
      isText: wire.form === 'text',
      writes: !wire.listen,
      forReaders: plan.forReaders,
      keep: plan.keep,
      mostBytes: wire.limits.frameBytes,
      patience: wire.limits.connectMs,
      failed: (error) => void this.failed(error),
    });
    this.opening = opened.catch(() => {});
    try {
      this.store = await opened;
    } catch (cause) {
      if (cause instanceof UsageError || cause instanceof ConnectionLost) throw cause;
      throw new ConnectionLost(`${this.address} cannot be opened: ${textOf(cause)}`, { cause });
    }
    if (this.closing !== undefined) throw this.closedEarly();
    if (wire.listen) {
      this.worker = plan.reader === undefined ? new QueueWorker(this) : new QueueReader(this, plan.reader);
      const { looking } = this.worker;
      this.store.watch(() => looking.now());
      looking.now();
    } else {
      const writer = new QueueWriter(this);
      this.writer = writer;
      this.store.watch((ended) => writer.changed(ended));
      writer.receiver = accept(writer);
    }
    this.sweepLater(SWEEP_MS);
  }

  private closedEarly(): Error {
    return new ConnectionLost(`${this.address} was closed before it was open`);
  }

  /** Reports a failure of the store, at most once a minute. Returns after how many ms to try again. */
  failed(error: unknown): number {
    const count = this.failures.add();
    if (count > 0 && this.closing === undefined) {
      const again = count > 1 ? ` (${count - 1} more since the last report)` : '';
      this.wire.logger.error(`${this.address}: ${textOf(error)}; it is tried again${again}`);
    }
    return Math.min(this.plan.poll, 1_000);
  }

  lost(text: string): void {
    this.wire.logger.error(`${this.address}: ${text}`);
  }

  private sweepLater(ms: number): void {
    this.sweeping = setTimer(ms, () => {
      this.sweep().then(
        (count) => this.sweepLater(count < SWEPT_AT_ONCE ? SWEEP_MS : 1),
        (error: unknown) => {
          this.failed(error);
          this.sweepLater(SWEEP_MS);
        },
      );
    });
  }

  private async sweep(): Promise<number> {
    return this.closing === undefined ? this.store.sweep(SWEPT_AT_ONCE) : 0;
  }

  async flush(): Promise<void> {
    await this.writer?.flush();
  }

  async stats(): Promise<Readonly<Record<string, number>>> {
    return this.store.stats(this.plan.reader);
  }

  async retire(): Promise<void> {
    await this.worker?.retire();
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    await this.opening;
    await this.worker?.close();
    this.writer?.close();
    await this.writer?.over;
    clearTimer(this.sweeping);
    await this.store?.close();
  }
}

/** The text of an error; some errors of connections have only a code. */
function textOf(error: unknown): string {
  return printable(messageOf(error) || String((error as { code?: unknown }).code), 1_000);
}
