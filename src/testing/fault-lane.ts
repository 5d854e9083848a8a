import { clearTimer, setTimer, type Timer, time } from '../base/time.js';
import type { Frame } from '../contract/contract.js';
import type { Fate, FaultPlan } from './fault-plan.js';

/** How long, in milliseconds, a frame waits for the next one, with which it is to be swapped. */
const SWAP_MS = 10;

/** What a lane does with the frames that leave it. */
export interface LaneEnds {
  deliver(frames: readonly Frame[]): void;
  cut(): void;
  /** All delayed frames have left. */
  empty(): void;
  /** Called for each frame, before it is processed. */
  fate(number: number, fate: Fate): void;
}

/** One direction of a faulty link: it applies the plan to the frames that enter. */
export class FaultLane {
  /** The size of the delayed frames, in bytes. */
  bytes = 0;
  private readonly plan: FaultPlan;
  private readonly ends: LaneEnds;
  private queue: { readonly at: number; readonly frames: readonly Frame[] }[] = [];
  private swapped: { readonly frames: readonly Frame[]; readonly delay: number } | undefined;
  private timer: Timer | undefined;
  private swapTimer: Timer | undefined;
  private count = 0;
  private over = false;

  constructor(plan: FaultPlan, ends: LaneEnds) {
    this.plan = plan;
    this.ends = ends;
  }

  get held(): boolean {
    return this.queue.length > 0 || this.swapped !== undefined;
  }

  push(frames: readonly Frame[]): void {
    const ready: Frame[] = [];
    for (const frame of frames) {
      if (this.over) return;
      const fate = this.plan.next(frame);
      this.ends.fate(this.count++, fate);
      if (fate.cut) {
        if (ready.length > 0) this.ends.deliver(ready);
        this.ends.cut();
        return;
      }
      if (fate.frames.length > 0) this.place(fate, ready);
    }
    if (ready.length > 0) this.ends.deliver(ready);
  }

  /** Releases all delayed frames at once, in order. */
  flush(): void {
    const frames = this.queue.flatMap((entry) => entry.frames);
    if (this.swapped !== undefined) frames.push(...this.swapped.frames);
    this.clear();
    if (frames.length > 0 && !this.over) this.ends.deliver(frames);
  }

  /** Drops the delayed frames. No frame leaves any more. */
  stop(): void {
    this.over = true;
    this.clear();
  }

  private place(fate: Fate, ready: Frame[]): void {
    if (fate.swapped && this.swapped === undefined) {
      this.swapped = fate;
      this.bytes += sizeOf(fate.frames);
      this.swapTimer = setTimer(SWAP_MS, () => this.unswap());
      return;
    }
    this.hold(fate.frames, fate.delay, ready);
    const { swapped } = this;
    if (swapped === undefined) return;
    this.forgetSwap();
    this.hold(swapped.frames, swapped.delay, ready);
  }

  /** No frame has arrived to swap with. */
  private unswap(): void {
    const { swapped } = this;
    if (swapped === undefined) return;
    this.forgetSwap();
    const ready: Frame[] = [];
    this.hold(swapped.frames, swapped.delay, ready);
    if (ready.length > 0) this.out(ready);
  }

  private forgetSwap(): void {
    if (this.swapped !== undefined) this.bytes -= sizeOf(this.swapped.frames);
    this.swapped = undefined;
    clearTimer(this.swapTimer);
  }

  /** Delayed frames keep their order: none leaves before those that precede it in the queue. */
  private hold(frames: readonly Frame[], delay: number, ready: Frame[]): void {
    if (delay === 0 && this.queue.length === 0) {
      ready.push(...frames);
      return;
    }
    this.queue.push({ at: time() + delay, frames });
    this.bytes += sizeOf(frames);
    this.wake();
  }

  private wake(): void {
    const [first] = this.queue;
    if (this.timer !== undefined || first === undefined) return;
    this.timer = setTimer(Math.max(0, first.at - time()), () => this.due());
  }

  private due(): void {
    this.timer = undefined;
    const now = time();
    const frames: Frame[] = [];
    while (this.queue.length > 0 && this.queue[0]!.at <= now) frames.push(...this.queue.shift()!.frames);
    this.bytes -= sizeOf(frames);
    this.wake();
    if (frames.length > 0) this.out(frames);
  }

  private out(frames: readonly Frame[]): void {
    this.ends.deliver(frames);
    if (!this.held && !this.over) this.ends.empty();
  }

  private clear(): void {
    clearTimer(this.timer);
    this.timer = undefined;
    this.forgetSwap();
    this.queue = [];
    this.bytes = 0;
  }
}

function sizeOf(frames: readonly Frame[]): number {
  return frames.reduce((size, frame) => size + frame.length, 0);
}
