import { firstTimer, holdTime, moveTime, releaseTime, time } from '../base/time.js';
import { UsageError } from '../contract/errors.js';

/** The clock of the library, controlled by a test. */
export interface StoppedClock extends Disposable {
  /** How far it was advanced, in milliseconds. */
  readonly turned: number;
  /**
   * Advances the clock by this many milliseconds without waiting: timers that are due by then run, in order and on
   * time. Before each of them, and at the end, the event loop runs, so that messages in memory arrive and are answered.
   * Messages between processes take real time: await them before this call.
   *
   * Rejects with a UsageError if the last turn has not ended, if the clock was restored, or for less than 0
   * milliseconds; and with what a timer throws.
   */
  turn(milliseconds: number): Promise<void>;
  /**
   * Lets the clock run by itself again; timers that are pending wait for the rest of their time. May be called twice.
   * With `using`, it is called at the end of the block.
   */
  restore(): void;
}

/** How often the event loop runs before the clock moves: an answer over a socket of this process takes a few rounds. */
const ROUNDS_AT_ENDS = 8;
/** And between two timers: what a timer sends in memory arrives and is answered within these rounds. */
const ROUNDS = 2;

// As it was when this module was loaded: a test runner may replace it later.
const { setImmediate: immediate = (act: () => void) => setTimeout(act, 0) } = globalThis;

/**
 * Stops the clock that the whole library uses in this process: timeouts of calls, of connecting and of closing, the
 * silence after which a peer is forgotten, the delays of {@link faulty}. From then on they only expire when the clock
 * is advanced with `turn`, including those that are already pending. Other timers of the process are not affected.
 *
 * Throws a UsageError if it is already stopped.
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
    if (over)
      throw new UsageError('the clock was restored, and runs by itself again: call stopClock() to stop it again');
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
