import type { Signal } from '../../base/signal.js';
import type { Metadata } from '../../contract/contract.js';
import { type Aborted, type RpcError, UsageError } from '../../contract/errors.js';
import type { CallState } from '../../types/call-state.js';
import { StoredCallState } from './call-state.js';

/** The producer of a stream, as the code that acknowledges its items sees it. */
export interface StreamSource {
  /** The consumer has taken so many items. Returns false if fewer were sent. */
  pull(items: number): boolean;
}

/** A listener of the end of a call. */
export interface EndListener {
  /** The answer is on its way. */
  sent(): void;
  /** Nothing comes after it. */
  closed(): void;
}

/**
 * What belongs to a call that a peer has made, beyond its arguments. It is made when something of it is first asked for: most
 * calls have none.
 */
export class CallDetails {
  /** The state that interceptors and handlers share; created when it is first read. */
  private noted: CallState | undefined;
  /** Called when the call ends. */
  watcher: EndListener | undefined;
  /** The deadline of the caller, on the clock of the process. */
  deadline: number = Number.POSITIVE_INFINITY;
  /** Why it was cancelled; undefined if it was not. */
  cancelled: RpcError | undefined;
  /** Travels with the reply. */
  replyMetadata: Metadata | undefined;
  producing: StreamSource | undefined;

  private controller: AbortController | undefined;
  private afterwards: (() => void)[] | undefined;
  private onCancel: ((reason: RpcError) => void)[] | undefined;

  get state(): CallState {
    this.noted ??= new StoredCallState();
    return this.noted;
  }

  /** Aborts when the call is cancelled, with the reason of the cancellation. */
  get signal(): Signal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.cancelled !== undefined) this.controller.abort(this.cancelled);
    }
    return this.controller.signal;
  }

  /** Cancels it: by its caller, its deadline or the end of its link. The first reason counts. */
  cancel(reason: Aborted | RpcError): void {
    if (this.cancelled !== undefined) return;
    this.cancelled = reason;
    this.controller?.abort(reason);
    const listeners = this.onCancel;
    this.onCancel = undefined;
    if (listeners !== undefined) for (const listener of listeners) listener(reason);
  }

  /** Called when the call is cancelled, within `cancel`; at once if it was cancelled already. */
  whenCancelled(listener: (reason: RpcError) => void): void {
    if (this.cancelled !== undefined) listener(this.cancelled);
    else {
      this.onCancel ??= [];
      this.onCancel.push(listener);
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
