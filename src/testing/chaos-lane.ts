import type { Socket } from 'node:net';
import { clearTimer, setTimer, type Timer, time } from '../base/time.js';
import type { Random } from './random.js';

/** A lane that holds more bytes than this reads no further: its source stops by itself, as over a slow network. */
const MOST_HELD = 1024 * 1024;
/** A throttled lane passes a piece of its rate at a time, each for about this many milliseconds. */
const PIECE_MS = 20;

/** How a lane passes bytes on. */
export interface Pace {
  /** How long each piece is delayed, in milliseconds: minimum and maximum. The order is kept. */
  readonly delay: readonly [least: number, most: number];
  /** How many bytes pass in a second. */
  readonly bytesPerSecond: number;
}

/** One direction of a link of a chaos proxy: from one socket to another. */
export class ChaosLane {
  /** How many bytes it has passed on. */
  passed = 0;
  private readonly queue: { readonly at: number; readonly bytes: Uint8Array | 'end' }[] = [];
  private held = 0;
  /** When the last of the queue is due. */
  private last = 0;
  private timer: Timer | undefined;
  private isSilent = false;
  private isOver = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly pace: Pace,
    private readonly random: Random,
  ) {
    from.on('data', (bytes: Uint8Array) => this.take(bytes));
    from.on('end', () => this.end());
    to.on('drain', () => this.updateReading());
  }

  /** Holds everything until `resume`. */
  silence(): void {
    this.isSilent = true;
    clearTimer(this.timer);
    this.timer = undefined;
  }

  resume(): void {
    this.isSilent = false;
    this.passDue();
  }

  /** Passes the end of the source on, after what is held. What comes after it is dropped. */
  end(): void {
    if (this.isOver) return;
    this.add('end', 0);
    this.isOver = true;
  }

  /** Drops what is held and what still arrives, without an event. The source is still read, so that its end is noticed. */
  stop(): void {
    this.isOver = true;
    clearTimer(this.timer);
    this.timer = undefined;
    this.queue.length = 0;
    this.held = 0;
    this.from.resume();
  }

  private take(bytes: Uint8Array): void {
    if (this.isOver) return;
    const { bytesPerSecond } = this.pace;
    const most = Number.isFinite(bytesPerSecond)
      ? Math.max(1, Math.ceil((bytesPerSecond * PIECE_MS) / 1_000))
      : bytes.length;
    for (let at = 0; at < bytes.length; at += most) this.add(bytes.subarray(at, at + most), most);
    this.updateReading();
  }

  /** One draw for each piece that the network brings, so that a throttle does not change the delays. */
  private add(bytes: Uint8Array | 'end', size: number): void {
    const [least, most] = this.pace.delay;
    const now = time();
    const delay = least === most ? least : least + this.random.next() * (most - least);
    // Infinity is no rate: then nothing is added.
    const spent = (size * 1_000) / this.pace.bytesPerSecond;
    const at = Math.max(now + delay, this.last) + spent;
    this.last = at;
    if (at <= now && this.queue.length === 0 && !this.isSilent) {
      this.pass(bytes);
      return;
    }
    this.queue.push({ at, bytes });
    if (bytes !== 'end') this.held += bytes.length;
    this.wake();
  }

  private wake(): void {
    const [first] = this.queue;
    if (this.timer !== undefined || this.isSilent || first === undefined) return;
    this.timer = setTimer(Math.max(0, first.at - time()), () => {
      this.timer = undefined;
      this.passDue();
    });
  }

  private passDue(): void {
    const now = time();
    for (let [first] = this.queue; first !== undefined && first.at <= now && !this.isSilent; [first] = this.queue) {
      this.queue.shift();
      if (first.bytes !== 'end') this.held -= first.bytes.length;
      this.pass(first.bytes);
    }
    this.wake();
    this.updateReading();
  }

  private pass(bytes: Uint8Array | 'end'): void {
    const { to } = this;
    if (to.destroyed || to.writableEnded) return;
    if (bytes === 'end') {
      to.end();
      return;
    }
    this.passed += bytes.length;
    to.write(bytes);
  }

  private updateReading(): void {
    const { from, to } = this;
    if (!this.isOver && (this.held > MOST_HELD || (to.writableNeedDrain && !to.destroyed))) from.pause();
    else from.resume();
  }
}
