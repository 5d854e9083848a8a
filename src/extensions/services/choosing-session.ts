import type { Call, Frame, Link } from '../../contract/contract.js';
import { ConnectionLost } from '../../contract/errors.js';
import type { ReplyHandler } from '../../session/outgoing-calls/pending-calls.js';
import { mustFit } from '../../session/sending/frame-limits.js';
import { DispatchedCall } from './dispatched-call.js';
import type { MemberSession } from './member-session.js';
import { ServiceSession } from './service-session.js';

/**
 * The session over a link that chooses a member for each call (`Link.choose`). A call leaves with what else leaves for that member in this turn, sealed
 * and bounded as that is.
 */
export class ChoosingSession extends ServiceSession {
  declare readonly members: Map<Link, MemberSession>;

  /** What each of the members reads: which of them gets a call is not known before it is encoded. */
  override get frameLimit(): number {
    let limit = super.frameLimit;
    for (const member of this.members.values()) limit = Math.min(limit, member.frameLimit);
    return limit;
  }

  /** No member is chosen yet. */
  protected override hasSent(id: number, waiter: ReplyHandler): number {
    const { place } = waiter;
    const asked = super.hasSent(id, waiter);
    if (place !== undefined) waiter.place = place;
    return asked;
  }

  override postTogether(
    { id, method }: Pick<Call, 'id' | 'method'>,
    frames: readonly Frame[],
    failed?: (error: unknown) => void,
  ): void {
    for (const frame of frames) mustFit(frame, this.frameLimit, this);
    const call = new DispatchedCall(id as number | undefined, method, undefined);
    call.isQueued = true;
    if (call.id !== undefined) this.pending.note(call.id, call, frames);
    this.dispatch(call, frames, failed);
  }

  /** The member that is to have a call. Throws the reason why there is none. */
  private choose(call: DispatchedCall): MemberSession {
    const { link, members } = this;
    for (let n = 0; n <= members.size + 1; n++) {
      const chosen = link.choose?.(call);
      if (chosen instanceof Error) throw chosen;
      const member = members.get(chosen as Link);
      if (member !== undefined) return member;
      // Its session has ended, and the end of its link is not reported yet.
      call.tried = chosen;
    }
    throw new ConnectionLost(`the links to all members of ${link.peer} have ended`, { maybeExecuted: false });
  }

  /** Throws the reason why no member can have the call, and what the session of the member throws. */
  protected override dispatch(call: DispatchedCall, frames: readonly Frame[], failed?: (error: unknown) => void): void {
    const member = this.choose(call);
    call.attempts++;
    member.sendCall(frames, call.id === undefined ? undefined : this.pending.at(call.id), failed);
  }
}
