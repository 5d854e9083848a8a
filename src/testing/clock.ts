import { firstTimer, holdTime, moveTime, releaseTime, time } from '../base/time.js';
import { UsageError } from '../contract/errors.js';

/** The clock of the library, in the hands of a test. */
export interface StoppedClock extends Disposable {
  /** How far it was turned, in milliseconds. */
  readonly turned: number;
  /**
   * Lets so many milliseconds pass, without waiting for them: what is due by then happens, in its order and at its time.
   * Before each of it, and at the end, the event loop has its turn, so that what was sent in memory arrives and is answered. What
   * travels between processes takes the time that it takes: await it before this is called.
   *
   * Rejects with a UsageError if the last turn is not over, if the clock was let go, or for less than 0 milliseconds; and
   * with what the work of a timer throws.
   */
  turn(milliseconds: number): Promise<void>;
  /**
   * Lets the clock go on by itself, from where it stands; what still waits, waits for the rest of its time. May be called
   * twice. At the end of its block, `using` does it.
   */
  restore(): void;
}

/** How often the event loop has its turn before the clock moves: an answer over a socket of this process takes a few. */
const ROUNDS_AT_ENDS = 8;
/** And between two timers: what a timer sends in memory arrives, and is answered, within these. */
const ROUNDS = 2;

// As it was when this module was loaded: a test runner may put a fake in its place later.
const { setImmediate: immediate = (act: () => void) => setTimeout(act, 0) } = globalThis;

/**
 * Stops the clock by which the whole library waits, in this process: timeouts of calls, of connecting and of closing,
 * the silence after which a peer is forgotten, the delays of {@link faulty}. Nothing of it happens by itself any more, but when the
 * clock is turned. What waits already goes by this clock too. Other timers of the process are not touched.
 *
 * Throws a UsageError if it is stopped already.
 *
 * @example
 * using clock = stopClock();
 * const answer = chat.remote.join({ nick: 'ann' });
 * await clock.turn(60_000);
 * await assert.rejects(answer, TimeoutError);
 */
export function stopClock(): StoppedClock {
  if (!holdTime())
    throw new UsageError('the clock is stopped already: restore() it first, or use the one that there is');
  const start = time();
  let turning = false;
  let over = false;

  async function turn(milliseconds: number): Promise<void> {
    if (!(milliseconds >= 0 && Number.isFinite(milliseconds))) {
      throw new UsageError(`a clock is turned by a number of milliseconds from 0, not by ${milliseconds}`);
    }
    if (over) throw new UsageError('the clock was restored, and turns by itself again: stopClock() gives another one');
    if (turning) throw new UsageError('the clock is being turned: await that first');
    turning = true;
    try {
      const end = time() + milliseconds;
      await rounds(ROUNDS_AT_ENDS);
      for (let timer = firstTimer(end); timer !== undefined && !over; timer = firstTimer(end)) {
        moveTime(timer.at);
        timer.fire();
        await rounds(ROUNDS);
      }
      if (over) return;
      moveTime(end);
      await rounds(ROUNDS_AT_ENDS);
    } finally {
      turning = false;
    }
  }

  let turned = 0;
  function restore(): void {
    if (over) return;
    turned = time() - start;
    over = true;
    releaseTime();
  }

  return {
    get turned() {
      return over ? turned : time() - start;
    },
    turn,
    restore,
    [Symbol.dispose]: restore,
  };
}

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) await new Promise<void>((resolve) => immediate(resolve));
}
