import { hurry, leaveTogether } from '../../base/clock.js';
import { printable } from '../../base/quote.js';
import { time } from '../../base/time.js';
import type { About, Call, Delivery, Frame, Id, Link, Message } from '../../contract/contract.js';
import { Code, ConnectionLost } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import { encodeQuickly } from '../../session/encode.js';
import { mustFit } from '../../session/frame-limits.js';
import type { SendQueueHost } from '../../session/guarded-queue.js';
import { unsent } from '../../session/lost-calls.js';
import { postWithHeaders } from '../../session/outgoing-headers.js';
import type { CallHolder, ReplyHandler } from '../../session/pending-calls.js';
import { CANCEL, PULL, speaks, WORKING } from '../../session/system-names.js';
import { DispatchedCall } from './dispatched-call.js';
import { LimitedSession } from './limited-session.js';
import { Outcomes } from './outcomes.js';
import { SealedCalls } from './sealed-calls.js';
import { ServiceCalls, type ServiceCallsOwner } from './service-calls.js';

/** After so many beats without a word about a call, nobody works on it. */
const SILENT_BEATS = 3;
/** How often a call is sent at most: once, and again where a member was lost or busy. */
const ATTEMPTS = 3;

/** The session of a member, as the session of its service knows it. */
export interface ServiceMember extends CallHolder {
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
  private readonly sealed: SealedCalls | undefined;
  private waiting: Leaving[] = [];
  /** Of the notification that is being sent. */
  private delivery: Delivery | undefined;
  /** Whether calls are reported over this link: not where the codec has no words for it. */
  private readonly isReported: boolean;
  /** On the clock of the process: when to look for calls about which nothing has arrived. Put off while the link is away. */
  private looksAt: number = Number.POSITIVE_INFINITY;
  private wasAway = false;

  constructor(connection: Connection, host: SendQueueHost) {
    super(connection, host);
    this.pending = new ServiceCalls(this, host.limits.bufferedBytes);
    this.isReported = connection.link.callBeat !== undefined && speaks(host.codec, WORKING);
    if (this.filter !== undefined) {
      this.sealed = new SealedCalls(this, (call, frames) => this.leave(call, frames));
      this.filter.sender = this.sealed;
    }
  }

  /** In ms, for how long a call may go unreported. */
  private get silence(): number {
    return SILENT_BEATS * (this.link.callBeat as number);
  }

  // ---- what is sent -------------------------------------------------------------------------------------------------

  override sendRequest(
    method: string,
    args: readonly unknown[],
    named: boolean,
    waiter: ReplyHandler,
    about?: About,
  ): number {
    this.mustTake(method, true);
    if (this.host.mapper.mustMap(args)) {
      this.mustPass(method, args);
      return this.values.sendRequest(method, args, named, waiter, about, this);
    }
    return this.sendPlainRequest(method, args, named, waiter, about);
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
    if (this.host.mapper.mustMap(args)) {
      this.mustPass(method, args);
      if (this.values.notify(call, about, this)) return;
    }
    if (about !== undefined) postWithHeaders(this, call, about);
    else this.postTogether(call, [encodeQuickly(this, call) ?? this.encode(call)]);
  }

  override postNotification(method: string, frames: readonly Frame[]): void {
    this.mustTake(method, false);
    this.postTogether({ id: undefined, method }, frames);
  }

