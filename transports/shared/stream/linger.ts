import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { clearTimer, setTimer, type Timer, time } from '../../../src/base/time.js';
import { moved } from './buffered.js';

/** How long, in milliseconds, an ending link waits for a peer that neither reads the rest nor ends its side. */
export const LINGER_MS = 1_000;

/** Limits the time of a link that has nothing more to send: as long as the peer reads, but not forever. */
export class Linger {
  private timer: Timer | undefined;
  private readonly last: number;

  /** Calls `expire` when nothing has moved for {@link LINGER_MS}, as far as that is visible, and after `ms` in any case. */
  constructor(
    private readonly output: Writable,
    ms: number,
    private readonly expire: () => void,
  ) {
    this.last = time() + ms;
    this.watch();
  }

  stop(): void {
    clearTimer(this.timer);
  }

  private watch(): void {
    const { output, last } = this;
    const left = last - time();
    const socket = output instanceof Socket ? output : undefined;
    const before = socket && moved(socket);
    const look = (): void =>
      time() >= last || (socket !== undefined && moved(socket) === before) ? this.expire() : this.watch();
    this.timer = setTimer(socket === undefined ? left : Math.min(LINGER_MS, left), look).unref();
  }
}
