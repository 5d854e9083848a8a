import type { Signal } from '../base/signal.js';
import type { Metadata } from '../contract/contract.js';
import { type Aborted, type RpcError, UsageError } from '../contract/errors.js';
import type { CallState } from '../types/call-state.js';
import { StoredCallState } from './call-state.js';

/** Whoever produces the items of a stream, as those see it who ask for more. */
export interface Producing {
  /** The consumer has taken so many items. Gives false if so many were not sent. */
  pull(items: number): boolean;
}

/** Whoever listens to the end of a call. */
export interface Watcher {
  /** The answer is on its way. */
  sent(): void;
  /** Nothing comes after it. */
  closed(): void;
}

/**
 * What belongs to a call that a peer has made, beyond its arguments. It is made when something of it is first asked for: most
 * calls have none.
 */
export class Work {
  /** What interceptors and handlers tell each other; made when it is first asked for. */
  private noted: CallState | undefined;
  /** Is told how the call ends. */
  watcher: Watcher | undefined;
  /** On the clock of the process: when the caller has no more use for the answer. */
  deadline: number = Number.POSITIVE_INFINITY;
  /** Why it was given up; undefined as long as it was not. */
  cancelled: RpcError | undefined;
  /** Travels with the reply. */
  replyMetadata: Metadata | undefined;
  producing: Producing | undefined;

  private controller: AbortController | undefined;
  private afterwards: (() => void)[] | undefined;
  private onCancel: ((reason: RpcError) => void)[] | undefined;

  get state(): CallState {
    this.noted ??= new StoredCallState();
    return this.noted;
  }

  /** Aborts when the call is given up; the reason is what it was given up for. */
  get signal(): Signal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.cancelled !== undefined) this.controller.abort(this.cancelled);
    }
    return this.controller.signal;
  }

  /** Gives it up: its caller, its time or its link has gone. The first reason counts. */
  cancel(reason: Aborted | RpcError): void {
    if (this.cancelled !== undefined) return;
    this.cancelled = reason;
    this.controller?.abort(reason);
    const told = this.onCancel;
    this.onCancel = undefined;
    if (told !== undefined) for (const tell of told) tell(reason);
  }

  /** Is told when the call is given up, within `cancel`; at once if it was already. */
  whenCancelled(tell: (reason: RpcError) => void): void {
    if (this.cancelled !== undefined) tell(this.cancelled);
    else {
      this.onCancel ??= [];
      this.onCancel.push(tell);
    }
  }

  /** Runs once the call is answered; of a notification, once its handlers have ended. */
  after(job: () => void): void {
    if (typeof job !== 'function') throw new UsageError(`what runs after the reply is a function, not ${String(job)}`);
    this.afterwards ??= [];
    this.afterwards.push(job);
  }

  /** What is to run now that the call is answered. */
  finish(): readonly (() => void)[] {
    const jobs = this.afterwards ?? [];
    this.afterwards = undefined;
    return jobs;
  }
}
