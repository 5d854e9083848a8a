import { checkBy, flushAtEndOfTurn } from '../../base/clock.js';
import { printable } from '../../base/quote.js';
import type { About, Call, Delivery, Frame, Id, Link, Message } from '../../contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import { MESSAGE_BYTES } from '../../session/journal.js';
import { unsent } from '../../session/outgoing-calls/lost-calls.js';
import type { CallHolder, ReplyHandler } from '../../session/outgoing-calls/pending-calls.js';
import { encodeQuickly } from '../../session/sending/encode.js';
import { mustFit } from '../../session/sending/frame-limits.js';
import type { SendQueueHost } from '../../session/sending/make-send-queue.js';
import { postWithHeaders } from '../../session/sending/outgoing-headers.js';
import { CANCEL, PULL, speaks, WORKING } from '../../session/system/system-names.js';
import { DispatchedCall } from './dispatched-call.js';
import { LimitedSession } from './limited-session.js';
import { Outcomes } from './outcomes.js';
import { Published } from './published.js';
import { SealedCalls } from './sealed-calls.js';
import { type CallMember, ServiceCalls, type ServiceCallsOwner } from './service-calls.js';
import { SilentCalls } from './silent-calls.js';

/** The session of a member, as the session of its service knows it. */
export interface ServiceMember extends CallMember {
  sendSystem(method: string, args: readonly unknown[]): boolean;
  /** Whether an answer is awaited has changed: looks again whether to read on. */
  awaits(): void;
  end(reason?: Error): void;
}

/** What leaves later: within `accept`, and before a security has sealed it. */
interface Leaving {
  readonly frames: readonly Frame[];
  readonly call: DispatchedCall;
}

/**
 * The session over a link that leads to a service, or that sends calls one by one: each call leaves through `Link.dispatch` when it is made.
 * Answers come over the links of members, whose sessions have the same pending calls, or as outcomes from the link itself.
 */
export class ServiceSession extends LimitedSession implements ServiceCallsOwner {
  declare pending: ServiceCalls;
  readonly members: Map<Link, ServiceMember> = new Map();
  private readonly outcomes: Outcomes = new Outcomes(this);
  private readonly publications: Published = new Published(this);
  private readonly sealed: SealedCalls | undefined;
  private waiting: Leaving[] = [];
  private waitingBytes = 0;
  /** A call is being given to the link. */
  private isDispatching = false;
  /** Of the notification that is being sent. */
  private delivery: Delivery | undefined;
  /** Undefined where nobody reports calls, or the codec has no words for that. */
  private readonly silent: SilentCalls | undefined;

  constructor(connection: Connection, host: SendQueueHost) {
    super(connection, host);
    this.pending = new ServiceCalls(this, host.limits.bufferedBytes);
    if (connection.link.callBeat !== undefined && speaks(host.codec, WORKING)) this.silent = new SilentCalls(this);
    const { filter } = this;
    if (filter !== undefined) this.sealed = new SealedCalls(this, filter, (call, frames) => this.leave(call, frames));
  }

  // ---- what is sent -------------------------------------------------------------------------------------------------

  /** Not into the send queue. */
  protected override sendQuickRequest(): number {
    return 0;
  }

  override notify(method: string, args: readonly unknown[], named: boolean, about?: About, delivery?: Delivery): void {
    this.delivery = delivery;
    try {
      this.dispatchNotification(method, args, named, about);
    } finally {
      this.delivery = undefined;
    }
  }

  private dispatchNotification(method: string, args: readonly unknown[], named: boolean, about?: About): void {
    this.mustTake(method, false);
    if (this.ended !== undefined) throw unsent(this.ended);
    const call: Call = { kind: 'call', id: undefined, method, args, named, batch: undefined };
    const quick = about === undefined ? encodeQuickly(this, call) : undefined;
    if (quick !== undefined) {
      this.postTogether(call, [quick]);
      return;
    }
    if (this.host.mapper.mustMap(args)) {
      this.mustPass(method, args);
      if (this.values.notify(call, about, this)) return;
    }
    if (about !== undefined) postWithHeaders(this, call, about);
    else this.postTogether(call, [this.encode(call)]);
  }

