import { clearTimer, setTimer, type Timer, time } from '../../base/time.js';
import type { Frame, Limits, Link } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import { exceeds } from './message-size.js';

/** Frames up to this size, in bytes, are sent before the peer has reported how large a frame it reads. */
export const SENT_BEFORE_HELLO: number = 64 * 1024;
/** How long, in milliseconds, a larger frame waits for that: a peer that is not Obverse never reports it. */
const WAIT_MS = 1_000;

interface Waiting {
  readonly frame: Frame;
  readonly failed: ((error: unknown) => void) | undefined;
}

/** What waits for the peer's hello leaves through this. */
export interface AwaitedHelloOwner {
  readonly filter: object | undefined;
  readonly frameLimit: number;
  readonly link: Link;
  readonly host: { readonly limits: Limits };
  readonly sendQueue: { hello: AwaitedHello | undefined; put(frame: Frame): void; skip(): void };
  report(error: unknown): void;
}

/**
 * A link that this side has dialed, until the peer has sent hello: a large frame waits for that, and everything behind it.
 * So a call that is too large for the peer fails alone, and the link is not cut. Where nothing large is sent, nothing waits.
 */
export class AwaitedHello {
  private readonly until = time() + WAIT_MS;
  private frames: Waiting[] | undefined;
  private timer: Timer | undefined;
  private readonly whenKnown: (() => void)[] = [];

  constructor(private readonly session: AwaitedHelloOwner) {}

  /** Holds back a large frame, or one after it. Returns false if it may be sent. `failed` is called if it cannot be sent later. */
  holdBack(frame: Frame, failed: ((error: unknown) => void) | undefined): boolean {
    if (this.frames === undefined) {
      // Under a security, what waits has no header yet.
      if (frame.length <= SENT_BEFORE_HELLO || this.session.filter !== undefined) return false;
      const left = this.until - time();
      if (left <= 0) {
        this.finish();
        return false;
      }
      this.frames = [];
      this.timer = setTimer(left, () => this.finish());
    }
    this.frames.push({ frame, failed });
    return true;
  }

  /** How many frames wait. */
  get waiting(): number {
    return this.frames?.length ?? 0;
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.frames?.reduce((sum, { frame }) => sum + frame.length, 0) ?? 0;
  }

  /** Resolves when it is known how large a frame the peer reads, or nothing more is awaited. */
  async known(): Promise<void> {
    const left = this.until - time();
    if (left <= 0) return;
    this.timer ??= setTimer(left, () => this.finish());
    await new Promise<void>((resolve) => this.whenKnown.push(resolve));
  }

  /** The peer has sent hello, or has had its time: what waits leaves, or fails. */
  finish(): void {
    const { session, frames = [] } = this;
    this.end();
    const limit = session.frameLimit;
    for (const { frame, failed } of frames) {
      try {
        mustFit(frame, limit, session);
        session.sendQueue.put(frame);
      } catch (error) {
        session.sendQueue.skip();
        if (failed === undefined) session.report(error);
        else failed(error);
      }
    }
  }

  /** Nothing more is awaited; what waits is dropped. */
  end(): void {
    clearTimer(this.timer);
    this.frames = undefined;
    this.session.sendQueue.hello = undefined;
    for (const resolve of this.whenKnown.splice(0)) resolve();
  }
}

/** Throws a ProtocolError, too large, for a frame of more than `limit` bytes. `session`: for whom, so that the error names whose bound it is. */
export function mustFit(frame: Frame, limit: number, session?: Pick<AwaitedHelloOwner, 'host' | 'link'>): void {
  if (!exceeds(frame, limit)) return;
  const own = session === undefined || limit === session.host.limits.sentFrameBytes;
  const whose = own
    ? 'the bound of this side (limits.sentFrameBytes)'
    : session.link.maxFrame !== undefined
      ? 'the most that the link carries'
      : `the most that ${session.link.peer} reads (its limits.frameBytes)`;
  throw new ProtocolError(`the message is larger than ${limit} bytes, ${whose}`, Code.TooLarge);
}
