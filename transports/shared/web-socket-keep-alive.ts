import type { Socket } from 'node:net';
import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';

/** What is asked whether it is still there. */
export interface Watched {
  readonly buffered: number;
  /** Bytes of the peer may lie unread, so that its silence says nothing. */
  readonly isBehind: boolean;
  ping(): void;
  /** It has not answered. */
  silent(): void;
}

/**
 * Asks a peer by a ping when nothing was read from it and nothing has left for it for so many milliseconds, and reports the
 * one who is then silent for as long again. A peer answers a ping in any case; who reads slowly is given time as long as
 * bytes leave.
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
    // Before the ping, whose own bytes say nothing.
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

  /** Another one when bytes have come or left. */
  private moved(): string {
    return `${this.stream.bytesRead} ${this.link.buffered}`;
  }
}
