import { outside } from './async-context.js';
import { clearTimer, isHeld, setTimerAt, type Timer, time } from './time.js';

/**
 * Time for the whole process: work at the end of a turn of the event loop, times that begin there, and one timer for
 * all deadlines. Nothing else in the library sets a timer while a message is on its way.
 */

/** Something that is collected during a turn and flushed at its end. */
export interface Flushable {
  flush(): void;
}

// After the microtasks of the turn, so that replies of handlers that await something still join; browsers have no such
// phase.
const atEndOfTurn: (job: () => void) => void = globalThis.process?.nextTick ?? globalThis.queueMicrotask;

/** A turn of the event loop in which something begins whose time counts from the end of the turn. */
export class Turn {
  /** The time when it ended, by the clock of the process; `Infinity` until then. */
  end: number = Number.POSITIVE_INFINITY;
  /** The shortest time of what begins in it, in milliseconds. */
  shortest: number = Number.POSITIVE_INFINITY;
}

let flushables: Flushable[] = [];
let turn: Turn | undefined;

/** Calls `flush` once the turn is over. One job for all items, however many there are. */
export function flushAtEndOfTurn(item: Flushable): void {
  if (flushables.push(item) === 1 && turn === undefined) atEndOfTurn(flushAll);
}

function flushAll(): void {
  outside(flushItems);
}

function flushItems(): void {
  const items = flushables;
  flushables = [];
  endTurn();
  for (const item of items) item.flush();
}

/**
 * The turn for something that begins in it and may take so many milliseconds from the end of the turn, where the clock
 * is read once for all. The time at the beginning of the turn would be too early for what begins at the end of a long
 * turn.
 */
export function turnFor(timeout: number): Turn {
  if (turn === undefined) {
    turn = new Turn();
    if (flushables.length === 0) atEndOfTurn(flushAll);
  }
  if (timeout < turn.shortest) turn.shortest = timeout;
  return turn;
}

/** Starts the time for everything that has begun in this turn so far. */
export function endTurn(): void {
  if (turn === undefined) return;
  const ended = turn;
  turn = undefined;
  ended.end = time();
  checkBy(ended.end + ended.shortest);
}

/** The deadline of something that begins now, if it may take so many milliseconds. */
export function deadlineIn(timeout: number): number {
  return time() + timeout;
}

/** Something that has deadlines. */
export interface Timed {
  /**
   * Handles what is due, and returns when it must be called again: `Infinity` if it waits for nothing; it is then
   * removed.
   */
  due(now: number): number;
}

const SOONEST = 5;
const LATEST = 250;
/** If the timer is this late, the process was busy: replies may have arrived that nobody has read yet. */
const BUSY = 50;
const timed = new Set<Timed>();
let timer: Timer | undefined;
let next = Number.POSITIVE_INFINITY;
let waited = false;
/** What was added while the timer handles what is due; undefined at any other time. */
let renewed: Set<Timed> | undefined;

/**
 * Calls `item` at most some milliseconds after `at`. The single timer sleeps until the nearest deadline, but at most
 * 250 ms, so that it ends soon after the last call; while it runs, it keeps the process alive.
 */
export function watch(item: Timed, at: number): void {
  timed.add(item);
  renewed?.add(item);
  checkBy(at);
}

/** An added item may have a deadline that is nearer than the others. */
export function checkBy(at: number): void {
  if (at < next) sleepUntil(at);
}

function sleepUntil(at: number): void {
  // Read again: with an earlier time, the timer would sleep too long by the difference.
  const current = time();
  // While a test holds the clock, the timer fires exactly at the deadline, so that no deadline depends on others near
  // it.
  const soonest = isHeld() ? 0 : SOONEST;
  const until = Math.min(Math.max(at, current + soonest), current + LATEST);
  if (timer !== undefined) {
    if (next <= until) return;
    clearTimer(timer);
  }
  next = until;
  timer = setTimerAt(until, sweep);
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
  renewed = new Set();
  let nearest = Number.POSITIVE_INFINITY;
  for (const item of timed) {
    const at = item.due(current);
    if (at !== Number.POSITIVE_INFINITY) nearest = Math.min(nearest, at);
    else if (!renewed.has(item)) timed.delete(item);
  }
  renewed = undefined;
  if (timed.size > 0) sleepUntil(nearest);
}

/** Removes an item. The timer stops with the last one. */
export function unwatch(item: Timed): void {
  if (!timed.delete(item) || timed.size > 0) return;
  clearTimer(timer);
  timer = undefined;
  next = Number.POSITIVE_INFINITY;
}
