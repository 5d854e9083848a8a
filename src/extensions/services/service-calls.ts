import type { Frame, Id, Link } from '../../contract/contract.js';
import type { RpcError } from '../../contract/errors.js';
import { type CallHolder, PendingCalls, type ReplyHandler } from '../../session/outgoing-calls/pending-calls.js';
import type { DispatchedCall } from './dispatched-call.js';

/** At least so many ids rest. Each has 32,768 ages, so an id comes back after millions of calls. */
const RESTING = 256;

/** The session of a member, as far as the table knows it. */
export interface CallMember extends CallHolder {
  readonly link: Link;
  /** How many of the calls are its own: set by the table alone. */
  calls: number;
}

/** The owner of the table: the session of the service. */
export interface ServiceCallsOwner extends CallHolder {
  /** The member that had a call has ended. Returns true if the call was sent again. */
  sendsAgain(waiter: ReplyHandler, call: DispatchedCall): boolean;
  /** The first call is open, or none is any more. */
  awaits(): void;
}

/**
 * The pending calls of a service. Its members have the same table: an answer counts from the holder of a call, from any member as long as
 * the holder is unknown, and from the transport. An id is not used again soon, whichever peer has answered: so a second answer finds no call.
 */
export class ServiceCalls extends PendingCalls {
  private readonly calls: (DispatchedCall | undefined)[] = [];
  private turn = 0;
  private keptBytes = 0;
  /** How many calls have a holder. */
  private held = 0;

  /** `mostBytes`: how many bytes of calls are kept to be sent again. */
  constructor(
    private readonly owner: ServiceCallsOwner,
    private readonly mostBytes: number,
  ) {
    super();
  }

  override add(waiter: ReplyHandler): number {
    waiter.given = false;
    this.count(waiter, 1);
    const id = super.add(waiter);
    if (this.size === 1) this.owner.awaits();
    return id;
  }

  /** This member has a call from now on; undefined: none that is known. */
  hold(waiter: ReplyHandler, member: CallMember | undefined): void {
    this.count(waiter, -1);
    waiter.holder = member;
    this.count(waiter, 1);
  }

  private count({ holder }: ReplyHandler, by: 1 | -1): void {
    if (holder === undefined) return;
    this.held += by;
    (holder as CallMember).calls += by;
  }

  /** How many calls a member has, or may have. */
  of({ calls }: CallMember): number {
    return this.size - this.held + calls;
  }

  protected override nextFree(free: number[]): number | undefined {
    if (free.length <= RESTING) return undefined;
    const at = this.turn++ % free.length;
    const slot = free[at];
    const last = free.pop() as number;
    if (at < free.length) free[at] = last;
    return slot;
  }

  /** Notes what is sent under an id. It is kept unless too much is kept already. */
  note(id: number, call: DispatchedCall, frames: readonly Frame[]): void {
    const slot = this.slotOf(id);
    if (slot === 0) return;
    this.calls[slot] = call;
    const bytes = lengthOf(frames);
    if (this.keptBytes + bytes > this.mostBytes) return;
    call.kept = frames;
    this.keptBytes += bytes;
  }

  /** What was sent under the id of a pending call; undefined for a call of one member. */
  sent(id: Id): DispatchedCall | undefined {
    const slot = this.slotOf(id);
    return slot === 0 ? undefined : this.calls[slot];
  }

  override take(id: Id, from: CallHolder): ReplyHandler | undefined {
    const waiter = this.at(id);
    if (waiter === undefined) return undefined;
    const { holder } = waiter;
    return holder === undefined || holder === from || from === this.owner ? this.drop(id) : undefined;
  }

  /** What the send queue of a member has given to its link says nothing about calls that went another way. */
  override noteGiven(sent: number, of: CallHolder): void {
    for (const [id, waiter] of this.all())
      if (waiter.holder === of && this.sent(id)?.isQueued !== false) waiter.given ||= (waiter.place ?? 0) <= sent;
  }

  /** Of the service itself: all calls. Of a member: those that it has, except those that are sent again. */
  override rejectAll(reasonFor: (waiter: ReplyHandler) => RpcError, of: CallHolder): void {
    const { owner } = this;
    for (const [id, waiter] of [...this.all()]) {
      if (of !== owner && waiter.holder !== of) continue;
      const call = this.sent(id);
      if (of !== owner && call !== undefined && owner.sendsAgain(waiter, call)) continue;
      this.drop(id)?.reject(reasonFor(waiter));
    }
  }

  protected override clear(slot: number): ReplyHandler | undefined {
    const kept = this.calls[slot]?.kept;
    if (kept !== undefined) this.keptBytes -= lengthOf(kept);
    this.calls[slot] = undefined;
    const open = this.waiters[slot];
    if (open !== undefined) this.count(open, -1);
    const waiter = super.clear(slot);
    if (this.size === 0) this.owner.awaits();
    return waiter;
  }
}

function lengthOf(frames: readonly Frame[]): number {
  let bytes = 0;
  for (const { length } of frames) bytes += length;
  return bytes;
}
