import { type Flushable, leaveTogether } from '../../base/clock.js';
import { isThenable } from '../../base/promise-like.js';
import { runWithin } from '../../calls/call-context.js';
import type { Frame } from '../../contract/contract.js';
import { Code, RpcError } from '../../contract/errors.js';
import type { Producing } from '../../session/active-call.js';
import { outward } from '../../session/mapped-values.js';
import type { CallSender } from '../../session/peer.js';
import type { Session } from '../../session/session.js';
import { NEXT } from '../../session/system-names.js';
import { flowOf, type Sending, type StreamScheduler } from './scheduler.js';
import { type Source, type Step, sourceOf } from './source.js';
import { weigh } from './weigh.js';
import { UnderWay, type Window } from './window.js';

/** One message holds at most so many items, and is full from so many bytes on. */
const MESSAGE_ITEMS = 64;
const MESSAGE_BYTES = 16 * 1024;

/** No item yet: never added to. */
const NO_ITEMS: unknown[] = [];

interface End {
  resolve(value: null): void;
  reject(error: unknown): void;
}

/**
 * Sends what a source gives, as long as the consumer's window has room. Items that come in one turn leave in one message. In
 * the eyes of the session it is a handler that takes its time: its promise settles when the stream has ended.
 */
export class Producer implements Producing, Sending, Flushable {
  private readonly session: Session;
  private readonly flow: StreamScheduler;
  private readonly underWay: UnderWay;
  /** Its neighbours while it waits for its turn. */
  before: Sending | undefined;
  after: Sending | undefined;
  private source: Source | undefined;
  private end!: End;
  /** The items of the message that is being made, and at least how many bytes they are. */
  private items = NO_ITEMS;
  private weight = 0;
  /** The source has been asked, and has not answered yet. */
  private asking = false;
  /** Its turn is to come. */
  private queued = false;
  /** The message leaves at the end of the turn, whatever it holds then. */
  private leaving = false;
  private over = false;

  constructor(
    private readonly sender: CallSender,
    window: Window,
  ) {
    this.session = sender.peer.session;
    this.flow = flowOf(this.session);
    this.underWay = new UnderWay(window);
    sender.work.producing = this;
  }

  /** `given` is what the handler gives. Settles when the stream has ended, and its source with it. */
  run(given: unknown): Promise<null> {
    return new Promise((resolve, reject) => {
      this.end = { resolve, reject };
      this.sender.work.whenCancelled((reason) => this.stop(reason));
      if (isThenable(given)) {
        given.then(
          (source) => this.begin(source),
          (error: unknown) => this.failed(error),
        );
      } else this.begin(given);
    });
  }

  private begin(given: unknown): void {
    const { sender } = this;
    try {
      const source = sourceOf(given, `the handler of ${sender.call.method}`);
      const isTimed = sender.begun !== undefined && sender.begun.deadline !== Number.POSITIVE_INFINITY;
      this.source = isTimed ? { ...source, next: () => runWithin(sender, source.next) } : source;
    } catch (error) {
      this.failed(error);
      return;
    }
    // It was given up before it began.
    if (this.over) this.close(sender.work.cancelled);
    else this.enqueue();
  }

  // ---- from the session ---------------------------------------------------------------------------------------------

  pull(items: number): boolean {
    if (!this.underWay.free(items)) return false;
    if (!this.asking && !this.queued && !this.over && this.source !== undefined) this.enqueue();
    return true;
  }

  /** The consumer, the time or the link has gone. */
  private stop(reason: unknown): void {
    if (this.over) return;
    this.over = true;
    this.items = NO_ITEMS;
    if (this.queued) this.flow.leave(this);
    this.queued = false;
    if (this.source !== undefined) this.close(reason);
  }

