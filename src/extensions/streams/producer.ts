import { type Flushable, flushAtEndOfTurn } from '../../base/clock.js';
import { isThenable } from '../../base/promise-like.js';
import { runWithin } from '../../calls/call-context.js';
import type { Frame } from '../../contract/contract.js';
import { Code, RpcError } from '../../contract/errors.js';
import type { StreamSource } from '../../session/incoming-calls/call-details.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import { mapOutgoing } from '../../session/map-outgoing.js';
import type { Session } from '../../session/session.js';
import { NEXT } from '../../session/system/system-names.js';
import { type StreamScheduler, type StreamSender, schedulerOf } from './scheduler.js';
import { type Source, type Step, sourceOf } from './source.js';
import { weigh } from './weigh.js';
import { ItemsInFlight, type Window } from './window.js';

/** The most items of one message, and the bytes from which on it is full. */
const MESSAGE_ITEMS = 64;
const MESSAGE_BYTES = 16 * 1024;

/** The empty list of items: never changed. */
const NO_ITEMS: unknown[] = [];

interface Settle {
  resolve(value: null): void;
  reject(error: unknown): void;
}

/**
 * Sends the items of a source while the consumer's window has room. Items of one turn of the event loop are sent in one message. To
 * the session it is a handler whose promise settles when the stream has ended.
 */
export class StreamProducer implements StreamSource, StreamSender, Flushable {
  private readonly session: Session;
  private readonly scheduler: StreamScheduler;
  private readonly inFlight: ItemsInFlight;
  /** Its neighbours in the queue of the scheduler. */
  previous: StreamSender | undefined;
  next: StreamSender | undefined;
  private source: Source | undefined;
  private settle!: Settle;
  /** The items of the next message, and at least how many bytes they have. */
  private items = NO_ITEMS;
  private itemBytes = 0;
  /** The source was asked for an item, and its promise is pending. */
  private isSourceAsked = false;
  /** It is in the queue of the scheduler. */
  private isQueued = false;
  /** The message is sent at the end of the turn, even if it is not full. */
  private isFlushScheduled = false;
  private isOver = false;

  constructor(
    private readonly sender: CallSender,
    window: Window,
  ) {
    this.session = sender.peer.session;
    this.scheduler = schedulerOf(this.session);
    this.inFlight = new ItemsInFlight(window);
    sender.details.producing = this;
  }

