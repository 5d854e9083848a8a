import { unwatch, watch } from '../base/clock.js';
import { promiseOf } from '../base/promise-like.js';
import type { Batch, Call, Id, Message } from '../contract/contract.js';
import { ProtocolError, type RpcError } from '../contract/errors.js';
import { CallAbout } from './call-headers.js';
import { CallQueue, idInUse } from './call-queue.js';
import { CallingSession } from './calling-session.js';
import type { Connection } from './connection.js';
import { end, type HalfClosed, inputEnded, linkClosed, reasonOfEach } from './end-reasons.js';
import { type SendQueueHost, sendQueueFor } from './guarded-queue.js';
import { receive, refuse, unreadable } from './incoming-messages.js';
import type { MessageSink } from './message-sink.js';
import { CallSender, type ConnectedPeer } from './peer.js';
import type { PeerLoad } from './peer-load.js';
import type { PendingCalls, ReplyHandler } from './pending-calls.js';
import { ReplyWriter } from './reply-writer.js';
import { notAnswered } from './sent-calls.js';
import type { ActiveCall, StartingCalls } from './session.js';
import { type SessionPart, SessionParts } from './session-part.js';
import type { StallDetector } from './stall-detector.js';
import { CANCEL } from './system-names.js';

/**
 * The conversation with one peer, over one connection after the other where it has a journal: who waits for an answer, and what the
 * peer has asked.
 *
 * There may be thousands of them, so what is not always needed is made when it is: the table of what was asked, the queue
 * of what is to be done, the parts of extensions.
 */
export class RpcSession extends CallingSession implements MessageSink {
  /** Once the peer has ended its side, while it is still answered. */
  halfClosed: HalfClosed | undefined;
  starting: StartingCalls | undefined;
  tagged: Id | undefined;
  readonly about: CallAbout = new CallAbout(this);
  readonly answers: ReplyWriter = new ReplyWriter(this);
  readonly load: PeerLoad;
  intake: CallQueue | undefined;
  parts: SessionParts | undefined;
  private retiring = false;

  /** `pending`: the calls of the session that this one replaces. */
  constructor(connection: Connection, host: SendQueueHost, pending?: PendingCalls) {
    super(connection, host, pending);
    this.load = connection.load;
    this.outbox = sendQueueFor(this, host);
    connection.sink = this;
    if (connection.filter !== undefined) connection.filter.sender = this;
  }

  get received(): number {
    return this.connection === undefined ? 0 : this.connection.size;
  }

  get agreed(): boolean {
    return this.connection?.agreed === true;
  }

  // ---- what the peer asks -------------------------------------------------------------------------------------------

  receive(message: Message, mayBeDeep: boolean): void {
    receive(this, message, mayBeDeep);
  }

  refuse(message: Message, error: ProtocolError): void {
    refuse(this, message, error);
  }

  unreadable(error: ProtocolError): void {
    unreadable(this, error);
  }

  complete(batch: Batch): void {
    this.answers.complete(batch);
  }

  work(id: Id): ActiveCall | undefined {
    return this.intake?.at(id);
  }

  withdraw(id: Id, reason: RpcError): void {
    this.intake?.cancel(id, reason);
  }

  get open(): number {
    return this.waiting + (this.intake?.size ?? 0);
  }

  judge(): void {
    this.intake?.judge();
  }

  /** Takes a call up: at once, or when its turn comes. */
  admit(call: Call): void {
    const { intake } = this;
    if (call.id !== undefined && intake?.holds(call.id)) {
      this.answers.deny(call, idInUse(call.id));
    } else if (intake === undefined || intake.takes(call)) this.start(call);
    else intake.queue(call, this.connection?.claim() ?? 0);
  }

  /** Carries a call out, now. */
  start(call: Call): void {
    const sender = new CallSender(this.peer as ConnectedPeer, call);
    let answer: unknown;
    let promise: Promise<unknown> | undefined;
    try {
      answer = this.host.serve(sender);
      promise = promiseOf(answer);
    } catch (error) {
      this.answers.fail(call, answer === undefined ? error : this.answers.unreadable(error), sender);
      return;
    }
    if (promise === undefined) this.answers.succeed(call, answer, sender);
    else {
      this.intake ??= new CallQueue(this);
      this.intake.work(sender, promise);
    }
  }

