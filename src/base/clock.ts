import { outside } from './async-context.js';
import { clearTimer, isHeld, setTimerAt, type Timer, time } from './time.js';

/**
 * Time, for the whole process: what leaves at the end of a turn of the event loop, what counts its time from there, and one timer
 * for every deadline. Nothing else in the library sets a timer while a message is on its way.
 */

/** What collects in a turn and leaves at its end. */
export interface Flushable {
  flush(): void;
}

// After the microtasks of the turn, so that the answers of handlers that await something still join; browsers have no such place.
const atEndOfTurn: (job: () => void) => void = globalThis.process?.nextTick ?? globalThis.queueMicrotask;

/** A turn of the event loop in which something begins that counts its time from the end of the turn. */
export class Turn {
  /** On the clock of the process: when it ended; `Infinity` until then. */
  end: number = Number.POSITIVE_INFINITY;
  /** The shortest time of what begins in it, in milliseconds. */
  shortest: number = Number.POSITIVE_INFINITY;
}

let leaving: Flushable[] = [];
let turn: Turn | undefined;

/** Calls `flush` once the turn is over. One job for all, however many there are. */
export function leaveTogether(item: Flushable): void {
  if (leaving.push(item) === 1 && turn === undefined) atEndOfTurn(flushAll);
}

function flushAll(): void {
  outside(leave);
}

function leave(): void {
  const items = leaving;
  leaving = [];
  endTurn();
  for (const item of items) item.flush();
}

/**
 * The turn for something that begins in it and may take so many milliseconds from the end of the turn, where the time is asked
 * once for all. A time asked at the beginning of the turn would be too early for what begins at the end of a long one.
 */
export function turnFor(timeout: number): Turn {
  if (turn === undefined) {
    turn = new Turn();
    if (leaving.length === 0) atEndOfTurn(flushAll);
  }
  if (timeout < turn.shortest) turn.shortest = timeout;
  return turn;
}

/** Lets the time begin of what has begun in this turn so far. */
export function endTurn(): void {
  if (turn === undefined) return;
  const ended = turn;
  turn = undefined;
  ended.end = time();
  hurry(ended.end + ended.shortest);
}

/** When something that begins now is late, if it may take so many milliseconds. */
export function deadlineIn(timeout: number): number {
  return time() + timeout;
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
/** What has asked to be watched while the timer looks at what is due; undefined at any other time. */
let renewed: Set<Timed> | undefined;

/**
 * Asks `item` at the latest some milliseconds after `at`. The one timer sleeps until the nearest deadline, but never longer
 * than 250 ms, so that it ends soon after the last call; while it runs, it keeps the process alive.
 */
export function watch(item: Timed, at: number): void {
  timed.add(item);
  renewed?.add(item);
  hurry(at);
}

/** One that is watched has a deadline that may be nearer than the others. */
export function hurry(at: number): void {
  if (at < next) sleepUntil(at);
}

function sleepUntil(at: number): void {
  // Asked anew: a time of an earlier moment would make the timer sleep too long by what has passed since then.
  const current = time();
  // While a test holds the clock, the timer fires at the very time, so that no deadline depends on others that are near it.
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

/** Asks no more. The timer stops with the last one. */
export function unwatch(item: Timed): void {
  if (!timed.delete(item) || timed.size > 0) return;
  clearTimer(timer);
  timer = undefined;
  next = Number.POSITIVE_INFINITY;
}
