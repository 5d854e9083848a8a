import { type Turn, turnFor } from '../../base/clock.js';
import type { Delivery, Frame, Id, Metadata } from '../../contract/contract.js';
import type { RpcError } from '../../contract/errors.js';

/** The owner of a pending call, as the table knows it: a session. */
export interface CallHolder {
  /** Nobody waits for this call any more: it was cancelled, or its time is over. `args`: those of `rpc.cancel`. */
  abandoned(waiter: ReplyHandler, args: readonly unknown[]): void;
}

/** Who waits for the answer to one call: a request's promise, and whatever else an answer can go to. */
export interface ReplyHandler {
  /** The answer has come. */
  resolve(value: unknown): void;
  /** The other side has refused, or no answer will come. */
  reject(error: unknown): void;
  /** Called with the headers of the answer, before it arrives. */
  about?(about: AnswerAbout): void;
  /** Called with the progress of the call. */
  progress?(value: unknown): void;
  /** Items of the stream that was asked for, which a frame of so many letters or bytes has brought. */
  next?(items: readonly unknown[], bytes: number): void;
  /** What was passed by reference with the call, held until the call is settled. */
  passed?: { end(): void };
  /** The owner of the call, if several share a table: an answer from any other is ignored. Undefined is the owner of the table. */
  holder?: CallHolder | undefined;
  /** The call may be carried out twice: it may be sent again, in another session. Undefined is false. */
  readonly idempotent?: boolean;
  /** For a link that keeps messages, in `Link.dispatch`. */
  readonly delivery?: Delivery | undefined;
  /** Of an idempotent call whose link is dialed again: what is sent again. Undefined if something in it goes by reference. */
  readonly frames?: readonly Frame[] | undefined;
  /** The number of its message in its session: those up to `SendQueue.sent` were given to a link. */
  place?: number;
  /** It was given to a link. Noted when its session leaves its connection or ends; once true, it stays true in another session. */
  given?: boolean;
  /** How long it has waited, and for what, for the text of a timeout: where `deadline - since` does not say it. */
  late?(): string;
  /** For the text of a timeout. */
  readonly method: string;
  /** On the clock of the process; `Infinity` is for ever. Who waits may put it off. */
  readonly deadline: number;
  /** On the clock of the process: when it was asked. */
  readonly since: number;
}

/** Who waits for the answer to a call without options: its time runs from the end of the turn in which it is made. */
export class PlainWaiter implements ReplyHandler {
  place = 0;
  private readonly turn: Turn;

  constructor(
    readonly resolve: (value: unknown) => void,
    readonly reject: (error: unknown) => void,
    readonly method: string,
    private readonly timeout: number,
  ) {
    this.turn = turnFor(timeout);
  }

  get since(): number {
    return this.turn.end;
  }

  get deadline(): number {
    return this.turn.end + this.timeout;
  }
}

/** What travels of an answer besides its value. */
export interface AnswerAbout {
  readonly metadata?: Metadata;
  /** Its value contains values in the tagged form. */
  readonly tagged?: boolean;
}

const SLOTS = 0x10000;
const AGES = 0x8000;

/**
 * The calls of this side that are open, by their ids. It knows no session and no link: a session is given one, its own or that of
 * the session that it replaces.
 *
 * An id is `slot + 65,536 × age`: a slot is used again at once when its answer has come, and
 * grows older only when its call ends without one. So ids stay small, and a late answer meets nobody. Slot 0 stays empty, for to some
 * peers the id 0 means none; ages begin anew after 32,768, so that an id fits into 31 bits.
 */
export class PendingCalls {
  protected readonly waiters: (ReplyHandler | undefined)[] = [undefined];
  private readonly ages: number[] = [0];
  private readonly free: number[] = [];
  /** How many wait. */
  size = 0;

  /** Adds a pending call, and returns its id. */
  add(waiter: ReplyHandler): number {
    this.size++;
    const slot = this.nextFree(this.free);
    if (slot === undefined) {
      this.ages.push(0);
      return this.waiters.push(waiter) - 1;
    }
    this.waiters[slot] = waiter;
    return slot + (this.ages[slot] as number) * SLOTS;
  }

