/** Whose calls begin in the order of their arrival: a session. */
export interface Ordered {
  /** Settles, and never rejects, when every call so far has begun or was refused; undefined where none waits for that. */
  turn: Promise<unknown> | undefined;
}

/**
 * Begins a call when `ready` has its value, and when those that came before have begun: those that wait are made ready at the
 * same time, but begin one after the other. Gives what `begin` gives; rejects with what `ready` rejects with, at once, or with
 * what `begin` throws.
 */
export function inTurn<T>(of: Ordered, ready: T | Promise<T>, begin: (value: T) => unknown): Promise<unknown> {
  const before = of.turn;
  // What is given is wrapped: the next one's turn comes when this one has begun, not when it has ended.
  const begun = Promise.all([ready, before]).then(([value]) => ({ given: begin(value) }));
  const turn = Promise.allSettled([begun, before]).then(() => {
    if (of.turn === turn) of.turn = undefined;
  });
  of.turn = turn;
  return begun.then(({ given }) => given);
}
