import type { Signal } from './signal.js';

/** Something that a signal cancels. */
export interface Abortable {
  /** The signal has fired. Called at most once. */
  aborted(signal: Signal): void;
}

/**
 * The single listener of the library on a signal, for everything that the signal cancels. Many calls may share one
 * signal, and Node prints a warning about a memory leak for more than ten listeners.
 */
class SignalListener {
  readonly items = new Set<Abortable>();

  constructor(private readonly signal: Signal) {}

  /** A function, not an object with `handleEvent`: signals that are not native may support functions only. */
  readonly listen = (): void => {
    const items = [...this.items];
    this.items.clear();
    this.signal.removeEventListener('abort', this.listen);
    for (const item of items) item.aborted(this.signal);
  };
}

const listeners = new WeakMap<Signal, SignalListener>();

/**
 * Calls `item.aborted` when the signal fires; immediately if it has fired. In the order in which the items were added.
 */
export function whenAborted(signal: Signal, item: Abortable): void {
  if (signal.aborted) {
    item.aborted(signal);
    return;
  }
  let listener = listeners.get(signal);
  if (listener === undefined) {
    listener = new SignalListener(signal);
    listeners.set(signal, listener);
  }
  if (listener.items.size === 0) signal.addEventListener('abort', listener.listen);
  listener.items.add(item);
}

/** Removes an item; an unknown one is ignored. The last item removes the listener from the signal. */
export function forgetAborted(signal: Signal, item: Abortable): void {
  const listener = listeners.get(signal);
  if (listener === undefined || !listener.items.delete(item) || listener.items.size > 0) return;
  signal.removeEventListener('abort', listener.listen);
}