  /** The slot that is used next, of those that are free; undefined for a new one. */
  protected nextFree(free: number[]): number | undefined {
    return free.pop();
  }

  /** An answer has come `from` this holder: returns who waits for it, if anybody does, and frees the id. */
  take(id: Id, from: CallHolder): ReplyHandler | undefined {
    const slot = this.slotOf(id);
    if (slot === 0) return undefined;
    const holder = this.waiters[slot]?.holder;
    return holder === undefined || holder === from ? this.clear(slot) : undefined;
  }

  /** Another session has these calls from now on. */
  moveTo(holder: CallHolder): void {
    for (const waiter of this.waiters) if (waiter !== undefined) waiter.holder = holder;
  }

  /** Who waits for the answer to this call, if anybody does. */
  at(id: Id): ReplyHandler | undefined {
    const slot = this.slotOf(id);
    return slot === 0 ? undefined : this.waiters[slot];
  }

  /** How many wait for the items of a stream. */
  get streams(): number {
    return this.waiters.filter((waiter) => waiter?.next).length;
  }

  /** Everybody who waits, with the ids. */
  *all(): Generator<[id: number, waiter: ReplyHandler]> {
    for (const [slot, waiter] of this.waiters.entries())
      if (waiter !== undefined) yield [slot + (this.ages[slot] as number) * SLOTS, waiter];
  }

  /** Removes a pending call. Its id is not reused soon. */
  drop(id: Id): ReplyHandler | undefined {
    const slot = this.slotOf(id);
    return slot === 0 ? undefined : this.abandon(slot);
  }

  /** Whether this is the id of a call that was dropped: its answer comes late, but it was asked for. */
  wasDropped(id: Id): boolean {
    if (typeof id !== 'number') return false;
    const age = this.ages[id % SLOTS];
    return age !== undefined && age > 0 && (id - (id % SLOTS)) / SLOTS < age;
  }

  /** Rejects the calls whose deadline has passed, and returns the next deadline: `Infinity` if no call is pending. */
  expire(now: number, expired: (waiter: ReplyHandler, id: number) => void): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (let slot = 1; this.size > 0 && slot < this.waiters.length; slot++) {
      const waiter = this.waiters[slot];
      if (waiter === undefined) continue;
      if (waiter.deadline <= now) {
        const id = slot + (this.ages[slot] as number) * SLOTS;
        expired(this.abandon(slot) as ReplyHandler, id);
      } else if (waiter.deadline < nearest) nearest = waiter.deadline;
    }
    return nearest;
  }

  /** The send queue of this holder has given so many frames to links: notes of each of its calls whether it was one of them. */
  noteGiven(sent: number, of: CallHolder): void {
    for (const waiter of this.waiters)
      if (waiter !== undefined && isOf(waiter, of)) waiter.given ||= (waiter.place ?? 0) <= sent;
  }

  /** Rejects all pending calls of this holder, each with an error of its own. */
  rejectAll(reasonFor: (waiter: ReplyHandler) => RpcError, of: CallHolder): void {
    for (let slot = 1; slot < this.waiters.length; slot++) {
      const waiter = this.waiters[slot];
      if (waiter === undefined || !isOf(waiter, of)) continue;
      this.abandon(slot);
      waiter.reject(reasonFor(waiter));
    }
  }

  protected slotOf(id: Id): number {
    if (typeof id !== 'number') return 0;
    const slot = id % SLOTS;
    return this.waiters[slot] !== undefined && (this.ages[slot] as number) * SLOTS + slot === id ? slot : 0;
  }

  protected abandon(slot: number): ReplyHandler | undefined {
    this.ages[slot] = ((this.ages[slot] as number) + 1) % AGES;
    return this.clear(slot);
  }

  protected clear(slot: number): ReplyHandler | undefined {
    const waiter = this.waiters[slot];
    this.waiters[slot] = undefined;
    this.free.push(slot);
    this.size--;
    if (waiter?.passed !== undefined) waiter.passed.end();
    return waiter;
  }
}

function isOf({ holder }: ReplyHandler, other: CallHolder): boolean {
  return holder === undefined || holder === other;
}