  override postNotification(method: string, frames: readonly Frame[]): void {
    this.mustTake(method, false);
    this.postTogether({ id: undefined, method }, frames);
  }

  /** A message of the library goes to the member that has the call; as long as that is unknown, there is nothing to send. */
  override sendSystem(method: string, args: readonly unknown[]): boolean {
    if (method !== PULL) return false;
    const holder = this.pending.at(args[0] as Id)?.holder as ServiceMember | undefined;
    return holder?.sendSystem(method, args) === true;
  }

  /** Of the messages that are no calls, none is for whoever gets it. */
  override post(): void {}

  override postTogether(
    { id, method }: Pick<Call, 'id' | 'method'>,
    frames: readonly Frame[],
    failed?: (error: unknown) => void,
  ): void {
    const { sendQueue, host } = this;
    const { join } = host.codec;
    const joined = frames.length > 1 && join !== undefined ? [join(frames)] : frames;
    for (const frame of joined) mustFit(frame, this.frameLimit, this);
    sendQueue.bound?.check(0);
    if (this.waitingBytes > 2 * host.limits.bufferedBytes)
      throw new ProtocolError(
        `busy: ${this.link.peer} was opened in this turn, and ${this.waitingBytes} bytes wait for it (limits.bufferedBytes)`,
        Code.Busy,
      );
    const delivery = id === undefined ? this.delivery : this.pending.at(id as number)?.delivery;
    const call = new DispatchedCall(id as number | undefined, method, delivery);
    if (call.id !== undefined) this.pending.note(call.id, call, joined);
    this.dispatch(call, joined, failed);
  }

  protected dispatch(call: DispatchedCall, frames: readonly Frame[], failed?: (error: unknown) => void): void {
    if (this.sealed !== undefined) this.sealed.post(call, frames, failed);
    else this.leave(call, frames);
  }

  private leave(call: DispatchedCall, frames: readonly Frame[]): void {
    if (this.sendQueue.isHeld || this.waiting.length > 0) {
      if (this.waiting.length === 0) flushAtEndOfTurn(this.released);
      this.waiting.push({ call, frames });
      this.waitingBytes += MESSAGE_BYTES;
      for (const { length } of frames) this.waitingBytes += length;
    } else this.leaveNow(call, frames);
  }

  /** The link may be used. */
  private readonly released = {
    flush: (): void => {
      this.waitingBytes = 0;
      for (const { call, frames } of this.waiting.splice(0)) this.leaveNow(call, frames);
    },
  };

  private leaveNow(call: DispatchedCall, frames: readonly Frame[]): void {
    const { connection, pending, link } = this;
    const { id, method } = call;
    if (connection === undefined) return;
    if (id !== undefined && method === CANCEL) {
      link.withdraw?.(id, frames);
      return;
    }
    const waiter = id === undefined ? undefined : pending.at(id);
    if (waiter !== undefined) {
      waiter.given = true;
      // A peer that has claimed the call before it was sent cannot have received it.
      pending.hold(waiter, undefined);
      call.attempts++;
      this.silent?.sent(call);
    } else if (id !== undefined) return; // It was cancelled meanwhile.
    const before = this.isDispatching;
    this.isDispatching = true;
    const member = connection.dispatchCall(frames, call);
    this.isDispatching = before;
    const holder = member && this.members.get(member);
    if (waiter !== undefined && holder !== undefined && pending.at(id as number) === waiter)
      pending.hold(waiter, holder);
  }

  // ---- what becomes of it -------------------------------------------------------------------------------------------

  published(frame: Frame): void {
    this.publications.add(frame);
  }

  override receive(message: Message, mayBeDeep: boolean): void {
    if (this.publications.ignores(message)) return;
    const named = this.outcomes.named(message);
    if (!this.isRetried(named)) super.receive(named, mayBeDeep);
  }

