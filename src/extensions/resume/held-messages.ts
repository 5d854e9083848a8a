import { Queue } from '../../base/queue.js';
import type { Frame } from '../../contract/contract.js';
import type { JournalSession } from './journal-session.js';

/** A message that waits before the filter. */
export interface HeldMessage {
  readonly frame: Frame;
  readonly failed: ((error: unknown) => void) | undefined;
}

/** The messages that wait before the filter of a session, in order. */
export class HeldMessages {
  bytes = 0;
  private readonly items = new Queue<HeldMessage>();

  private awaitsFilter = false;

  /** `release` lets them pass the filter, as far as they may. */
  constructor(
    private readonly session: JournalSession,
    private readonly release: () => void,
  ) {}

  get length(): number {
    return this.items.length;
  }

  push(item: HeldMessage): void {
    this.items.push(item);
    this.bytes += item.frame.length;
  }

  shift(): HeldMessage | undefined {
    const item = this.items.shift();
    if (item !== undefined) this.bytes -= item.frame.length;
    return item;
  }

  /** What is in the filter may be refused by it: then nothing else would let out what waits for it. */
  releaseWhenSealed(): void {
    const { filter } = this.session;
    if (this.awaitsFilter || filter?.isSealing !== true) return;
    this.awaitsFilter = true;
    filter.whenSealed(() => {
      this.awaitsFilter = false;
      this.release();
    });
  }

  /** Drops the calls that nobody waits for any more. */
  dropWithdrawn(): void {
    const { posted, filter } = this.session;
    if (filter !== undefined && posted?.hasWithdrawn === true) for (const item of this.take()) this.push(item);
  }

  /** Removes and returns all of them, without the calls that nobody waits for any more. */
  take(): readonly HeldMessage[] {
    const { posted, sendQueue, filter } = this.session;
    const before = sendQueue.place - this.length;
    const items: HeldMessage[] = [];
    for (let item = this.items.shift(); item !== undefined; item = this.items.shift()) items.push(item);
    this.bytes = 0;
    return filter !== undefined && posted?.hasWithdrawn === true ? posted.without(items, before) : items;
  }
}
