import { checkBy, type Timed } from '../base/clock.js';
import type { About, Call, Fault, Frame, Id, Link, Reply } from '../contract/contract.js';
import { Code, ProtocolError, type RpcError } from '../contract/errors.js';
import type { ConnectedPeer } from './connected-peer.js';
import type { Connection } from './connection.js';
import type { FrameFilter } from './frame-filter.js';
import type { CallQueue } from './incoming-calls/call-queue.js';
import type { Journal } from './journal.js';
import { unsent } from './outgoing-calls/lost-calls.js';
import { PendingCalls, PlainWaiter, type ReplyHandler } from './outgoing-calls/pending-calls.js';
import type { PeerLoad } from './peer-load.js';
import type { CallHeaders } from './receiving/incoming-headers.js';
import { encode, encodeQuickly } from './sending/encode.js';
import { SENT_BEFORE_HELLO } from './sending/frame-limits.js';
import type { SendQueueHost } from './sending/make-send-queue.js';
import { postWithHeaders } from './sending/outgoing-headers.js';
import type { PostedCalls } from './sending/posted-calls.js';
import type { SendQueue } from './sending/send-queue.js';
import type { ActiveCall, Replies, Session, StartingCalls } from './session.js';
import type { SessionPart } from './session-part.js';
import type { SessionValues } from './session-values.js';
import { CANCEL, speaks } from './system/system-names.js';

/** The half of a session that calls: what this side asks, and how its messages leave. */
export abstract class CallingSession implements Session, Timed {
  ended: RpcError | undefined;
  noReplyReason: RpcError | undefined;
  peer: ConnectedPeer | undefined;
  connection: Connection | undefined;
  link: Link;
  user: unknown;
  filter: FrameFilter | undefined;
  journal: Journal | undefined;
  posted: PostedCalls | undefined;
  sendQueue!: SendQueue;
  pending: PendingCalls | undefined;
  mapped: SessionValues | undefined;
  /** The clock of the process calls `due`. */
  protected watched = false;

  constructor(
    connection: Connection,
    readonly host: SendQueueHost,
    pending: PendingCalls | undefined,
  ) {
    this.connection = connection;
    this.link = connection.link;
    this.user = connection.user;
    this.filter = connection.filter;
    this.pending = pending;
    pending?.moveTo(this);
  }

  abstract starting: StartingCalls | undefined;
  abstract tagged: Id | undefined;
  abstract readonly callHeaders: CallHeaders;
  abstract readonly replies: Replies;
  abstract readonly load: PeerLoad;
  abstract readonly callQueue: CallQueue | undefined;
  abstract readonly agreed: boolean;
  abstract readonly frameBytes: number;
  abstract arrivedBytes(): number;
  abstract readonly open: number;
  abstract readonly buffered: number;
  abstract activeCall(id: Id): ActiveCall | undefined;
  abstract cancelIncoming(id: Id, reason: RpcError): void;
  abstract add(part: SessionPart): void;
  abstract remove(part: SessionPart): void;
  abstract flush(): void;
  abstract closeWhenIdle(): void;
  abstract remind(at: number): void;
  abstract due(at: number): number;
  abstract closeIfIdle(): void;
  abstract callFailed(error: unknown): void;
  abstract report(error: unknown, id?: Id, method?: string): void;
  abstract end(reason?: Error): void;

  /** Of a member of a service: the session over which its calls are sent. */
  get service(): Session | undefined {
    return undefined;
  }

  postTogether?(call: Pick<Call, 'id' | 'method'>, frames: readonly Frame[], failed?: (error: unknown) => void): void;

  get values(): SessionValues {
    this.mapped ??= this.host.mapper.attach(this);
    return this.mapped;
  }

  get pendingCount(): number {
    return this.pending === undefined ? 0 : this.pending.size;
  }

  sendRequest(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler, about?: About): number {
    if (about === undefined && this.host.encodePlain !== undefined && this.filter === undefined) {
      const id = this.sendQuickRequest(method, args, named, waiter);
      if (id !== 0) return this.hasSent(id, waiter);
    }
    if (this.host.mapper.mustMap(args)) return this.values.sendRequest(method, args, named, waiter, about, this);
    return this.sendPlainRequest(method, args, named, waiter, about);
  }

  sendPlainRequest(
    method: string,
    args: readonly unknown[],
    named: boolean,
    waiter: ReplyHandler,
    about?: About,
  ): number {
    if (this.noReplyReason !== undefined) throw unsent(this.noReplyReason);
    this.pending ??= new PendingCalls();
    const pending = this.pending;
    if (pending.size >= this.host.limits.pendingCalls) {
      throw new ProtocolError(`busy: ${pending.size} calls to ${this.link.peer} are open already`, Code.Busy);
    }
    const id = pending.add(waiter);
    try {
      const call: Call = { kind: 'call', id, method, args, named, batch: undefined };
      if (about === undefined && this.filter === undefined && this.postTogether === undefined)
        this.put(this.encode(call), id);
      else this.postCall(call, id, about);
    } catch (error) {
      pending.drop(id);
      throw error;
    }
    return this.hasSent(id, waiter);
  }

