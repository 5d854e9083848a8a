import { time } from '../../base/time.js';
import type { Limits, Link } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';

/** What the watch needs of its connection. */
export interface StallDetectorOwner {
  readonly link: Link;
  readonly host: { readonly limits: Limits };
  readonly sink: {
    /** Asks for `due` to be called by then, at the latest. */
    remind(at: number): void;
    lost(reason: Error): void;
  };
}

/**
 * The watch over a peer for which more is buffered than `bufferedBytes`. It is cut when nothing has left for `stalledMs`: a
 * bound on the bytes alone would cut off a healthy reader that is given much at once. At twice the bound nothing more is taken.
 */
export class StallDetector {
  private buffered: number;
  private since: number;

  constructor(private readonly owner: StallDetectorOwner) {
    this.buffered = owner.link.buffered;
    this.since = time();
    owner.sink.remind(this.since + owner.host.limits.stalledMs);
  }

  /** Throws if nothing more is taken; `collected` is what is not with the link yet. */
  check(collected: number): void {
    const { link, host } = this.owner;
    if (link.buffered + collected <= 2 * host.limits.bufferedBytes) return;
    throw new ProtocolError(`busy: ${link.peer} does not read, and ${link.buffered} bytes wait for it`, Code.Busy);
  }

  /** Before frames are given to the link: what has left since the last time is seen now. */
  sending(): void {
    this.progress(time());
  }

  /** After that: what has been added does not count as what has not left. */
  sent(): void {
    this.buffered = this.owner.link.buffered;
  }

  private progress(at: number): void {
    const { buffered } = this.owner.link;
    if (buffered < this.buffered) this.since = at;
    this.buffered = buffered;
  }

  private get over(): boolean {
    return this.buffered <= this.owner.host.limits.bufferedBytes;
  }

  /** Something has left. Says whether the watch is over. */
  drained(): boolean {
    this.progress(time());
    return this.over;
  }

  /** Ends the session if nothing has left for too long. Says when to look again: `Infinity` if the watch is over. */
  due(at: number): number {
    const { link, host } = this.owner;
    this.progress(at);
    if (this.over) return Number.POSITIVE_INFINITY;
    // Until the broker is back, nothing can leave.
    if (link.away === true) this.since = at;
    const end = this.since + host.limits.stalledMs;
    if (at < end) return end;
    const text = `${link.peer} does not read: ${this.buffered} bytes wait, and none has left for ${host.limits.stalledMs} ms`;
    const stalled = new ProtocolError(text, Code.Busy);
    this.owner.sink.lost(stalled);
    link.close(stalled);
    return Number.POSITIVE_INFINITY;
  }
}
