import { printable } from '../../base/quote.js';
import type { Call, Id } from '../../contract/contract.js';
import { type RpcError, TimeoutError } from '../../contract/errors.js';
import { isKey } from '../ids.js';
import { CALL_BYTES } from '../receiving/frame-memory.js';
import type { Session, SystemRequest } from '../session.js';
import { isRefused } from './busy-calls.js';
import { CallSender } from './call-sender.js';
import { CancelledCalls } from './cancelled-calls.js';
import type { SideTurns } from './side-turns.js';
import { WaitingCalls } from './waiting-calls.js';

/** What the queue needs of its session. */
export interface CallQueueOwner extends Session {
  /** The frame of the call counts for as long as the call waits or works. */
  weigh(call: Call): void;
  start(call: Call): void;
  pauseReading(): void;
  resumeReading(): void;
}

/**
 * What a peer has asked and has not been answered yet: what is at work, what waits for its turn, and when to stop reading.
 *
 * Answers are always read, so that a handler may await a call to the very peer that called it. Hence reading pauses only
 * while nothing of ours awaits an answer there; while something does, requests beyond the bound are answered as busy.
 *
 * Calls of references have room of their own, as much again: what is at work may wait for them.
 */
export class CallQueue {
  /** By the id: what is at work as its sender, what waits as the call. */
  readonly ids: Map<Id, CallSender | Call> = new Map();
  /** What is at work without an id of its own, or was answered before it ended. */
  private readonly unnamed = new Set<CallSender>();
  private readonly waiting: WaitingCalls;
  /** Where the calls of all peers have a bound. */
  private readonly turns: SideTurns | undefined;
  waitsForSide = false;
  private running = 0;
  /** Calls of references that are at work. */
  private calling = 0;
  /** Streams that run. */
  private lasting = 0;
  /** Of a brief link: calls that have taken too long, and whose handlers go on. */
  private overdue = 0;
  private cancelled: CancelledCalls | undefined;
  /** Reading is paused, over whichever connection. */
  paused = false;
  /** The peer does not read what we send. */
  private congested = false;

  constructor(private readonly session: CallQueueOwner) {
    this.waiting = new WaitingCalls(session.host.limits);
    this.turns = session.host.load.turns;
  }

  /** How many calls are at work or wait, without those that are dealt with. */
  get size(): number {
    return this.running + this.calling + this.lasting + this.queued - this.overdue;
  }

  /** How many streams run. */
  get streams(): number {
    return this.lasting;
  }

  /** How many calls wait for their turn. */
  get queued(): number {
    return this.waiting.length;
  }

  /** Whether a call may start at once: the limit is not reached, and no call of its kind waits before it. */
  hasRoomFor({ method }: Call): boolean {
    const { running, calling, congested: deaf, turns } = this;
    const { concurrency } = this.session.host;
    if (running < concurrency && calling < concurrency && !deaf && this.queued === 0 && turns === undefined)
      return true;
    const lane = this.request(method)?.lane;
    if (lane === 'free') return true;
    if (deaf) return false;
    if (lane === 'callbacks') return this.hasRoom('calling') && this.waiting.callbacks.length === 0;
    return this.hasRoom('running') && this.waiting.calls.length === 0 && turns?.isFree !== false;
  }

  /** The request of the library itself of this name; undefined for methods of the side. */
  private request(method: string): SystemRequest | undefined {
    return method.startsWith('rpc.') ? this.session.host.requests[method] : undefined;
  }

  private hasRoom(place: 'running' | 'calling'): boolean {
    return this[place] - (this.cancelled?.spared(place) ?? 0) < this.session.host.concurrency;
  }

  /** What may start now of that which waits. Nothing begins whose answer would find a peer that does not read. */
  private shift(): Call | undefined {
    if (this.congested) return undefined;
    const { waiting } = this;
    const callback = this.hasRoom('calling') ? waiting.callbacks.shift() : undefined;
    const next = callback ?? (this.mayRun ? waiting.calls.shift() : undefined);
    if (next !== undefined) waiting.taken(next);
    return next?.call;
  }

  /** Whether a waiting call may run: there is a place for it with this peer, and at the side. */
  private get mayRun(): boolean {
    if (!this.hasRoom('running')) return false;
    return this.turns === undefined || (this.waiting.calls.length > 0 && this.turns.admits(this));
  }

  /** Whether a call with this id is at work or waits. */
  holds(id: Id): boolean {
    return this.ids.has(id);
  }

  /** The call with this id, if it is at work. */
  at(id: Id): CallSender | undefined {
    const held = this.ids.get(id);
    return held instanceof CallSender ? held : undefined;
  }

  /** A call is at work until its promise settles. */
  track(sender: CallSender, answer: Promise<unknown>): void {
    const { session } = this;
    const { call, detailsIfAny } = sender;
    // A stream is at work for as long as it runs, and leaves room for the others.
    const place =
      detailsIfAny?.producing !== undefined
        ? 'lasting'
        : this.request(call.method)?.lane === 'callbacks'
          ? 'calling'
          : 'running';
    this[place]++;
    if (place === 'running') this.turns?.enter();
    sender.place = place;
    if (isKey(call.id)) this.ids.set(call.id, sender);
    else this.unnamed.add(sender);
    session.weigh(call);
    session.load.add(CALL_BYTES);
    if (detailsIfAny !== undefined && detailsIfAny.deadline !== Number.POSITIVE_INFINITY)
      session.remind(detailsIfAny.deadline);
    answer.then(
      (value) => {
        this.end(sender);
        session.replies.succeed(call, value, sender);
        this.next();
      },
      (error: unknown) => {
        this.end(sender);
        session.replies.fail(call, error, sender);
        this.next();
      },
    );
  }