  /** While the peer leaves unread what is sent, nothing that it asks is begun, and it is read only for its answers. */
  congested(watch: StallDetector | undefined): void {
    this.outbox.bound = watch;
    if (watch !== undefined) this.intake ??= new CallQueue(this);
    else this.answers.relieved();
    this.intake?.crowded(watch !== undefined);
  }

  weigh(call: Call): void {
    this.connection?.weigh(call);
  }

  pauseReading(): void {
    this.connection?.pauseReading();
  }

  resumeReading(): void {
    this.connection?.resumeReading();
  }

  greet(method: string, args: readonly unknown[]): void {
    try {
      this.notify(method, args, true);
    } catch (error) {
      // Too large for the link, or refused by the security: the conversation goes on without it, and this may be within `accept`.
      this.report(error);
    }
  }

  greeted(limit: number): void {
    this.outbox.limit = limit;
    this.outbox.hello?.over();
  }

  // ---- time and end -------------------------------------------------------------------------------------------------

  remind(at: number): void {
    this.watched = true;
    watch(this, at);
  }

  due(at: number): number {
    this.watched = false; // Set again by calls that are made while this looks, as by a handler whose time is over.
    const answers = this.asked?.expire(at, (waiter, id) => this.expired(waiter, id)) ?? Number.POSITIVE_INFINITY;
    const calls = this.intake?.due(at) ?? Number.POSITIVE_INFINITY;
    const sent = Math.min(this.connection?.due(at) ?? Number.POSITIVE_INFINITY, this.outbox.due(at));
    const next = Math.min(answers, calls, sent, this.parts?.due(at) ?? Number.POSITIVE_INFINITY);
    this.watched ||= next !== Number.POSITIVE_INFINITY;
    if (this.retiring) this.rest();
    return next;
  }

  private expired(waiter: ReplyHandler, id: number): void {
    waiter.reject(notAnswered(this, waiter));
    // Its handlers may stop.
    this.tell(CANCEL, [id]);
  }

  get buffered(): number {
    return this.outbox.buffered + (this.sealing?.bytes ?? 0) + (this.parts?.bytes ?? 0);
  }

  add(part: SessionPart): void {
    this.parts ??= new SessionParts();
    this.parts.add(part);
  }

  remove(part: SessionPart): void {
    this.parts?.remove(part);
  }

  drained(): void {
    this.parts?.drained();
  }

  flush(): void {
    this.outbox.send();
  }

  closeWhenIdle(): void {
    this.retiring = true;
    if (this.connection !== undefined) this.connection.reportsDelivery = true;
    this.rest();
  }

  delivered(): void {
    this.rest();
  }

  rest(): void {
    if (!this.retiring || this.open > 0) return;
    if (!this.outbox.waits && !this.answers.waits && this.connection?.queue === undefined) this.end();
  }

  inputEnded(): void {
    const { link } = this;
    if (this.journal === undefined || !this.agreed) inputEnded(this);
    else {
      // A peer with a connection that ends well says so before, in a message: this one is lost.
      this.lost(undefined);
      link.close();
    }
  }

  lost(reason: Error | undefined): void {
    if (!this.journal?.lost(reason)) linkClosed(this, reason);
  }

  last(): void {
    this.outbox.hello?.over();
    this.parts?.closing();
    this.outbox.send();
  }

  report(error: unknown, id?: Id, method?: string): void {
    this.host.trouble(this, error, id, method);
  }

  end(reason?: Error): void {
    end(this, reason);
  }

  /** It has ended: each pending call rejects with an error that names its method, or with `reason` itself where that stays as it is. */
  settle(reason: RpcError, asItIs?: 'as it is'): void {
    if (this.over !== undefined) return;
    this.over = reason;
    this.unanswerable = reason;
    this.halfClosed?.stop();
    // Open calls fail with it; if there are none, it is reported.
    if (reason instanceof ProtocolError) this.host.trouble(this, reason);
    unwatch(this);
    this.load.end();
    this.outbox.end();
    this.parts?.ended();
    this.connection?.detach();
    this.asked?.rejectAll(asItIs === undefined ? reasonOfEach(reason) : () => reason, this);
    this.intake?.stop(reason);
    this.mapped?.end(reason);
    this.host.ended(this);
  }
}