  private put(frame: Frame, id: number): void {
    // Apart from the plain way, which closures would cost a context.
    if (frame.length > SENT_BEFORE_HELLO) this.putLarge(frame, id);
    else this.sendQueue.put(frame);
  }

  private putLarge(frame: Frame, id: number): void {
    this.sendQueue.put(frame, (error) => this.notSent(id, error));
  }

  /** The same for plain data that the codec writes quickly; returns 0, and does nothing, for any other. */
  protected sendQuickRequest(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler): number {
    this.pending ??= new PendingCalls();
    const pending = this.pending;
    if (this.noReplyReason !== undefined || pending.size >= this.host.limits.pendingCalls) return 0;
    const id = pending.add(waiter);
    let frame: Frame | undefined;
    try {
      frame = encodeQuickly(this, { kind: 'call', id, method, args, named, batch: undefined });
      if (frame !== undefined) this.sendQueue.put(frame);
    } catch {
      // It will be thrown again, and reported.
      frame = undefined;
    }
    if (frame !== undefined) return id;
    pending.take(id, this);
    return 0;
  }

  /** Apart from the plain way, which closures would cost a context. */
  private postCall(call: Call, id: number, about: About | undefined): void {
    const failed = (error: unknown): void => this.notSent(id, error);
    if (about !== undefined) postWithHeaders(this, call, about, failed);
    else if (this.postTogether !== undefined) this.postTogether(call, [this.encode(call)], failed);
    else this.post(this.encode(call), failed);
  }

  /** The call has not left after all. */
  notSent(id: number, error: unknown): void {
    this.pending?.drop(id)?.reject(error);
    this.closeIfIdle();
  }

  protected hasSent(id: number, waiter: ReplyHandler): number {
    waiter.place = this.sendQueue.place;
    this.callQueue?.awaiting();
    if (this.watched) checkBy(waiter.deadline);
    else this.remind(waiter.deadline);
    return id;
  }

  request(method: string, args: readonly unknown[], named: boolean, timeout: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.sendRequest(method, args, named, new PlainWaiter(resolve, reject, method, timeout));
    });
  }

  notify(method: string, args: readonly unknown[], named: boolean, about?: About): void {
    const call: Call = { kind: 'call', id: undefined, method, args, named, batch: undefined };
    const quick = about === undefined && this.ended === undefined ? encodeQuickly(this, call) : undefined;
    if (quick !== undefined) this.post(quick);
    else {
      if (this.host.mapper.mustMap(args) && this.values.notify(call, about, this)) return;
      if (this.ended !== undefined) throw unsent(this.ended);
      if (about !== undefined) postWithHeaders(this, call, about);
      else this.post(this.encode(call));
    }
    this.posted?.notified(method);
  }

  postNotification(method: string, frames: readonly Frame[]): void {
    for (const frame of frames) this.post(frame);
    this.posted?.encoded(method, frames);
  }

  sendSystem(method: string, args: readonly unknown[]): boolean {
    if (this.ended !== undefined || !speaks(this.host.codec, method)) return false;
    try {
      this.notify(method, args, false);
      return true;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  /** The answer to one of our calls has come: gives who waits for it, if anybody does. */
  answered(id: Id): ReplyHandler | undefined {
    const waiter = this.pending?.take(id, this);
    if (waiter !== undefined && this.pendingCount === 0) this.callQueue?.updateReading();
    return waiter;
  }

  pendingCall(id: Id): ReplyHandler | undefined {
    return this.pending?.at(id);
  }

  cancel(id: Id, reason?: string): void {
    const waiter = this.pending?.drop(id);
    if (waiter === undefined) return;
    (waiter.holder ?? this).abandoned(waiter, reason === undefined ? [id] : [id, reason]);
    if (this.pendingCount === 0) this.callQueue?.updateReading();
    this.closeIfIdle();
  }

  /** Nobody waits for a call any more: the peer may stop, if it may have the call. */
  abandoned(waiter: ReplyHandler, args: readonly unknown[]): void {
    if (this.posted?.withdraw(waiter) !== true) this.sendSystem(CANCEL, args);
  }

  get frameLimit(): number {
    return this.link.maxFrame === undefined ? this.sendQueue.limit : this.sendQueue.largest;
  }

  encode(message: Call | Reply | Fault): Frame {
    return encode(this.host.codec, message, this.frameLimit, this);
  }

  post(frame: Frame, failed?: (error: unknown) => void): void {
    if (this.filter === undefined) this.sendQueue.put(frame, failed);
    else if (this.journal?.holds?.(frame, failed) !== true)
      this.filter.post(frame, failed ?? ((error) => this.report(error)));
  }
}
