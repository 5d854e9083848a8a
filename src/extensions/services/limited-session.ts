import { printable } from '../../base/quote.js';
import type { About, Frame, Link } from '../../contract/contract.js';
import { UsageError } from '../../contract/errors.js';
import type { ReplyHandler } from '../../session/outgoing-calls/pending-calls.js';
import { RpcSession } from '../../session/rpc-session.js';

/** What each of the limits of a link leaves, for texts. */
const LEAVES: Readonly<Record<NonNullable<Link['takes']>, string>> = {
  calls: 'calls of methods whose arguments are data',
  notifications: 'only notifications',
  answers: 'only the answers to what the peer has asked',
  nothing: 'nothing',
};

/** What to do instead. */
const INSTEAD: Readonly<Record<NonNullable<Link['takes']>, string>> = {
  calls: 'pass data instead of functions, objects and streams',
  notifications: 'call a notification, or use a transport in which peers answer',
  answers: 'return what the peer needs to know',
  nothing: 'use a transport in both directions',
};

/** A session over a link that cannot carry everything (`Link.takes`). What does not fit is refused at the call. */
export class LimitedSession extends RpcSession {
  /** Throws a UsageError for a call, or a notification, that the link cannot carry. */
  protected mustTake(method: string, isRequest: boolean): void {
    const { takes } = this.link;
    if (takes === undefined || takes === 'calls' || (takes === 'notifications' && !isRequest)) return;
    throw this.cannotTake(takes, method);
  }

  /** Throws a UsageError for what is passed by reference over a link on which nobody can call it. */
  protected mustPass(method: string, args: readonly unknown[]): void {
    const { takes } = this.link;
    const { mapper } = this.host;
    if (takes !== undefined && mapper.mustMap(args) && mapper.sameForAll(args) === undefined)
      throw this.cannotTake(takes, `${method} with an argument that is passed by reference`);
  }

  private cannotTake(takes: NonNullable<Link['takes']>, what: string): UsageError {
    const peer = printable(this.peer?.id ?? this.link.peer);
    return new UsageError(`${what} cannot be sent to ${peer}: its link carries ${LEAVES[takes]}; ${INSTEAD[takes]}`);
  }

  override sendRequest(
    method: string,
    args: readonly unknown[],
    named: boolean,
    waiter: ReplyHandler,
    about?: About,
  ): number {
    this.mustTake(method, true);
    this.mustPass(method, args);
    return super.sendRequest(method, args, named, waiter, about);
  }

  override notify(method: string, args: readonly unknown[], named: boolean, about?: About): void {
    this.mustTake(method, false);
    this.mustPass(method, args);
    super.notify(method, args, named, about);
  }

  override postNotification(method: string, frames: readonly Frame[]): void {
    this.mustTake(method, false);
    super.postNotification(method, frames);
  }

  /** The messages of the library itself are not sent where only calls are, or only answers. */
  override sendSystem(method: string, args: readonly unknown[]): boolean {
    const { takes } = this.link;
    return (takes === undefined || takes === 'notifications') && super.sendSystem(method, args);
  }

  /** Whether an answer is awaited has changed: looks again whether to read on, and whether the session is to end. */
  awaits(): void {
    this.callQueue?.updateReading();
    // The answer is passed on first.
    if (this.retiring) queueMicrotask(() => this.closeIfIdle());
  }
}
