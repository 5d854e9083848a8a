import { hurry, type Timed } from '../base/clock.js';
import type { About, Call, Fault, Frame, Id, Link, Reply } from '../contract/contract.js';
import { Code, ProtocolError, type RpcError } from '../contract/errors.js';
import type { CallAbout } from './call-headers.js';
import type { CallQueue } from './call-queue.js';
import type { Connection } from './connection.js';
import { encode, encodeQuickly } from './encode.js';
import type { FrameFilter } from './frame-filter.js';
import { UNASKED } from './frame-limits.js';
import type { SendQueueHost } from './guarded-queue.js';
import type { Journal } from './journal.js';
import type { ConnectedPeer } from './peer.js';
import type { PeerLoad } from './peer-load.js';
import { PendingCalls, PlainWaiter, type ReplyHandler } from './pending-calls.js';
import type { SendQueue } from './send-queue.js';
import { postAbout } from './sent-calls.js';
import type { ActiveCall, Replies, Session, StartingCalls } from './session.js';
import type { SessionPart } from './session-part.js';
import type { SessionValues } from './session-values.js';
import { CANCEL, speaks } from './system-names.js';

/** The half of a session that calls: what this side asks, and how its messages leave. */
export abstract class CallingSession implements Session, Timed {
  over: RpcError | undefined;
  unanswerable: RpcError | undefined;
  peer: ConnectedPeer | undefined;
  connection: Connection | undefined;
  link: Link;
  sealing: FrameFilter | undefined;
  journal: Journal | undefined;
  outbox!: SendQueue;
  asked: PendingCalls | undefined;
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
    this.sealing = connection.filter;
    this.asked = pending;
    pending?.moveTo(this);
  }

  abstract starting: StartingCalls | undefined;
  abstract tagged: Id | undefined;
  abstract readonly about: CallAbout;
  abstract readonly answers: Replies;
  abstract readonly load: PeerLoad;
  abstract readonly intake: CallQueue | undefined;
  abstract readonly agreed: boolean;
  abstract readonly received: number;
  abstract readonly open: number;
  abstract readonly buffered: number;
  abstract work(id: Id): ActiveCall | undefined;
  abstract withdraw(id: Id, reason: RpcError): void;
  abstract add(part: SessionPart): void;
  abstract remove(part: SessionPart): void;
  abstract flush(): void;
  abstract closeWhenIdle(): void;
  abstract remind(at: number): void;
  abstract due(at: number): number;
  abstract rest(): void;
  abstract report(error: unknown, id?: Id, method?: string): void;
  abstract end(reason?: Error): void;

  get values(): SessionValues {
    this.mapped ??= this.host.mapper.attach(this);
    return this.mapped;
  }

  get waiting(): number {
    return this.asked === undefined ? 0 : this.asked.size;
  }

  ask(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler, about?: About): number {
    if (about === undefined && this.host.encodePlain !== undefined && this.sealing === undefined) {
      const id = this.askQuickly(method, args, named, waiter);
      if (id !== 0) return this.hasAsked(id, waiter);
    }
    if (this.host.mapper.mustMap(args)) return this.values.ask(method, args, named, waiter, about);
    return this.askPlain(method, args, named, waiter, about);
  }

  askPlain(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler, about?: About): number {
    if (this.unanswerable !== undefined) throw this.unanswerable;
    this.asked ??= new PendingCalls();
    const pending = this.asked;
    if (pending.size >= this.host.limits.pendingCalls) {
      throw new ProtocolError(`busy: ${pending.size} calls to ${this.link.peer} are open already`, Code.Busy);
    }
    const id = pending.add(waiter);
    try {
      const call: Call = { kind: 'call', id, method, args, named, batch: undefined };
      if (about === undefined && this.sealing === undefined) this.put(this.encode(call), id);
      else this.postCall(call, id, about);
    } catch (error) {
      pending.drop(id);
      throw error;
    }
    return this.hasAsked(id, waiter);
  }

  private put(frame: Frame, id: number): void {
    // Apart from the plain way, which closures would cost a context.
    if (frame.length > UNASKED) this.putLarge(frame, id);
    else this.outbox.put(frame);
  }

  private putLarge(frame: Frame, id: number): void {
    this.outbox.put(frame, (error) => this.notSent(id, error));
  }

  /** The same for plain data that the codec writes quickly; returns 0, and does nothing, for any other. */
  private askQuickly(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler): number {
    this.asked ??= new PendingCalls();
    const pending = this.asked;
    if (this.unanswerable !== undefined || pending.size >= this.host.limits.pendingCalls) return 0;
    const id = pending.add(waiter);
    let frame: Frame | undefined;
    try {
      frame = encodeQuickly(this, { kind: 'call', id, method, args, named, batch: undefined });
      if (frame !== undefined) this.outbox.put(frame);
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
    if (about !== undefined) postAbout(this, call, about, failed);
    else this.post(this.encode(call), failed);
  }

  /** The call has not left after all. */
  private notSent(id: number, error: unknown): void {
    this.asked?.drop(id)?.reject(error);
    this.rest();
  }

  private hasAsked(id: number, waiter: ReplyHandler): number {
    this.intake?.awaiting();
    if (this.watched) hurry(waiter.deadline);
    else this.remind(waiter.deadline);
    return id;
  }

  request(method: string, args: readonly unknown[], named: boolean, timeout: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.ask(method, args, named, new PlainWaiter(resolve, reject, method, timeout));
    });
  }

  notify(method: string, args: readonly unknown[], named: boolean, about?: About): void {
    const call: Call = { kind: 'call', id: undefined, method, args, named, batch: undefined };
    const quick = about === undefined && this.over === undefined ? encodeQuickly(this, call) : undefined;
    if (quick !== undefined) this.post(quick);
    else if (!this.host.mapper.mustMap(args) || !this.values.notify(call, about)) {
      if (this.over !== undefined) throw this.over;
      if (about !== undefined) postAbout(this, call, about);
      else this.post(this.encode(call));
    }
  }

  tell(method: string, args: readonly unknown[]): boolean {
    if (this.over !== undefined || !speaks(this.host.codec, method)) return false;
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
    const waiter = this.asked?.take(id, this);
    if (waiter !== undefined && this.waiting === 0) this.intake?.judge();
    return waiter;
  }

  waiter(id: Id): ReplyHandler | undefined {
    return this.asked?.at(id);
  }

  cancel(id: Id, reason?: string): void {
    if (this.asked?.drop(id) === undefined) return;
    this.tell(CANCEL, reason === undefined ? [id] : [id, reason]);
    if (this.waiting === 0) this.intake?.judge();
    this.rest();
  }

  get frameLimit(): number {
    return this.link.maxFrame === undefined ? this.outbox.limit : this.outbox.largest;
  }

  encode(message: Call | Reply | Fault): Frame {
    return encode(this.host.codec, message, this.frameLimit, this);
  }

  post(frame: Frame, failed?: (error: unknown) => void): void {
    if (this.sealing === undefined) this.outbox.put(frame, failed);
    else this.sealing.post(frame, failed ?? ((error) => this.report(error)));
  }
}
