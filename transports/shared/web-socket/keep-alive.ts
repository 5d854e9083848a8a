import type { Socket } from 'node:net';
import { clearTimer, setTimer, type Timer } from '../../../src/base/time.js';

/** What is checked for being alive. */
export interface Watched {
  readonly buffered: number;
  /** Bytes of the peer may be unread, so its silence means nothing. */
  readonly isBehind: boolean;
  ping(): void;
  /** It has not answered. */
  silent(): void;
}

/**
 * Sends a ping to a peer when nothing was read from it and nothing was sent to it for so many milliseconds, and reports
 * the peer if it is then silent for as long again. A live peer answers a ping; a slow reader has time as long as bytes
 * are sent.
 */
export class KeepAlive {
  private timer: Timer;
  private before: string;
  private asked = false;

  constructor(
    private readonly link: Watched,
    private readonly stream: Pick<Socket, 'bytesRead'>,
    private readonly ms: number,
  ) {
    this.before = this.moved();
    this.timer = this.sleep();
  }

  stop(): void {
    clearTimer(this.timer);
  }

  private sleep(): Timer {
    return setTimer(this.ms, () => this.look()).unref();
  }

  private look(): void {
    const { link, before } = this;
    // Before the ping, whose own bytes do not count.
    this.before = this.moved();
    if (this.before !== before || link.isBehind) this.asked = false;
    else if (this.asked) {
      link.silent();
      return;
    } else {
      this.asked = true;
      link.ping();
      this.before = this.moved();
    }
    this.timer = this.sleep();
  }

  /** A number that changes when bytes have arrived or were sent. */
  private moved(): string {
    return `${this.stream.bytesRead} ${this.link.buffered}`;
  }
}
