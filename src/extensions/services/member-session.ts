import type { Id, Message } from '../../contract/contract.js';
import type { Connection } from '../../session/connection.js';
import type { SendQueueHost } from '../../session/guarded-queue.js';
import type { ReplyHandler } from '../../session/pending-calls.js';
import { LimitedSession } from './limited-session.js';
import type { ServiceCalls } from './service-calls.js';
import type { ServiceMember, ServiceSession } from './service-session.js';

/**
 * The session with one member of a service: its calls, which have ids of their own, and its answers to calls that were sent to the service.
 * It is in no list of peers.
 */
export class MemberSession extends LimitedSession implements ServiceMember {
  declare pending: ServiceCalls;
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

  // ---- what is asked of it alone: it is lost with this member ---------------------------------------------------------

  protected override hasAsked(id: number, waiter: ReplyHandler): number {
    waiter.holder = this;
    this.service.remindOf(waiter.deadline);
    return super.hasAsked(id, waiter);
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
    waiter.holder ??= this;
    if (waiter.holder !== this) return undefined;
    this.service.heardOf(id);
    return waiter;
  }

  override finish(...args: Parameters<LimitedSession['finish']>): void {
    super.finish(...args);
    this.service.members.delete(this.link);
  }
}
