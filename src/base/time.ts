import { outside } from './async-context.js';

/**
 * What time it is, and timers: the one room of the library that asks the runtime for either, so that a test can stop the
 * clock for all of it. Timers belong to no call.
 * While nobody has stopped the clock, it is the runtime's own.
 */

/** The longest that a timer of the runtime can wait, about 24 days; it would fire at once if it were asked for more. */
const LONGEST_MS = 2 ** 31 - 1;

/** Where the time comes from, once it was held. Until then it is the runtime's, and costs no more than that. */
let other: (() => number) | undefined;
/** Where the time stands, while it is held. */
let held: number | undefined;

/** Milliseconds on a clock that only goes forward. */
export function time(): number {
  return other === undefined ? performance.now() : other();
}

/** A timer that is set. */
export class Timer {
  private handle: ReturnType<typeof setTimeout> | undefined;
  private quiet = false;

  /** `at`: when it is due, by {@link time}. Made by {@link setTimer} alone. */
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

  /** Gives it to the runtime. */
  start(ms: number): void {
    // The runtime drops what is less than a millisecond, and would fire too early by that.
    this.handle = outside(() => setTimeout(() => this.fire(), Math.ceil(ms)));
    if (this.quiet) this.unref();
  }

  /** Takes it back from the runtime. */
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

/** Those that are set and have not fired, in the order in which they were set. */
const timers = new Set<Timer>();

/** Calls `act` once, in so many milliseconds; never within this call. `Infinity` is as long as a timer can wait. */
export function setTimer(ms: number, act: () => void): Timer {
  const wait = Math.min(ms, LONGEST_MS);
  return start(new Timer(time() + wait, act), wait);
}

/** The same for a time by {@link time}, at most 24 days ahead: while the clock is held, it is due then to the last bit. */
export function setTimerAt(at: number, act: () => void): Timer {
  return start(new Timer(at, act), at - time());
}

function start(timer: Timer, wait: number): Timer {
  timers.add(timer);
  if (held === undefined) timer.start(Math.max(0, wait));
  return timer;
}

/** A timer that has fired, or none, is ignored. */
export function clearTimer(timer: Timer | undefined): void {
  if (timer !== undefined && timers.delete(timer)) timer.stop();
}

/**
 * Calls `act` when the event loop has had its turn: as soon as may be, but after timers and sockets. This is no time that
 * passes, and so goes on while the clock is held.
 */
export function afterTurn(act: () => void): void {
  outside(() => {
    if (typeof setImmediate === 'function') setImmediate(act);
    else setTimeout(act, 0);
  });
}

/**
 * Calls `act` in so many milliseconds of the runtime's own clock, which nobody can hold: to look again for what happens by
 * itself, and is told by no event. Never for a timeout.
 */
export function lookAgain(ms: number, act: () => void): void {
  outside(() => setTimeout(act, ms));
}

// ---- for the clock that tests turn ----------------------------------------------------------------------------------

/** The time stands still from now on, and no timer fires by itself. False if it stands still already. */
export function holdTime(): boolean {
  if (held !== undefined) return false;
  // Whole numbers add up without rounding: what is due in 60,000 ms is due when the clock was turned by as many.
  const now = Math.ceil(time());
  held = now;
  other = () => held ?? now;
  for (const timer of timers) timer.stop();
  return true;
}

/** Whether the time stands still, until a test moves it. */
export function isHeld(): boolean {
  return held !== undefined;
}

/** Moves the time that is held; it never goes back. */
export function moveTime(to: number): void {
  if (held !== undefined) held = Math.max(held, to);
}

/** The timer that is due first among those due by then; of several at one time the one that was set first. */
export function firstTimer(by: number): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers) if (timer.at <= by && (first === undefined || timer.at < first.at)) first = timer;
  return first;
}

/** The time goes on from where it stands, and the timers with it. */
export function releaseTime(): void {
  if (held === undefined) return;
  const now = held;
  held = undefined;
  // It stays ahead of the runtime's by as much as it was turned, or behind: it never goes back.
  const ahead = now - performance.now();
  other = () => performance.now() + ahead;
  for (const timer of timers) timer.start(Math.max(0, timer.at - now));
}
