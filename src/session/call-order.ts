import type { CallSender } from './peer.js';

/** Whose calls begin in the order of their arrival: a session. */
export interface Ordered {
  /** Settles, and never rejects, when every call so far has begun or was refused; undefined where none waits for that. */
  turn: Promise<unknown> | undefined;
}

/**
 * Begins a call when `ready` has its value, and when those that came before have begun: those that wait are made ready at the
 * same time, but begin one after the other. Gives what `begin` gives; rejects with what `ready` rejects with, at once, or with
 * what `begin` throws. Within `begin` it may be asked again, for the next thing that the same call waits for: it keeps its place.
 */
export function inTurn<T>(of: Ordered, ready: T | Promise<T>, begin: (value: T) => unknown): Promise<unknown> {
  const place = beginning?.of === of ? beginning : new Place(of);
  return place.enter(ready, begin);
}

/** The same for a call of a peer: one whose peer has gone by then, or which was given up, does not begin. */
export function beginInTurn<T>(
  sender: CallSender,
  ready: T | Promise<T>,
  begin: (value: T) => unknown,
): Promise<unknown> {
  const { session } = sender.peer;
  return inTurn(session, ready, (value) => {
    const gone = session.over ?? sender.begun?.cancelled;
    if (gone !== undefined) throw gone;
    return begin(value);
  });
}

/** Where a call stands that is about to begin, while `begin` runs. */
let beginning: Place | undefined;

/** Where a call stands among those of its session. */
class Place {
  private readonly before: Promise<unknown> | undefined;
  private waiting = 0;
  private leave!: () => void;

  constructor(readonly of: Ordered) {
    this.before = of.turn;
    const left = new Promise<void>((resolve) => {
      this.leave = resolve;
    });
    const turn = Promise.all([left, this.before]).then(() => {
      if (of.turn === turn) of.turn = undefined;
    });
    of.turn = turn;
  }

  enter<T>(ready: T | Promise<T>, begin: (value: T) => unknown): Promise<unknown> {
    this.waiting++;
    // What is given is wrapped: the next one's turn comes when this one has begun, not when it has ended.
    const begun = Promise.all([ready, this.before]).then(([value]) => ({ given: this.begin(begin, value) }));
    const done = (): void => {
      if (--this.waiting === 0) this.leave();
    };
    begun.then(done, done);
    return begun.then(({ given }) => given);
  }

  private begin<T>(begin: (value: T) => unknown, value: T): unknown {
    const outer = beginning;
    beginning = this;
    try {
      return begin(value);
    } finally {
      beginning = outer;
    }
  }
}
