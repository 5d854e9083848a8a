import { time } from '../../base/time.js';
import type { Link } from '../../contract/contract.js';
import type { ReplyHandler } from '../../session/outgoing-calls/pending-calls.js';
import type { DispatchedCall } from './dispatched-call.js';
import type { ServiceCalls } from './service-calls.js';

/** After so many beats without a word about a call, nobody works on it. */
const SILENT_BEATS = 3;

/** What this needs of the session of a service. */
interface SilenceOwner {
  readonly link: Link;
  readonly pending: ServiceCalls;
  /** Nothing has arrived about this call for so many milliseconds. */
  lose(id: number, waiter: ReplyHandler, call: DispatchedCall, silence: number): void;
}

/** Finds the calls to a service about which nothing has arrived for three beats. While the link is away, silence has no meaning. */
export class SilentCalls {
  /** On the clock of the process: when to look. Put off while the link is away. */
  private looksAt: number = Number.POSITIVE_INFINITY;
  private wasAway = false;

  constructor(private readonly owner: SilenceOwner) {}

  /** In ms; it may change. */
  private get beat(): number {
    return this.owner.link.callBeat as number;
  }

  private get silence(): number {
    return SILENT_BEATS * this.beat;
  }

  /** A call has just left. */
  sent(call: DispatchedCall): void {
    call.heardAt = this.owner.link.reports === false ? Number.POSITIVE_INFINITY : time();
  }

  /** Something has arrived about a call. */
  heardOf(call: DispatchedCall): void {
    call.heardAt = time();
  }

  /** A call was made. Returns when to look. */
  asked(): number {
    this.wasAway ||= this.owner.link.away === true;
    // A call that has not left is looked for as well: its time begins then.
    this.looksAt = Math.min(this.looksAt, time() + this.silence);
    return this.looksAt;
  }

  /** Looks, if it is time to. Returns when to look again: `Infinity` if no call is open. */
  due(at: number): number {
    const { link, pending } = this.owner;
    const isAway = pending.size > 0 && link.away === true;
    // Also from its end on: what was dispatched meanwhile has just left.
    if (isAway || this.wasAway) this.looksAt = at + this.silence;
    this.wasAway = isAway;
    if (at >= this.looksAt) this.look(at);
    if (pending.size === 0) return Number.POSITIVE_INFINITY;
    // In each beat, so that no outage is overlooked that is long enough to lose a report.
    return link.away === undefined ? this.looksAt : Math.min(this.looksAt, at + this.beat);
  }

  private look(at: number): void {
    const { owner, silence } = this;
    this.looksAt = at + silence;
    for (const [id, waiter] of [...owner.pending.all()]) {
      const call = owner.pending.sent(id);
      if (call === undefined) continue;
      const silentAt = call.heardAt + silence;
      if (silentAt <= at) owner.lose(id, waiter, call, silence);
      else this.looksAt = Math.min(this.looksAt, silentAt);
    }
  }
}