  /** A message of the library goes to the member that has the call; as long as that is unknown, there is nothing to tell. */
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
    const { join } = this.host.codec;
    const joined = frames.length > 1 && join !== undefined ? [join(frames)] : frames;
    for (const frame of joined) mustFit(frame, this.frameLimit, this);
    this.sendQueue.bound?.check(0);
    const delivery = id === undefined ? this.delivery : this.pending.at(id as number)?.delivery;
    const call = new DispatchedCall(id as number | undefined, method, delivery);
    if (call.id !== undefined) this.pending.note(call.id, call, joined);
    this.dispatch(call, joined, failed);
  }

  private dispatch(call: DispatchedCall, frames: readonly Frame[], failed?: (error: unknown) => void): void {
    if (this.sealed !== undefined) this.sealed.post(call, frames, failed);
    else this.leave(call, frames);
  }

  private leave(call: DispatchedCall, frames: readonly Frame[]): void {
    if (this.sendQueue.isHeld) {
      if (this.waiting.length === 0) leaveTogether(this.released);
      this.waiting.push({ call, frames });
    } else this.leaveNow(call, frames);
  }

  /** The link may be used. What was cancelled meanwhile is not sent. */
  private readonly released = {
    flush: (): void => {
      for (const { call, frames } of this.waiting.splice(0))
        if (call.id === undefined || call.method === CANCEL || this.pending.at(call.id) !== undefined)
          this.leaveNow(call, frames);
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
      call.attempts++;
      call.heardAt = this.isReported && link.reports !== false ? time() : Number.POSITIVE_INFINITY;
    }
    const member = connection.dispatchCall(frames, call);
    const holder = member && this.members.get(member);
    if (waiter !== undefined && holder !== undefined && pending.at(id as number) === waiter) waiter.holder = holder;
  }

  // ---- what becomes of it -------------------------------------------------------------------------------------------

  override receive(message: Message, mayBeDeep: boolean): void {
    const named = this.outcomes.named(message);
    if (!this.isRetried(named)) super.receive(named, mayBeDeep);
  }

  outcome(id: number, answer: readonly Frame[] | Error): void {
    this.outcomes.add(id, answer);
  }

  fail(id: number, error: Error): void {
    this.pending.take(id, this)?.reject(error);
    this.settled();
  }

  /** A member that is busy has not carried the call out: it is sent once more. `from`: who says so. */
  isRetried(message: Message, from: CallHolder = this): boolean {
    if (message.kind !== 'fault' || message.error.code !== Code.Busy) return false;
    const { pending } = this;
    const waiter = pending.at(message.id);
    const call = pending.sent(message.id);
    if (waiter === undefined || call === undefined || call.attempts > 1) return false;
    const { holder = from } = waiter;
    return (holder === from || from === this) && this.again(waiter, call);
  }

  sendsAgain(waiter: ReplyHandler, call: DispatchedCall): boolean {
    return waiter.idempotent === true && call.attempts < ATTEMPTS && this.again(waiter, call);
  }

  private again(waiter: ReplyHandler, call: DispatchedCall): boolean {
    const { kept, id } = call;
    if (kept === undefined || this.ended !== undefined) return false;
    waiter.holder = undefined;
    try {
      this.dispatch(call, kept, (error) => this.pending.drop(id as number)?.reject(error));
    } catch {
      return false;
    }
    return true;
  }

  /** A call may have been answered. */
  settled(): void {
    if (this.pendingCount === 0) for (const member of this.members.values()) member.awaits();
    this.closeIfIdle();
  }

  protected override hasAsked(id: number, waiter: ReplyHandler): number {
    if (this.pendingCount === 1) for (const member of this.members.values()) member.awaits();
    if (this.isReported) {
      // A call that has not left is looked for as well: its time begins then.
      this.looksAt = Math.min(this.looksAt, time() + this.silence);
      this.remindOf(this.looksAt);
    }
    return super.hasAsked(id, waiter);
  }

  /** A member has a call of its own, or has been heard: looks at the time by then. */
  remindOf(at: number): void {
    this.watched ? hurry(at) : this.remind(at);
  }

  override abandoned(_waiter: ReplyHandler, args: readonly unknown[]): void {
    const { link, ended, host } = this;
    if (link.withdraw === undefined || ended !== undefined) return;
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
    if (call !== undefined) call.heardAt = time();
  }

  protected override expireCalls(at: number): number {
    const next = super.expireCalls(at);
    if (!this.isReported || this.pendingCount === 0) return next;
    // Also from its end on: what was dispatched meanwhile has just left.
    if (this.link.away === true || this.wasAway) this.looksAt = at + this.silence;
    this.wasAway = this.link.away === true;
    if (at >= this.looksAt) this.findSilent(at);
    return Math.min(next, this.looksAt);
  }

  /** Looks for calls about which nothing has arrived for too long. */
  private findSilent(at: number): void {
    const { silence } = this;
    this.looksAt = at + silence;
    for (const [id, waiter] of [...this.pending.all()]) {
      const call = this.pending.sent(id);
      if (call === undefined) continue;
      if (call.heardAt + silence <= at) this.lose(id, waiter, call);
      else this.looksAt = Math.min(this.looksAt, call.heardAt + silence);
    }
  }

  private lose(id: number, waiter: ReplyHandler, call: DispatchedCall): void {
    if (this.sendsAgain(waiter, call)) return;
    call.heardAt = Number.POSITIVE_INFINITY;
    this.pending.drop(id);
    const who = `nobody at ${printable(this.link.peer)}`;
    const text = `${waiter.method}: for ${this.silence} ms, ${who} has reported to work on the call`;
    waiter.reject(new ConnectionLost(text, { maybeExecuted: true }));
    (waiter.holder ?? this).abandoned(waiter, [id]);
    this.settled();
  }

  override finish(...[reason, how]: Parameters<LimitedSession['finish']>): void {
    super.finish(reason, how);
    for (const member of [...this.members.values()]) member.end(how === 'closed here' ? undefined : reason);
  }
}
