import { deadlineIn } from '../base/clock.js';
import { isThenable } from '../base/promise-like.js';
import type { Signal } from '../base/signal.js';
import { type Abortable, forgetAborted, whenAborted } from '../base/signal-listeners.js';
import { time } from '../base/time.js';
import type { Delivery, Frame } from '../contract/contract.js';
import type { RpcError } from '../contract/errors.js';
import { mustKeep } from '../session/delivery-terms.js';
import type { AnswerAbout, ReplyHandler } from '../session/outgoing-calls/pending-calls.js';
import { framesOf } from '../session/sending/outgoing-headers.js';
import type { Session } from '../session/session.js';
import type { Detailed } from '../types/derived.js';
import { abortedBy, type CallSettings } from './call-settings.js';

/** Receives the reply to a request. */
export interface ReplyCallbacks {
  resolve(answer: Detailed<unknown>): void;
  reject(error: unknown): void;
}

/** A request to one peer that has settings: it can be cancelled, and gets progress and the metadata of the reply. */
export class SentRequest implements ReplyHandler, Abortable {
  deadline: number;
  readonly since: number = time();
  frames: readonly Frame[] | undefined = undefined;
  /** It is settled or cancelled. */
  protected isOver = false;
  protected id = 0;
  private headers: AnswerAbout | undefined;
  private readonly utmost: number;

  constructor(
    protected readonly session: Session,
    readonly method: string,
    private readonly settings: CallSettings,
    private readonly callbacks: ReplyCallbacks,
  ) {
    const { timeout, maxTimeout } = settings;
    this.utmost = maxTimeout === undefined ? Number.POSITIVE_INFINITY : this.since + maxTimeout;
    this.deadline = Math.min(this.since + timeout, this.utmost);
  }

  /** Sends the request and returns its id. Throws if it cannot be sent: then neither of the callbacks is called. */
  send(args: readonly unknown[], named: boolean): number {
    const { session, settings } = this;
    if (settings.delivery !== undefined) mustKeep(session.link, settings.delivery);
    this.id = session.sendRequest(this.method, args, named, this, settings.about);
    if (settings.idempotent && session.link.redialer !== undefined) this.keepFrames(args, named);
    for (const signal of settings.signals) whenAborted(signal, this);
    return this.id;
  }

  private keepFrames(args: readonly unknown[], named: boolean): void {
    const { session, settings, id, method } = this;
    this.frames = framesOf(session, { kind: 'call', id, method, args, named, batch: undefined }, settings.about);
  }

  /** A signal has fired. */
  aborted(signal: Signal): void {
    this.cancel(abortedBy(signal));
  }

  /** Rejects at once, and notifies the peer. Does nothing if the request is over. */
  cancel(reason: RpcError): void {
    if (this.isOver) return;
    this.reject(reason);
    this.session.cancel(this.id, reason.message);
  }

  get idempotent(): boolean {
    return this.settings.idempotent;
  }

  get delivery(): Delivery | undefined {
    return this.settings.delivery;
  }

  late(): string {
    const { timeout, maxTimeout } = this.settings;
    if (maxTimeout === undefined) return `within ${timeout} ms`;
    return this.deadline >= this.utmost
      ? `within ${maxTimeout} ms (maxTimeout)`
      : `for ${timeout} ms, not even progress`;
  }

  about(headers: AnswerAbout): void {
    this.headers = { ...this.headers, ...headers };
  }

  progress(value: unknown): void {
    const { session, settings } = this;
    if (settings.maxTimeout !== undefined) this.deadline = Math.min(deadlineIn(settings.timeout), this.utmost);
    try {
      const given: unknown = settings.onProgress?.(value);
      if (isThenable(given)) given.then(undefined, (error: unknown) => session.host.reportError(session, error));
    } catch (error) {
      session.host.reportError(session, error);
    }
  }

  resolve(value: unknown): void {
    this.end();
    this.callbacks.resolve({ value, metadata: this.headers?.metadata ?? {} });
  }

  reject(error: unknown): void {
    this.end();
    this.callbacks.reject(error);
  }

  /** It is over: signals do not cancel it any more. */
  protected end(): void {
    this.isOver = true;
    for (const signal of this.settings.signals) forgetAborted(signal, this);
  }
}
