import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import type { StartingCalls } from '../../session/session.js';

/** Calls that start in the order of their arrival: those of a session. */
export interface StartOrder {
  /** The calls so far that have neither started nor been refused; undefined if none waits. */
  starting: StartingCalls | undefined;
}

/**
 * Starts a call when `ready` has its value and all earlier ones have started. So calls that wait are prepared at the same time, but start
 * one after the other. Returns what `start` returns; rejects at once with what `ready` rejects with, or with what `start` throws. `start`
 * may call it again, for the next thing that the same call waits for: the call keeps its place.
 */
export function startInOrder<T>(order: StartOrder, ready: T | Promise<T>, start: (value: T) => unknown): unknown {
  if (current?.order !== order) return new Place(order).enter(ready, start);
  return ready instanceof Promise ? current.enter(ready, start) : start(ready);
}

/** The same for a call of a peer. It does not start if the peer is gone by then, or if the call was cancelled. */
export function startCallInOrder<T>(sender: CallSender, ready: T | Promise<T>, start: (value: T) => unknown): unknown {
  const { session } = sender.peer;
  return startInOrder(session, ready, (value) => {
    const reason = session.ended ?? sender.detailsIfAny?.cancelled;
    if (reason !== undefined) throw reason;
    return start(value);
  });
}

function startNext(sender: CallSender, start: () => unknown): unknown {
  return startCallInOrder(sender, undefined, start);
}

/** The place of the call that is being started, while its `start` runs. */
let current: Place | undefined;

/** The place of a call among those of its session. */
class Place {
  private readonly before: Promise<unknown> | undefined;
  private waiting = 0;
  private leave!: () => void;

  constructor(readonly order: StartOrder) {
    this.before = order.starting?.started;
    const left = new Promise<void>((resolve) => {
      this.leave = resolve;
    });
    const started = Promise.all([left, this.before]).then(() => {
      if (order.starting === starting) order.starting = undefined;
    });
    const starting: StartingCalls = { started, start: startNext };
    order.starting = starting;
  }

  enter<T>(ready: T | Promise<T>, start: (value: T) => unknown): Promise<unknown> {
    this.waiting++;
    // What is returned is wrapped: the next call starts when this one has started, not when it has ended.
    const started = Promise.all([ready, this.before]).then(([value]) => ({ given: this.start(start, value) }));
    const done = (): void => {
      if (--this.waiting === 0) this.leave();
    };
    started.then(done, done);
    return started.then(({ given }) => given);
  }

  private start<T>(start: (value: T) => unknown, value: T): unknown {
    const outer = current;
    current = this;
    try {
      return start(value);
    } finally {
      current = outer;
    }
  }
}