  /** Ends the source before its end, and then the call. */
  private close(reason: unknown): void {
    const ended = (): void => this.end.reject(reason);
    const failed = (error: unknown): void => {
      if (error !== reason)
        this.session.host.trouble(this.session, error, this.sender.call.id, this.sender.call.method);
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
    this.queued = true;
    this.flow.enqueue(this);
  }

  turn(): boolean {
    this.queued = false;
    this.queued = this.take();
    return this.queued;
  }

  /** Takes items as long as they come at once and there is room. Gives true if a message has left and another could. */
  private take(): boolean {
    const { underWay } = this;
    while (!this.over) {
      const room = Math.min(MESSAGE_ITEMS, underWay.room);
      const bytes = Math.min(MESSAGE_BYTES, underWay.window.bytes - underWay.bytes);
      if (this.items.length >= room || (this.weight >= bytes && this.items.length > 0)) {
        this.send();
        if (underWay.room > 0) return !this.over;
        if (this.session.unanswerable !== undefined) this.unsent(noCredit(this.session.unanswerable));
        return false;
      }
      // The others have their turns.
      if (this.items.length === 0 && !this.flow.isOpen) return true;
      if (!this.step()) return false;
    }
    return false;
  }

  /** Asks the source once. Gives false if it has not answered at once, or has no more. */
  private step(): boolean {
    try {
      const step = (this.source as Source).next();
      if (!isThenable(step)) return this.took(step);
      this.asking = true;
      step.then(this.came, this.failed);
      this.leave();
    } catch (error) {
      this.failed(error);
    }
    return false;
  }

  private readonly came = (step: Step): void => {
    this.asking = false;
    if (this.over) return;
    try {
      if (this.took(step) && this.take()) this.enqueue();
    } catch (error) {
      this.failed(error);
    }
  };

  /** The source has answered. Gives false if it has no more. */
  private took(step: Step): boolean {
    if (this.over) return false;
    if (step.done === true) {
      this.send();
      if (!this.over) {
        this.over = true;
        this.end.resolve(null);
      }
      return false;
    }
    // Most messages of a slow source hold one: a list that was empty would take memory for many.
    if (this.items.length === 0) this.items = [step.value];
    else this.items.push(step.value);
    this.weight += weigh(step.value, MESSAGE_BYTES);
    return true;
  }

  /** The source has failed: what came before leaves before the error. */
  private readonly failed = (error: unknown): void => {
    this.asking = false;
    if (this.over) {
      // Nobody waits for what became of it but the promise of the call.
      if (this.source === undefined) this.end.reject(error);
      return;
    }
    this.send();
    if (this.over) return;
    this.over = true;
    this.end.reject(error);
  };

  // ---- to the peer --------------------------------------------------------------------------------------------------

  private leave(): void {
    if (this.items.length === 0 || this.leaving) return;
    this.leaving = true;
    leaveTogether(this);
  }

  /** The turn is over. */
  flush(): void {
    this.leaving = false;
    if (!this.over) this.send();
  }

  /** Lets the message leave. */
  private send(): void {
    const { items } = this;
    if (items.length === 0) return;
    this.items = NO_ITEMS;
    this.weight = 0;
    try {
      this.post(items);
    } catch (error) {
      // One that cannot be sent takes nothing with it that came before.
      if (items.length === 1) this.unsent(error);
      else for (const item of items) if (!this.over) this.alone(item);
    }
  }

  private alone(item: unknown): void {
    try {
      this.post([item]);
    } catch (error) {
      this.unsent(error);
    }
  }

  private post(items: readonly unknown[]): void {
    const { session, flow } = this;
    const { id } = this.sender.call;
    const passed = outward(session, items);
    const args = passed === undefined ? [id, items] : [id, passed.values, true];
    let frame: Frame;
    try {
      frame = session.encode({ kind: 'call', id: undefined, method: NEXT, args, named: false, batch: undefined });
      session.post(frame, this.unsent);
    } catch (error) {
      passed?.end();
      throw error;
    }
    this.underWay.add(items.length, frame.length);
    flow.sent(items.length, frame.length);
  }

  /** It could not be sent: the stream ends there. */
  private readonly unsent = (error: unknown): void => {
    if (this.over) return;
    const { session } = this;
    this.over = true;
    // It is told as it is, whatever the policy for errors: the library itself refuses the item.
    const { message, code } =
      error instanceof RpcError ? error : { ...session.host.toFault(error, session), code: Code.InternalError };
    this.close(new RpcError(message, code));
  };
}

/** The window is full, and the consumer cannot say any more that it has taken items. */
function noCredit({ message }: RpcError): RpcError {
  return new RpcError(`the stream ends when its window is full: ${message}`, Code.ConnectionLost);
}
