import { Queue } from '../../src/base/queue.js';
import type { Frame, Link, LinkInfo, Receiver } from '../../src/contract/contract.js';
import { ConnectionLost, type ProtocolError } from '../../src/contract/errors.js';
import { END, KNOCK, LEAVING, PROBE } from './controls.js';
import type { ZmqFrames } from './frames.js';
import type { Parts } from './package.js';

/** What the links to callers share. */
export interface CallersHost {
  readonly frames: ZmqFrames;
  readonly address: string;
  /** Sends a message; rejects with the code EAGAIN if ZeroMQ keeps as many as it may, and otherwise if the caller is gone. */
  post(parts: Parts): Promise<void>;
  /** A message waits until ZeroMQ takes it: `retry` of the link is called later. */
  stuck(link: CallerLink): void;
  /** The connection of a link has ended, with all its links. */
  unreachable(link: CallerLink): void;
  /** A link has ended. */
  gone(link: CallerLink): void;
}

/** A message that waits. */
interface Waiting {
  readonly parts: Parts;
  readonly bytes: number;
}

/** The link to one caller. One message is given to ZeroMQ at a time, so that none overtakes another that has to wait. */
export class CallerLink implements Link {
  readonly packets = true;
  readonly frameBytes: number;
  /** The name of its connection, which those of other callers behind the same device have, too. */
  readonly connection: string;
  buffered = 0;
  receiver: Receiver | undefined;
  /** It has answered that it knows that this side is leaving. */
  knowsEnd: (() => void) | undefined;
  /** The sweeps since it was last heard. */
  silent = 0;
  isOver = false;
  private readonly waiting = new Queue<Waiting>();
  private isSending = false;
  private whenSent: (() => void)[] = [];

  /** `key`: by which the host finds it. `envelope`: what comes before each message. */
  constructor(
    private readonly host: CallersHost,
    readonly peer: string,
    readonly key: string,
    private readonly envelope: Parts,
    readonly isObverse: boolean,
  ) {
    this.frameBytes = host.frames.limit;
    this.connection = (envelope[0] as Buffer).toString('latin1');
  }

  /** No device is between it and this side: ZeroMQ reports the end of its connection. */
  get isDirect(): boolean {
    return this.envelope.length === 1;
  }

  /** A call of it is open. */
  get isBusy(): boolean {
    return (this.receiver?.open ?? 0) > 0;
  }

  get info(): LinkInfo {
    return { address: this.host.address, envelope: this.envelope };
  }

  /** How many messages wait, with one that was given to ZeroMQ in this turn. */
  get waitingMessages(): number {
    return this.waiting.length;
  }

  // ---- sending --------------------------------------------------------------------------------------------------------

  send(frames: readonly Frame[]): void {
    if (this.isOver) return;
    for (const frame of frames) this.put(this.host.frames.parts([frame]));
  }

  private put(own: Parts, envelope: Parts = this.envelope): void {
    let bytes = 0;
    for (const { length } of own) bytes += length;
    this.buffered += bytes;
    this.waiting.push({ parts: [...envelope, ...own], bytes });
    if (!this.isSending) this.sendNext();
  }

  private sendNext(): void {
    const next = this.waiting.first;
    this.isSending = next !== undefined;
    if (next === undefined) {
      for (const resolve of this.whenSent.splice(0)) resolve();
      return;
    }
    this.host.post(next.parts).then(
      () => {
        // Its connection has ended meanwhile: nothing waits any more.
        if (this.waiting.first !== next) return;
        this.waiting.shift();
        this.buffered -= next.bytes;
        if (this.waiting.length === 0 && !this.isOver) this.receiver?.drained();
        this.sendNext();
      },
      (error: Error & { readonly code?: string }) => {
        if (error.code === 'EAGAIN') this.host.stuck(this);
        else this.host.unreachable(this);
      },
    );
  }

  /** Tries again to send what waits. */
  retry(): void {
    this.sendNext();
  }

  /** What waits is not sent: it is gone. */
  lost(): void {
    this.waiting.clear();
    this.buffered = 0;
    this.sendNext();
    this.over(new ConnectionLost(`${this.peer} is gone`));
  }

  /** Resolves when nothing waits. */
  async sent(): Promise<void> {
    if (this.isSending) await new Promise<void>((resolve) => this.whenSent.push(resolve));
  }

  /**
   * Finds out whether its connection has ended: its links end then. Returns false if that would need a message that the caller may not expect,
   * which is sent only if it `isUrgent`.
   */
  probe(isUrgent: boolean): boolean {
    if (!this.isObverse && this.isDirect && !isUrgent) return false;
    // What is being sent finds it out, too.
    if (this.isOver || this.isSending) return true;
    if (this.isObverse || this.isDirect) this.put(PROBE);
    else this.put(KNOCK, this.envelope.slice(0, 1));
    return true;
  }

  /** Reports that this side takes no more calls; resolves when the caller knows. */
  async leave(): Promise<void> {
    if (!this.isObverse || this.isOver) return;
    await new Promise<void>((resolve) => {
      this.knowsEnd = resolve;
      this.put(LEAVING);
    });
  }

  // ---- receiving ------------------------------------------------------------------------------------------------------

  /** Its own parts of a message. */
  take(own: Parts): void {
    this.silent = 0;
    let frame: Frame;
    try {
      frame = this.host.frames.frame(own);
    } catch (error) {
      this.close(error as ProtocolError);
      return;
    }
    if (!this.isOver) this.receiver?.receive(frame);
  }

  // The socket is that of all callers: what one of them sends is read, and the core bounds it.
  pause(): void {}
  resume(): void {}

  // ---- ends -----------------------------------------------------------------------------------------------------------

  close(reason?: Error): void {
    if (this.isOver) return;
    if (reason !== undefined) this.drop();
    if (this.isObverse) this.put(END);
    this.over(reason);
  }

  /** What waits is not sent. */
  private drop(): void {
    const { first } = this.waiting;
    this.waiting.clear();
    // ZeroMQ has the first one, or has refused it.
    if (first !== undefined) this.waiting.push(first);
  }

  /** It has ended, and the caller knows. */
  over(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.knowsEnd?.();
    this.host.gone(this);
    queueMicrotask(() => this.receiver?.closed(reason));
  }
}
