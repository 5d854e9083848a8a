import { outside } from './async-context.js';

/**
 * The time and timers: the only module of the library that asks the runtime for them, so that a test can stop the clock
 * for all of it. Timers run outside of any call. Unless a test stops the clock, it is that of the runtime.
 */

/** The longest wait of a runtime timer, about 24 days; it would fire immediately for a longer one. */
const LONGEST_MS = 2 ** 31 - 1;

/** Where the time comes from, once the clock was held. Until then it is the runtime's, at no extra cost. */
let other: (() => number) | undefined;
/** The present time while the clock is held. */
let held: number | undefined;

/** The time in milliseconds on a monotonic clock. */
export function time(): number {
  return other === undefined ? performance.now() : other();
}

/** A timer that is set. */
export class Timer {
  private handle: ReturnType<typeof setTimeout> | undefined;
  private quiet = false;

  /** `at`: when it is due, by {@link time}. Made by {@link setTimer} only. */
  constructor(
    readonly at: number,
    private readonly act: () => void,
  ) {}

  /** Does not keep the process alive. */
  unref(): this {
    this.quiet = true;
    (this.handle as { unref?(): void } | undefined)?.unref?.();
    return this;
  }

  /** Starts the timer of the runtime. */
  start(ms: number): void {
    // The runtime drops fractions of a millisecond, and would fire too early by that.
    this.handle = outside(() => setTimeout(() => this.fire(), Math.ceil(ms)));
    if (this.quiet) this.unref();
  }

  /** Stops the timer of the runtime. */
  stop(): void {
    clearTimeout(this.handle);
    this.handle = undefined;
  }

  /** It is due. */
  fire(): void {
    timers.delete(this);
    this.act();
  }
}

/** The timers that are set and have not fired, in the order in which they were set. */
const timers = new Set<Timer>();

/** Calls `act` once, in so many milliseconds; never within this call. `Infinity` is as long as a timer can wait. */
export function setTimer(ms: number, act: () => void): Timer {
  const wait = Math.min(ms, LONGEST_MS);
  return start(new Timer(time() + wait, act), wait);
}

/** The same at a time of {@link time}, at most 24 days ahead: while the clock is held, it is due exactly then. */
export function setTimerAt(at: number, act: () => void): Timer {
  return start(new Timer(at, act), at - time());
}

function start(timer: Timer, wait: number): Timer {
  timers.add(timer);
  if (held === undefined) timer.start(Math.max(0, wait));
  return timer;
}

/** A timer that has fired, or undefined, is ignored. */
export function clearTimer(timer: Timer | undefined): void {
  if (timer !== undefined && timers.delete(timer)) timer.stop();
}

/**
 * Calls `act` after the event loop has had its turn: as soon as possible, but after timers and sockets. No time passes
 * for it, so it also works while the clock is held.
 */
export function afterTurn(act: () => void): void {
  outside(() => {
    try {
      if (typeof setImmediate === 'function') setImmediate(act);
      else setTimeout(act, 0);
    } catch {
      // The module of a Worker sets no timers while it is loaded, and nothing arrives then.
      queueMicrotask(act);
    }
  });
}

/**
 * Calls `act` in so many milliseconds of the runtime's own clock, which cannot be held: to check again for changes that
 * no event reports. Never for a timeout.
 */
export function afterRealTime(ms: number, act: () => void): void {
  outside(() => setTimeout(act, ms));
}

// ---- for the clock of tests -----------------------------------------------------------------------------------------

/** Stops the time: no timer fires by itself. False if it is already stopped. */
export function holdTime(): boolean {
  if (held !== undefined) return false;
  // Whole numbers add up without rounding: what is due in 60,000 ms is due when the clock was advanced by as many.
  const now = Math.ceil(time());
  held = now;
  other = () => held ?? now;
  for (const timer of timers) timer.stop();
  return true;
}

/** Whether the time is stopped, until a test advances it. */
export function isHeld(): boolean {
  return held !== undefined;
}

/** Advances the held time; it never goes back. */
export function moveTime(to: number): void {
  if (held !== undefined) held = Math.max(held, to);
}

/** The first of the timers that are due by then; if several are due at the same time, the one that was set first. */
export function firstTimer(by: number): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers) if (timer.at <= by && (first === undefined || timer.at < first.at)) first = timer;
  return first;
}

/** Time and timers continue from the present time. */
export function releaseTime(): void {
  if (held === undefined) return;
  const now = held;
  held = undefined;
  // The difference to the runtime's clock stays: the time never goes back.
  const ahead = now - performance.now();
  other = () => performance.now() + ahead;
  for (const timer of timers) timer.start(Math.max(0, timer.at - now));
}
