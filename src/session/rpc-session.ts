import { hurry, type Timed, unwatch, watch } from '../base/clock.js';
import { promiseOf } from '../base/promise-like.js';
import type { About, Call, Fault, Frame, Id, Link, Receiver, Reply } from '../contract/contract.js';
import { ProtocolError, type RpcError } from '../contract/errors.js';
import { CallAbout } from './call-headers.js';
import { CallQueue, idInUse } from './call-queue.js';
import { encode, encodeQuickly } from './encode.js';
import { end, type HalfClosed, inputEnded, linkClosed, reasonOfEach } from './end-reasons.js';
import type { FrameFilter } from './frame-filter.js';
import { type SendQueueHost, sendQueueFor } from './guarded-queue.js';
import { hello } from './handshake.js';
import { Inbox } from './inbox.js';
import { CallSender, type ConnectedPeer } from './peer.js';
import { PeerLoad } from './peer-load.js';
import { PlainWaiter } from './pending-calls.js';
import { ReplyWriter } from './reply-writer.js';
import type { SendQueue } from './send-queue.js';
import { postAbout, type ReplyHandler, SentCalls } from './sent-calls.js';
import type { ActiveCall, Session, StartingCalls } from './session.js';
import type { SessionValues } from './session-values.js';
import { CANCEL, speaks } from './system-names.js';

/**
 * The conversation over one link: who waits for an answer, and what the peer has asked.
 *
 * There may be thousands of them, so what is not always needed is made when it is: the table of what was asked, the queue
 * of what is to be done, the watch over a peer that does not read.
 */
export class RpcSession implements Session, Receiver, Timed {
  over: RpcError | undefined;
  unanswerable: RpcError | undefined;
  /** Once the peer has ended its side, while it is still answered. */
  halfClosed: HalfClosed | undefined;
  agreed: boolean;
  peer: ConnectedPeer | undefined;
  sealing: FrameFilter | undefined;
  starting: StartingCalls | undefined;
  readonly about: CallAbout = new CallAbout(this);
  readonly inbox: Inbox = new Inbox(this);
  readonly outbox: SendQueue;
  readonly answers: ReplyWriter = new ReplyWriter(this);
  readonly load: PeerLoad;
  intake: CallQueue | undefined;
  asked: SentCalls | undefined;
  mapped: SessionValues | undefined;
  private watched = false;
  private retiring = false;
  private holders = 0;

  constructor(
    readonly link: Link,
    readonly host: SendQueueHost,
  ) {
    this.agreed = link.agreed === true;
    this.load = new PeerLoad(this, host.load);
    this.outbox = sendQueueFor(this, host);
  }

  get values(): SessionValues {
    this.mapped ??= this.host.mapper.attach(this);
    return this.mapped;
  }

  // ---- what we ask --------------------------------------------------------------------------------------------------

  get waiting(): number {
    return this.asked === undefined ? 0 : this.asked.size;
  }

  ask(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler, about?: About): number {
    if (about === undefined && this.host.encodePlain !== undefined && this.sealing === undefined) {
      this.asked ??= new SentCalls(this);
      const id = this.asked.askQuickly(method, args, named, waiter);
      if (id !== 0) return this.hasAsked(id, waiter);
    }
    if (this.host.mapper.mustMap(args)) return this.values.ask(method, args, named, waiter, about);
    return this.askPlain(method, args, named, waiter, about);
  }

  askPlain(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler, about?: About): number {
    this.asked ??= new SentCalls(this);
    return this.hasAsked(this.asked.ask(method, args, named, waiter, about), waiter);
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
    const waiter = this.asked?.take(id);
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

  get received(): number {
    return this.inbox.size;
  }

  encode(message: Call | Reply | Fault): Frame {
    return encode(this.host.codec, message, this.frameLimit, this);
  }

  post(frame: Frame, failed?: (error: unknown) => void): void {
    if (this.sealing === undefined) this.outbox.put(frame, failed);
    else this.sealing.post(frame, failed ?? ((error) => this.host.trouble(this, error)));
  }

  // ---- what the peer asks -------------------------------------------------------------------------------------------

  receive(frame: Frame): void {
    if (this.over === undefined) this.inbox.receive(frame);
    if (this.retiring) this.rest();
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

  expectTagged(answer: Id): void {
    this.inbox.expectTagged(answer);
  }

  hello(args: readonly unknown[]): void {
    hello(this, args);
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
    else intake.queue(call, this.inbox.claim());
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

  /**
   * Whether the peer leaves unread what we send: then nothing that it asks is begun, and nothing more is read from it, unless
   * we wait for its answers.
   */
  crowded(crowded: boolean): void {
    if (crowded) this.intake ??= new CallQueue(this);
    else this.answers.relieved();
    this.intake?.crowded(crowded);
  }

  /** Stops reading until as many have released it as have held it. */
  hold(): void {
    if (this.holders++ === 0) this.link.pause();
  }

  release(): void {
    if (--this.holders === 0 && this.over === undefined) this.link.resume();
  }

  // ---- time and end -------------------------------------------------------------------------------------------------

  remind(at: number): void {
    this.watched = true;
    watch(this, at);
  }

  due(at: number): number {
    this.watched = false; // Set again by calls that are made while this looks, as by a handler whose time is over.
    const answers = this.asked?.expire(at) ?? Number.POSITIVE_INFINITY;
    const next = Math.min(answers, this.outbox.due(at), this.intake?.due(at) ?? Number.POSITIVE_INFINITY);
    this.watched ||= next !== Number.POSITIVE_INFINITY;
    if (this.retiring) this.rest();
    return next;
  }

  drained(): void {
    this.outbox.drained();
  }

  /** Ends it as soon as nothing is pending in either direction. */
  retire(): void {
    this.retiring = true;
    this.rest();
  }

  rest(): void {
    if (!this.retiring || this.open > 0) return;
    if (!this.outbox.waits && !this.answers.waits && this.inbox.queue === undefined) this.end();
  }

  inputEnded(): void {
    inputEnded(this);
  }

  closed(reason?: Error): void {
    linkClosed(this, reason);
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
    // Those whose calls are open learn of it; where there are none, somebody else must.
    if (reason instanceof ProtocolError) this.host.trouble(this, reason);
    unwatch(this);
    this.load.end();
    this.outbox.end();
    this.inbox.queue?.drop();
    this.asked?.rejectAll(asItIs === undefined ? reasonOfEach(reason) : () => reason);
    this.intake?.stop(reason);
    this.mapped?.end(reason);
    this.host.ended(this);
  }
}
