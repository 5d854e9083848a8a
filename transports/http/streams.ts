import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { Wire } from '../../src/contract/contract.js';
import { PartialFrames } from '../shared/partial-frames.js';
import type { RequestBody } from './body.js';
import type { Exchange } from './exchange.js';
import type { HttpParts } from './parts.js';
import type { EventWriter } from './post.js';
import { UnsentResponses } from './unsent.js';

/** A body of this size, in bytes, must grow; a smaller one must be complete in time. */
const LARGE = 64 * 1024;

/** What requests and responses need over time: how fast bodies arrive, and responses are read; and what keeps streams of events alive. */
export abstract class HttpStreams {
  readonly frameBytes: number;
  readonly partial: PartialFrames;
  private readonly unsent: UnsentResponses;
  private readonly writers = new Set<EventWriter>();
  private lateness: Timer | undefined;
  private comments: Timer | undefined;

  constructor(
    private readonly wire: Wire,
    readonly parts: HttpParts,
    private readonly keepAlive: number,
  ) {
    this.frameBytes = wire.acceptedFrameBytes;
    this.partial = new PartialFrames(wire.memory);
    this.unsent = new UnsentResponses(wire);
  }

  sending(exchange: Exchange, bytes: number): void {
    this.unsent.add(exchange, bytes);
  }

  streams(writer: EventWriter): void {
    this.writers.add(writer);
    this.comments ??= setTimer(this.keepAlive, () => this.comment()).unref();
  }

  protected ended(writer: EventWriter): void {
    this.writers.delete(writer);
  }

  private comment(): void {
    this.comments = undefined;
    for (const writer of this.writers) writer.keepAlive();
    if (this.writers.size > 0) this.comments = setTimer(this.keepAlive, () => this.comment()).unref();
  }

  /** Bodies are on their way. One timer for all of them, which is not set anew for each: most are complete within a turn. */
  protected watch(bodies: ReadonlySet<RequestBody>): void {
    this.lateness ??= setTimer(this.wire.limits.connectMs, () => this.look(bodies)).unref();
  }

  private look(bodies: ReadonlySet<RequestBody>): void {
    const { connectMs } = this.wire.limits;
    this.lateness = undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const body of [...bodies]) {
      // A large one has a pace of its own.
      const at = body.since + connectMs - time();
      if (at <= 0 && body.size <= LARGE) body.late(connectMs);
      else next = Math.min(next, Math.max(at, connectMs / 4));
    }
    if (next !== Number.POSITIVE_INFINITY) this.lateness ??= setTimer(next, () => this.look(bodies)).unref();
  }

  protected stop(): void {
    clearTimer(this.lateness);
    clearTimer(this.comments);
    this.unsent.end();
  }
}
