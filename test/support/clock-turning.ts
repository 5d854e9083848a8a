import { setTimeout as wait } from 'node:timers/promises';
import type { StoppedClock } from 'obverse/testing';

/**
 * Advances the clock step by step until a promise is settled, however long sockets and processes take. Returns by how
 * many milliseconds it was advanced by then.
 */
export async function turnUntil(clock: StoppedClock, awaited: Promise<unknown>, step = 100): Promise<number> {
  const before = clock.turned;
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  void awaited.then(settle, settle);
  for (;;) {
    await wait(1);
    if (settled) return clock.turned - before;
    await clock.turn(step);
  }
}
