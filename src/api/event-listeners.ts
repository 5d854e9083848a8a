import { outside } from '../base/async-context.js';
import { isThenable } from '../base/promise-like.js';
import { UsageError } from '../contract/errors.js';
import type { Peer } from '../types/peers.js';
import type { Reports } from './reports.js';

/** A listener of one event. */
export interface EventListener {
  readonly event: string;
  /** For events of methods: it is called for those whose paths begin so. */
  readonly path: string;
  readonly listener: (...args: unknown[]) => unknown;
}

/** What a side calls when something happens: listeners of peers that come and go, and of the events of extensions. */
export class EventListeners {
  private all: readonly EventListener[] = [];

  /** `changed` is called when listeners of events of an extension have changed. */
  constructor(private readonly changed: () => void) {}

  /** Adds a listener, and returns what removes it. `owner` is the extension that has the event, if one has. */
  add(event: string, path: string, listener: unknown, owner: string | undefined): () => void {
    if (typeof listener !== 'function') throw new UsageError(`a listener must be a function, not ${String(listener)}`);
    const added = { event, path, listener } as EventListener;
    this.set([...this.all, added], owner);
    return () =>
      this.set(
        this.all.filter((one) => one !== added),
        owner,
      );
  }

  /** Removes the listeners of methods whose paths begin so. */
  removeBelow(path: string): void {
    this.all = this.all.filter((one) => !one.path.startsWith(path));
  }

  private set(all: readonly EventListener[], owner: string | undefined): void {
    this.all = all;
    if (owner !== undefined) this.changed();
  }

  /** Those of one event that are to be called for a method of this path; without a path, all of it. */
  of(event: string, path?: string): readonly EventListener[] {
    return this.all.filter((one) => one.event === event && (path === undefined || path.startsWith(one.path)));
  }
}

/** Calls the listeners of a peer that comes or goes, within no call: one may open a side, or close one. */
export function callPeerListeners(
  listeners: readonly EventListener[],
  peer: Peer,
  report: (peer: Peer, error: unknown) => void,
): void {
  if (listeners.length > 0) outside(() => callListeners(listeners, [peer], (error) => report(peer, error)));
}

/** Calls listeners, each whatever the others do; `failed` takes what one throws, or rejects with. */
export function callListeners(
  listeners: readonly EventListener[],
  args: readonly unknown[],
  failed: (error: unknown) => void,
): void {
  for (const { listener } of listeners) {
    try {
      const returned = listener(...args);
      if (isThenable(returned)) returned.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** Calls the listeners of an event of an extension. What one throws or rejects with is reported. */
export function emit(listeners: EventListeners, event: string, args: readonly unknown[], reports: Reports): void {
  callListeners(listeners.of(event), args, (error) =>
    reports.write('error', undefined, `a listener of ${event} has failed:`, error),
  );
}