  /** `given` is what the handler has returned. The promise settles when the stream has ended, and its source is closed. */
  run(given: unknown): Promise<null> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.sender.details.whenCancelled((reason) => this.cancel(reason));
      if (isThenable(given)) {
        given.then(
          (source) => this.start(source),
          (error: unknown) => this.fail(error),
        );
      } else this.start(given);
    });
  }

  private start(given: unknown): void {
    const { sender } = this;
    try {
      const source = sourceOf(given, `the handler of ${sender.call.method}`);
      const isTimed = sender.detailsIfAny !== undefined && sender.detailsIfAny.deadline !== Number.POSITIVE_INFINITY;
      this.source = isTimed ? { ...source, next: () => runWithin(sender, source.next) } : source;
    } catch (error) {
      this.fail(error);
      return;
    }
    // It was cancelled before it began.
    if (this.isOver) this.close(sender.details.cancelled);
    else this.enqueue();
  }

  // ---- from the session ---------------------------------------------------------------------------------------------

  pull(items: number): boolean {
    if (!this.inFlight.acknowledge(items)) return false;
    if (!this.isSourceAsked && !this.isQueued && !this.isOver && this.source !== undefined) this.enqueue();
    return true;
  }

  /** The consumer has cancelled, the deadline has passed, or the session has ended. */
  private cancel(reason: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.items = NO_ITEMS;
    if (this.isQueued) this.scheduler.remove(this);
    this.isQueued = false;
    if (this.source !== undefined) this.close(reason);
  }

  /** Closes the source before its end, and then rejects the call. */
  private close(reason: unknown): void {
    const ended = (): void => this.settle.reject(reason);
    const failed = (error: unknown): void => {
      if (error !== reason)
        this.session.host.reportError(this.session, error, this.sender.call.id, this.sender.call.method);
      ended();
    };
    try {
      const closing = this.source?.close(reason);
      if (isThenable(closing)) closing.then(ended, failed);
      else ended();
    } catch (error) {
      failed(error);
    }
  }

  // ---- from the source ----------------------------------------------------------------------------------------------

  private enqueue(): void {
    this.isQueued = true;
    this.scheduler.enqueue(this);
  }

  turn(): boolean {
    this.isQueued = false;
    this.isQueued = this.takeItems();
    return this.isQueued;
  }

  /** Takes items while they arrive at once and there is room. Returns true if a message was sent and another one could be. */
  private takeItems(): boolean {
    const { inFlight } = this;
    while (!this.isOver) {
      const room = Math.min(MESSAGE_ITEMS, inFlight.room);
      const bytes = Math.min(MESSAGE_BYTES, inFlight.window.bytes - inFlight.bytes);
      if (this.items.length >= room || (this.itemBytes >= bytes && this.items.length > 0)) {
        this.send();
        if (inFlight.room > 0) return !this.isOver;
        if (this.session.noReplyReason !== undefined) this.sendFailed(noCredit(this.session.noReplyReason));
        return false;
      }
      // The other streams have their turns.
      if (this.items.length === 0 && !this.scheduler.isOpen) return true;
      if (!this.askSource()) return false;
    }
    return false;
  }

  /** Asks the source for one item. Returns false if it returns a promise, or has ended. */
  private askSource(): boolean {
    try {
      const step = (this.source as Source).next();
      if (!isThenable(step)) return this.accept(step);
      this.isSourceAsked = true;
      step.then(this.onStep, this.fail);
      this.scheduleFlush();
    } catch (error) {
      this.fail(error);
    }
    return false;
  }

  private readonly onStep = (step: Step): void => {
    this.isSourceAsked = false;
    if (this.isOver) return;
    try {
      if (this.accept(step) && this.takeItems()) this.enqueue();
    } catch (error) {
      this.fail(error);
    }
  };

  /** Takes what the source has returned. Returns false if it has ended. */
  private accept(step: Step): boolean {
    if (this.isOver) return false;
    if (step.done === true) {
      this.send();
      if (!this.isOver) {
        this.isOver = true;
        this.settle.resolve(null);
      }
      return false;
    }
    // Most messages of a slow source have one item: pushing to an empty list would allocate memory for many.
    if (this.items.length === 0) this.items = [step.value];
    else this.items.push(step.value);
    this.itemBytes += weigh(step.value, MESSAGE_BYTES);
    return true;
  }

  /** The source has failed: the items before the error are sent first. */
  private readonly fail = (error: unknown): void => {
    this.isSourceAsked = false;
    if (this.isOver) {
      // Only the promise of the call still waits for the source.
      if (this.source === undefined) this.settle.reject(error);
      return;
    }
    this.send();
    if (this.isOver) return;
    this.isOver = true;
    this.settle.reject(error);
  };

  // ---- to the peer --------------------------------------------------------------------------------------------------

  private scheduleFlush(): void {
    if (this.items.length === 0 || this.isFlushScheduled) return;
    this.isFlushScheduled = true;
    flushAtEndOfTurn(this);
  }

  /** Called at the end of the turn. */
  flush(): void {
    this.isFlushScheduled = false;
    if (!this.isOver) this.send();
  }

  /** Sends the message. */
  private send(): void {
    const { items } = this;
    if (items.length === 0) return;
    this.items = NO_ITEMS;
    this.itemBytes = 0;
    try {
      this.post(items);
    } catch (error) {
      // The items before one that cannot be sent are sent all the same.
      if (items.length === 1) this.sendFailed(error);
      else for (const item of items) if (!this.isOver) this.postAlone(item);
    }
  }

  private postAlone(item: unknown): void {
    try {
      this.post([item]);
    } catch (error) {
      this.sendFailed(error);
    }
  }

  private post(items: readonly unknown[]): void {
    const { session, scheduler } = this;
    const { id } = this.sender.call;
    const passed = mapOutgoing(session, items);
    const args = passed === undefined ? [id, items] : [id, passed.values, true];
    let frame: Frame;
    try {
      frame = session.encode({ kind: 'call', id: undefined, method: NEXT, args, named: false, batch: undefined });
      session.post(frame, this.sendFailed);
    } catch (error) {
      passed?.end();
      throw error;
    }
    this.inFlight.add(items.length, frame.length);
    scheduler.sent(items.length, frame.length);
  }

  /** An item could not be sent: the stream ends there. */
  private readonly sendFailed = (error: unknown): void => {
    if (this.isOver) return;
    const { session } = this;
    this.isOver = true;
    // Sent unchanged, whatever the option `errors` specifies: the library itself refuses the item.
    const { message, code } =
      error instanceof RpcError ? error : { ...session.host.toFault(error, session), code: Code.InternalError };
    this.close(new RpcError(message, code));
  };
}

/** The window is full, and the consumer can no longer report that it has taken items. */
function noCredit({ message }: RpcError): RpcError {
  return new RpcError(`the stream ends when its window is full: ${message}`, Code.ConnectionLost);
}
