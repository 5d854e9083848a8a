import { unwatch, watch } from '../base/clock.js';
import { promiseOf } from '../base/promise-like.js';
import type { Batch, Call, Id, Message } from '../contract/contract.js';
import { ProtocolError, type RpcError } from '../contract/errors.js';
import { awaitsFrame, failureOf, INPUT_ENDED } from './brief-link.js';
import { CallingSession } from './calling-session.js';
import type { ConnectedPeer } from './connected-peer.js';
import type { Connection } from './connection.js';
import { end, type HalfClosed, inputEnded, linkClosed } from './end-reasons.js';
import { idInUse } from './ids.js';
import { CallQueue } from './incoming-calls/call-queue.js';
import { CallSender } from './incoming-calls/call-sender.js';
import { ReplyWriter } from './incoming-calls/reply-writer.js';
import { reasonOfEach } from './outgoing-calls/lost-calls.js';
import type { PendingCalls, ReplyHandler } from './outgoing-calls/pending-calls.js';
import { notAnsweredInTime } from './outgoing-calls/timeout-error.js';
import type { PeerLoad } from './peer-load.js';
import { CallHeaders } from './receiving/incoming-headers.js';
import { receive, refuse, unreadable } from './receiving/incoming-messages.js';
import type { MessageSink } from './receiving/message-sink.js';
import { makeSendQueue, type SendQueueHost } from './sending/make-send-queue.js';
import type { ActiveCall, StartingCalls } from './session.js';
import { type SessionPart, SessionParts } from './session-part.js';

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
  failure: Error | undefined;
  starting: StartingCalls | undefined;
  tagged: Id | undefined;
  readonly callHeaders: CallHeaders = new CallHeaders(this);
  readonly replies: ReplyWriter = new ReplyWriter(this);
  readonly load: PeerLoad;
  callQueue: CallQueue | undefined;
  parts: SessionParts | undefined;
  /** Everybody knows its peer. */
  isAnnounced = false;
  /** It is to end once it is idle. */
  retiring = false;
  /** And everything has arrived. */
  private awaitsAll = false;

  /** `pending`: the calls of the session that this one replaces. */
  constructor(connection: Connection, host: SendQueueHost, pending?: PendingCalls) {
    super(connection, host, pending);
    this.load = connection.load;
    this.sendQueue = makeSendQueue(this, host);
    connection.sink = this;
    // Where the calls of all peers have a bound, the first one may have to wait.
    if (host.load.turns !== undefined) this.callQueue = new CallQueue(this);
    if (connection.filter !== undefined) connection.filter.sender = this;
  }

  get frameBytes(): number {
    return this.connection === undefined ? 0 : this.connection.size;
  }

  arrivedBytes(): number {
    const { connection } = this;
    if (connection === undefined) return 0;
    const bytes = connection.uncounted;
    connection.uncounted = 0;
    return bytes;
  }

  get agreed(): boolean {
    return this.connection?.agreed === true;
  }

  // ---- what the peer asks -------------------------------------------------------------------------------------------

  receive(message: Message, mayBeDeep: boolean): void {
    receive(this, message, mayBeDeep);
  }

  refuse(message: Message, error: RpcError): void {
    refuse(this, message, error);
  }

  unreadable(error: ProtocolError): void {
    unreadable(this, error);
  }

  complete(batch: Batch): void {
    this.replies.complete(batch);
  }

  activeCall(id: Id): ActiveCall | undefined {
    return this.callQueue?.at(id);
  }

  cancelIncoming(id: Id, reason: RpcError): void {
    this.callQueue?.cancel(id, reason);
  }

  get open(): number {
    return this.pendingCount + (this.callQueue?.size ?? 0);
  }

  updateReading(): void {
    this.callQueue?.updateReading();
  }

  /** Takes a call up: at once, or when its turn comes. */
  admit(call: Call): void {
    const { callQueue } = this;
    if (call.id !== undefined && callQueue?.holds(call.id)) {
      // Who calls a service sends a call again where nobody reports it, and may reach the one that is at work on it: that answers.
      if (this.link.callBeat !== undefined) call.passed?.end();
      else this.replies.refuse(call, idInUse(call.id));
    } else if (callQueue === undefined || callQueue.hasRoomFor(call)) this.start(call);
    else callQueue.queue(call, this.connection?.claim() ?? 0);
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
      this.replies.fail(call, answer === undefined ? error : this.replies.unreadable(error), sender);
      return;
    }
    if (promise === undefined) this.replies.succeed(call, answer, sender);
    else {
      this.callQueue ??= new CallQueue(this);
      this.callQueue.track(sender, promise);
    }
  }

  /** While the peer leaves unread what is sent, nothing that it asks is begun, and it is read only for its answers. */
  congested(watch: { check(collected: number): void } | undefined): void {
    this.sendQueue.bound = watch;
    if (watch !== undefined) this.callQueue ??= new CallQueue(this);
    else this.replies.sendParked();
    this.callQueue?.setCongested(watch !== undefined);
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
    this.sendQueue.limit = limit;
    this.sendQueue.hello?.finish();
  }

  // ---- time and end -------------------------------------------------------------------------------------------------

  remind(at: number): void {
    this.watched = true;
    watch(this, at);
  }

  due(at: number): number {
    this.watched = false; // Set again by calls that are made while this looks, as by a handler whose time is over.
    const answers = this.expireCalls(at);
    const calls = this.callQueue?.due(at) ?? Number.POSITIVE_INFINITY;
    const sent = Math.min(this.connection?.due(at) ?? Number.POSITIVE_INFINITY, this.sendQueue.due(at));
    const next = Math.min(answers, calls, sent, this.parts?.due(at) ?? Number.POSITIVE_INFINITY);
    this.watched ||= next !== Number.POSITIVE_INFINITY;
    if (this.retiring) this.closeIfIdle();
    return next;
  }

  /** Rejects the pending calls whose time is over, and returns when the next one is. */
  protected expireCalls(at: number): number {
    return this.pending?.expire(at, (waiter, id) => this.expired(waiter, id)) ?? Number.POSITIVE_INFINITY;
  }

  protected expired(waiter: ReplyHandler, id: number): void {
    waiter.reject(notAnsweredInTime(this, waiter));
    // Its handlers may stop.
    (waiter.holder ?? this).abandoned(waiter, [id]);
  }

  get buffered(): number {
    return this.sendQueue.buffered + (this.filter?.bytes ?? 0) + (this.parts?.bytes ?? 0);
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
    this.sendQueue.send();
    this.closeIfIdle();
  }

  closeWhenIdle(isAcknowledged = false): void {
    this.retiring = true;
    this.awaitsAll ||= isAcknowledged;
    if (this.connection !== undefined) this.connection.reportsDelivery = true;
    this.closeIfIdle();
  }

  delivered(): void {
    this.closeIfIdle();
  }

  closeIfIdle(): void {
    if (!this.retiring || this.open > 0 || (this.awaitsAll && !this.hasArrived) || awaitsFrame(this)) return;
    if (!this.sendQueue.waits && !this.replies.waits && this.connection?.queue === undefined) this.end();
  }

  /** Whether the peer is known to have all that was sent, and nothing of it is known to be missing. */
  private get hasArrived(): boolean {
    // What the peer has sent over a link that was cut comes over the next one.
    if (this.connection === undefined) return false;
    return this.sendQueue.collected === 0 && !this.journal?.keptMessages && !this.journal?.waiting;
  }

  inputEnded(reason?: Error): void {
    inputEnded(this, reason);
  }

  lost(reason: Error | undefined): void {
    if (!this.journal?.lost(reason)) linkClosed(this, reason);
  }

  last(): void {
    this.sendQueue.hello?.finish();
    this.parts?.closing();
    this.sendQueue.send();
  }

  report(error: unknown, id?: Id, method?: string): void {
    this.host.reportError(this, error, id, method);
  }

  callFailed(error: unknown): void {
    if (this.link.brief === true) this.failure ??= failureOf(error);
  }

  end(reason?: Error): void {
    end(this, reason);
  }

  /**
   * It has ended: each pending call rejects with an error that names its method, or with `reason` itself where that stays as it is.
   * `closed here`: by this side, without an error.
   */
  finish(reason: RpcError, how?: 'as it is' | 'closed here'): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    this.noReplyReason = reason;
    this.halfClosed?.stop();
    // Open calls fail with it; if there are none, it is reported.
    if (reason !== INPUT_ENDED && reason instanceof ProtocolError) this.host.reportError(this, reason);
    unwatch(this);
    this.load.end();
    this.parts?.ending(reason, how === 'closed here');
    this.pending?.noteGiven(this.sendQueue.sent, this);
    this.sendQueue.end();
    this.parts?.ended();
    this.connection?.detach();
    this.pending?.rejectAll(reasonOfEach(reason, how === 'as it is' ? how : undefined), this);
    this.callQueue?.rejectAll(reason);
    this.mapped?.end(reason);
    this.host.ended(this);
  }
}
