import { deadlineIn, type Timed, unwatch, watch } from '../../base/clock.js';

/** Settles as the promise does, or rejects with the result of `late` after so many milliseconds; `Infinity` waits forever. */
export function inTime<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  if (ms === Number.POSITIVE_INFINITY) return promise;
  return new Promise((resolve, reject) => {
    const deadline = deadlineIn(ms);
    const waiting: Timed = {
      due(now) {
        if (now < deadline) return deadline;
        reject(late());
        return Number.POSITIVE_INFINITY;
      },
    };
    watch(waiting, deadline);
    promise.then(resolve, reject).finally(() => unwatch(waiting));
  });
}