  private end(sender: CallSender): void {
    const { id } = sender.call;
    const { place = 'running', detailsIfAny } = sender;
    this[place]--;
    if (sender.done && this.overdue > 0) this.overdue--;
    const isCancelled = detailsIfAny?.cancelled !== undefined;
    if (isCancelled) this.cancelled?.remove(place);
    if (place === 'running') this.turns?.leave(isCancelled);
    sender.call.frameMemory?.release();
    this.session.load.subtract(CALL_BYTES);
    if (isKey(id) && this.ids.get(id) === sender) this.ids.delete(id);
    else this.unnamed.delete(sender);
  }

  /** The caller cancels a call: if it waits, it does not start; if it runs, its signal aborts. */
  cancel(id: Id, reason: RpcError): void {
    const held = this.ids.get(id);
    if (held instanceof CallSender) this.cancelCall(held, reason);
    else if (held !== undefined) {
      this.waiting.cancel(held);
      this.ids.delete(id);
      if (this.session.host.codec.answersCancelled === false) held.passed?.end();
      else this.session.replies.refuse(held, reason);
    }
  }

  /** Cancels a running call, and lets another one start in its place. */
  private cancelCall(sender: CallSender, reason: RpcError): void {
    const { place = 'running', detailsIfAny } = sender;
    if (detailsIfAny?.cancelled !== undefined) return;
    sender.cancel(reason);
    this.cancelled ??= new CancelledCalls(this.session);
    this.cancelled.add(place);
    if (place === 'running') this.turns?.cancel();
    this.next();
  }

  /** Cancels and answers the calls whose deadline has passed; returns the next deadline. */
  due(now: number): number {
    let nearest = this.cancelled?.due(now) ?? Number.POSITIVE_INFINITY;
    for (const held of [...this.ids.values(), ...this.unnamed]) {
      const work = held instanceof CallSender && !held.done ? held.detailsIfAny : undefined;
      if (work === undefined || work.cancelled !== undefined) continue;
      if (work.deadline > now) nearest = Math.min(nearest, work.deadline);
      else this.overrun(held as CallSender);
    }
    return nearest;
  }

  /** It is still at work, and keeps its place; but its caller has its answer, and may use the id again. */
  private overrun(sender: CallSender): void {
    const { session } = this;
    const { call } = sender;
    const late = new TimeoutError(`${printable(call.method)} did not finish in time`);
    this.cancelCall(sender, late);
    if (call.id !== undefined) {
      this.ids.delete(call.id);
      this.unnamed.add(sender);
      session.replies.refuse(call, late);
    } else if (session.link.brief === true) session.callFailed(late);
    else return;
    sender.done = true;
    session.replies.answered(sender);
    if (session.link.brief !== true) return;
    // Nobody waits for its handler any more.
    this.overdue++;
    session.closeIfIdle();
  }

  /** A call waits for its turn; `bytes` is what it brings. */
  queue(call: Call, bytes: number): void {
    const { session, waiting } = this;
    if (isRefused(session, call, waiting, this.turns)) return;
    const request = this.request(call.method);
    request?.queued?.(session, call);
    waiting.push(call, bytes, request?.lane === 'callbacks');
    if (request?.lane !== 'callbacks' && this.hasRoom('running')) this.turns?.wait(this);
    session.weigh(call);
    session.load.add(CALL_BYTES);
    if (isKey(call.id)) this.ids.set(call.id, call);
    this.updateReading();
  }

  /** Starts the calls that wait, as many as may. */
  next(): void {
    const { session } = this;
    while (session.ended === undefined) {
      const call = this.shift();
      if (call === undefined) break;
      session.load.subtract(CALL_BYTES);
      if (this.waiting.isCancelled(call)) {
        call.frameMemory?.release();
        continue;
      }
      if (isKey(call.id)) this.ids.delete(call.id);
      session.start(call);
      call.frameMemory?.release();
    }
    this.updateReading();
    session.closeIfIdle();
    this.turns?.next();
  }

  /** We have called the peer: its answer must be read. */
  awaiting(): void {
    if (this.paused) this.updateReading();
  }

  /** The peer leaves unread what we send, or reads again. */
  setCongested(congested: boolean): void {
    this.congested = congested;
    if (congested) this.updateReading();
    else this.next();
  }

  /** Whether to read on. */
  updateReading(): void {
    const { session } = this;
    const full = this.waiting.isFull(this.paused ? 0.5 : 1) || this.congested || session.load.mustPause;
    // What a journal holds back leaves once an acknowledgement was read.
    const pause = full && session.pendingCount === 0 && session.journal?.awaitsAck !== true;
    if (pause === this.paused || session.ended !== undefined) return;
    this.paused = pause;
    if (pause) session.pauseReading();
    else session.resumeReading();
  }

  /** Streams look again whether they may go on. */
  wakeStreams(): void {
    for (const held of [...this.ids.values()]) if (held instanceof CallSender) held.detailsIfAny?.producing?.pull(0);
  }

  /** Drops the waiting calls, and cancels the running ones. */
  rejectAll(reason: RpcError): void {
    const atWork = [...this.ids.values(), ...this.unnamed];
    this.waiting.clear();
    this.ids.clear();
    this.unnamed.clear();
    for (const held of atWork) {
      if (!(held instanceof CallSender)) continue;
      if (held.place === 'running' && held.detailsIfAny?.cancelled === undefined) this.turns?.cancel();
      held.cancel(reason);
    }
    this.turns?.next();
  }
}
