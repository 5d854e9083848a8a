import type { Frame, Id, Message } from '../../contract/contract.js';
import type { Connection } from '../../session/connection.js';
import { unsent } from '../../session/outgoing-calls/lost-calls.js';
import type { ReplyHandler } from '../../session/outgoing-calls/pending-calls.js';
import type { SendQueueHost } from '../../session/sending/make-send-queue.js';
import { LimitedSession } from './limited-session.js';
import type { ServiceCalls } from './service-calls.js';
import type { ServiceMember, ServiceSession } from './service-session.js';

/**
 * The session with one member of a service: its calls, which have ids of their own, and its answers to calls that were sent to the service.
 * It is in no list of peers.
 */
export class MemberSession extends LimitedSession implements ServiceMember {
  declare pending: ServiceCalls;
  calls = 0;
  private readonly ofService: ServiceSession;

  constructor(connection: Connection, host: SendQueueHost, service: ServiceSession) {
    super(connection, host);
    this.ofService = service;
    this.pending = service.pending;
    service.members.set(connection.link, this);
  }

  override get service(): ServiceSession {
    return this.ofService;
  }

  /** Calls that are open, and that this member has or may have. */
  override get open(): number {
    return this.pending.of(this) + (this.callQueue?.size ?? 0);
  }

  // ---- what is asked of it alone: it is lost with this member ---------------------------------------------------------

  protected override hasSent(id: number, waiter: ReplyHandler): number {
    if (this.pending.at(id) === waiter) this.pending.hold(waiter, this);
    this.service.remindOf(waiter.deadline);
    return super.hasSent(id, waiter);
  }

  /** The session of the service looks at the time of all calls. */
  protected override expireCalls(): number {
    return Number.POSITIVE_INFINITY;
  }

  // ---- what it says of calls ------------------------------------------------------------------------------------------

  override receive(message: Message, mayBeDeep: boolean): void {
    if (!this.service.isRetried(message, this)) super.receive(message, mayBeDeep);
  }

  /** Something is said of a call, and so this member has it; undefined if another one has. */
  override pendingCall(id: Id): ReplyHandler | undefined {
    const waiter = this.pending.at(id);
    if (waiter === undefined) return undefined;
    if (waiter.holder === undefined) this.pending.hold(waiter, this);
    if (waiter.holder !== this) return undefined;
    this.service.heardOf(id);
    return waiter;
  }

  override answered(id: Id): ReplyHandler | undefined {
    const waiter = super.answered(id);
    if (this.retiring) this.closeIfIdle();
    return waiter;
  }

  /** Sends a call of the service, after its headers. Throws as `post`. */
  sendCall(frames: readonly Frame[], waiter: ReplyHandler | undefined, failed?: (error: unknown) => void): void {
    if (this.ended !== undefined) throw unsent(this.ended);
    // First, as the link may end within this: then the call is lost with it, or sent again.
    if (waiter !== undefined) this.pending.hold(waiter, this);
    try {
      for (const frame of frames) this.post(frame, failed);
    } catch (error) {
      if (waiter !== undefined) this.pending.hold(waiter, undefined);
      throw error;
    }
    if (waiter !== undefined) waiter.place = this.sendQueue.place;
  }

  override finish(...args: Parameters<LimitedSession['finish']>): void {
    super.finish(...args);
    this.service.members.delete(this.link);
  }
}