  override refuse(...[message, error]: Parameters<LimitedSession['refuse']>): void {
    if (this.publications.isReading) {
      this.callHeaders.forget(message.id);
      this.report(error, message.id ?? null);
      return;
    }
    this.outcomes.refused(error);
    super.refuse(message, error);
  }

  override unreadable(error: ProtocolError): void {
    if (!this.publications.isReading) this.outcomes.refused(error);
    super.unreadable(error);
  }

  outcome(id: number, answer: readonly Frame[] | Error): void {
    // The caller does not know its id yet.
    if (this.isDispatching) queueMicrotask(() => this.outcomes.add(id, answer));
    else this.outcomes.add(id, answer);
  }

  fail(id: number, error: unknown): void {
    this.pending.drop(id)?.reject(error);
  }

  /** A member that is busy has not carried the call out: it is sent once more. `from`: who says so. */
  isRetried(message: Message, from: CallHolder = this): boolean {
    if (message.kind !== 'fault' || message.error.code !== Code.Busy) return false;
    const { pending } = this;
    const waiter = pending.at(message.id);
    const call = pending.sent(message.id);
    if (waiter === undefined || call === undefined || call.wasBusy) return false;
    const { holder = from } = waiter;
    if (holder !== from && from !== this) return false;
    call.wasBusy = true;
    return this.again(waiter, call);
  }

  sendsAgain(waiter: ReplyHandler, call: DispatchedCall): boolean {
    return call.maySendAgain(waiter) && this.again(waiter, call);
  }

  private again(waiter: ReplyHandler, call: DispatchedCall): boolean {
    const { kept, id } = call;
    if (kept === undefined || this.ended !== undefined) return false;
    call.tried = (waiter.holder as ServiceMember | undefined)?.link;
    this.pending.hold(waiter, undefined);
    try {
      this.dispatch(call, kept, (error) => this.fail(id as number, error));
    } catch {
      return false;
    }
    return true;
  }

  /** The first call is open, or the last one is not any more: whether to read on has changed. */
  override awaits(): void {
    for (const member of this.members.values()) member.awaits();
    super.awaits();
  }

  protected override hasSent(id: number, waiter: ReplyHandler): number {
    if (this.silent !== undefined) this.remindOf(this.silent.asked());
    return super.hasSent(id, waiter);
  }

  /** Looks at the time by then. */
  remindOf(at: number): void {
    this.watched ? checkBy(at) : this.remind(at);
  }

  override abandoned({ given }: ReplyHandler, args: readonly unknown[]): void {
    const { link, ended, host } = this;
    if (link.withdraw === undefined || ended !== undefined || given !== true) return;
    const cancel: Call = { kind: 'call', id: undefined, method: CANCEL, args, named: false, batch: undefined };
    try {
      this.dispatch(new DispatchedCall(args[0] as number, CANCEL, undefined), [host.codec.encode(cancel)]);
    } catch (error) {
      this.report(error);
    }
  }

  // ---- silence ------------------------------------------------------------------------------------------------------

  /** Something has arrived about a call. */
  heardOf(id: Id): void {
    const call = this.pending.sent(id);
    if (call !== undefined) this.silent?.heardOf(call);
  }

  protected override expireCalls(at: number): number {
    const next = super.expireCalls(at);
    return this.silent === undefined ? next : Math.min(next, this.silent.due(at));
  }

  /** Nothing has arrived about a call for so many milliseconds. */
  lose(id: number, waiter: ReplyHandler, call: DispatchedCall, silence: number): void {
    if (this.sendsAgain(waiter, call)) return;
    const text = `${waiter.method}: for ${silence} ms, nobody at ${printable(this.link.peer)} has reported to work on the call`;
    this.fail(id, new ConnectionLost(text, { maybeExecuted: true }));
    (waiter.holder ?? this).abandoned(waiter, [id]);
  }

  override finish(...[reason, how]: Parameters<LimitedSession['finish']>): void {
    super.finish(reason, how);
    for (const member of [...this.members.values()]) member.end(how === 'closed here' ? undefined : reason);
  }
}
