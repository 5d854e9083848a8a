import type { MsgHdrs } from '@nats-io/nats-core';
import type { Delivery, Envelope, Frame, Link, Receiver } from '../../../src/contract/contract.js';
import { Flushes } from '../../shared/flushes.js';
import type { NatsFrames } from '../frames.js';
import type { StreamPlan } from './plan.js';
import type { Store } from './store.js';
import { idOf } from './task-link.js';

/** Kept free for the headers of a message, in bytes: a key has up to 256 letters, each of up to 9 characters in a header. */
const HEADER_BYTES = 3_072;
/** It is reported to the core that bytes have left once fewer than this wait. */
const LOW_BYTES = 64 * 1024;

/** What the link needs of its transport. */
export interface WriterHost {
  readonly plan: StreamPlan;
  readonly own: string;
  readonly away: boolean;
  readonly maxPayload: number;
  readonly frames: NatsFrames;
  readonly store: Store;
  headersFor(id: string): MsgHdrs;
  /** Something was not stored, and nobody has heard of it. */
  lost(text: string): void;
}

/** The link of a side that writes to a stream: each notification is a message, which is never answered. */
export class StreamWriter implements Link {
  readonly takes = 'notifications';
  readonly keeps: readonly (keyof Delivery)[] = ['key', 'attempts'];
  /** Nobody answers a hello. */
  readonly agreed = false;
  readonly peer: string;
  receiver: Receiver | undefined;
  private count = 0;
  /** How many messages were given. */
  private given = 0;
  private readonly flushes: Flushes;
  private wasHigh = false;
  private isOver = false;

  constructor(private readonly host: WriterHost) {
    this.peer = `nats:${host.plan.subject}`;
    this.flushes = new Flushes((text) => host.lost(text));
  }

  get buffered(): number {
    return this.host.store.bytes;
  }

  get away(): boolean {
    return this.host.away;
  }

  get maxFrame(): number {
    return this.host.frames.largest(this.host.maxPayload - HEADER_BYTES - 2 * this.host.plan.subject.length);
  }

  send(frames: readonly Frame[]): void {
    for (const body of this.host.frames.pack(frames, this.maxFrame)) this.put(body, undefined);
  }

  dispatch(frames: readonly Frame[], { delivery }: Envelope): undefined {
    this.put(this.host.frames.together(frames), delivery);
  }

  private put(body: string | Uint8Array, delivery: Delivery | undefined): void {
    if (this.isOver) return;
    const { store, plan, own } = this.host;
    const key = delivery?.key;
    const headers = this.host.headersFor(key === undefined ? `${own}.${++this.count}` : idOf(plan.subject, key));
    if (delivery?.attempts !== undefined) headers.set('Obverse-Attempts', String(delivery.attempts));
    const at = this.given++;
    store.put(plan.subject, body, headers).catch((error: Error) => this.flushes.failed(error, at, 1));
    if (store.bytes > LOW_BYTES) this.wasHigh = true;
  }

  /** Fewer bytes wait. */
  freed(): void {
    if (!this.wasHigh || this.buffered > LOW_BYTES || this.isOver) return;
    this.wasHigh = false;
    this.receiver?.drained();
  }

  /** Resolves when all is stored; rejects if something was not since the last time. */
  async flush(): Promise<void> {
    // What has failed is noted a microtask later.
    const settled = this.host.store.settled().then(() => undefined);
    await this.flushes.flush(this.given, settled);
  }

  /** Nothing is stored any more. */
  ended(): void {
    this.flushes.close();
  }

  pause(): void {}
  resume(): void {}

  close(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    queueMicrotask(() => this.receiver?.closed(reason));
  }
}
