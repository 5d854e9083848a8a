import { forAll } from './deadline.js';
import { clearTimer, setTimer, type Timer, time } from './time.js';

/**
 * Time, for the whole process: when a turn of the event loop began, what is to leave at its end, and one timer for every
 * deadline. Nothing else in the library asks for the time or sets a timer while a message is on its way.
 */

/** What collects in a turn and leaves at its end. */
export interface Flushable {
  flush(): void;
}

// After the microtasks of the turn, so that the answers of handlers that await something still join; browsers have no such place.
const atEndOfTurn: (job: () => void) => void = globalThis.process?.nextTick ?? globalThis.queueMicrotask;

let leaving: Flushable[] = [];
let asked = 0;
let fresh = false;

/** Calls `flush` once the turn is over. One job for all, however many there are. */
export function leaveTogether(item: Flushable): void {
  if (leaving.push(item) === 1) atEndOfTurn(flushAll);
}

function flushAll(): void {
  forAll(leave);
}

function leave(): void {
  const items = leaving;
  leaving = [];
  fresh = false;
  for (const item of items) item.flush();
}

/** Milliseconds on a clock that only goes forward; asked once for all calls that leave together. */
export function now(): number {
  if (!fresh || leaving.length === 0) {
    asked = time();
    fresh = true;
  }
  return asked;
}

/** Below this a timeout is short: the length of the turn matters to it, and it is worth asking for the time. */
const SHORT = 10_000;

/** When something that begins now is late, if it may take so many milliseconds. */
export function deadlineIn(timeout: number): number {
  return (timeout < SHORT ? time() : now()) + timeout;
}

/** The same for what has begun at a time that was asked for in this turn. */
export function deadlineAfter(since: number, timeout: number): number {
  return timeout < SHORT ? deadlineIn(timeout) : since + timeout;
}

/** What has deadlines. */
export interface Timed {
  /** Does what is due, and says when it wants to be asked again: `Infinity` if it waits for nothing, and is forgotten then. */
  due(now: number): number;
}

const SOONEST = 5;
const LATEST = 250;
/** So much too late, the timer shows that the process was busy: answers may lie there that nobody has read. */
const BUSY = 50;
const timed = new Set<Timed>();
let timer: Timer | undefined;
let next = Number.POSITIVE_INFINITY;
let waited = false;

/**
 * Asks `item` at the latest some milliseconds after `at`. The one timer sleeps until the nearest deadline, but never longer
 * than 250 ms, so that it ends soon after the last call; while it runs, it keeps the process alive.
 */
export function watch(item: Timed, at: number): void {
  timed.add(item);
  hurry(at);
}

/** One that is watched has a deadline that may be nearer than the others. */
export function hurry(at: number): void {
  if (at < next) sleepUntil(at);
}

function sleepUntil(at: number): void {
  const current = now();
  const until = Math.min(Math.max(at, current + SOONEST), current + LATEST);
  if (timer !== undefined) {
    if (next <= until) return;
    clearTimer(timer);
  }
  next = until;
  timer = setTimer(until - current, sweep);
}

function sweep(): void {
  const current = time();
  const late = current - next;
  timer = undefined;
  next = Number.POSITIVE_INFINITY;
  waited = late > BUSY && !waited;
  if (waited) {
    sleepUntil(current);
    return;
  }
  let nearest = Number.POSITIVE_INFINITY;
  for (const item of timed) {
    const at = item.due(current);
    if (at === Number.POSITIVE_INFINITY) timed.delete(item);
    else nearest = Math.min(nearest, at);
  }
  if (timed.size > 0) sleepUntil(nearest);
}

/** Asks no more. The timer stops with the last one. */
export function unwatch(item: Timed): void {
  if (!timed.delete(item) || timed.size > 0) return;
  clearTimer(timer);
  timer = undefined;
  next = Number.POSITIVE_INFINITY;
}
