import type { RpcEndpoint } from '../../api/endpoint.js';
import { flushAtEndOfTurn } from '../../base/clock.js';
import type { Redialer, RedialWatch } from '../../contract/contract.js';
import { ConnectionLost, type RpcError } from '../../contract/errors.js';
import { attach } from '../../session/change-connection.js';
import type { ConnectedPeer } from '../../session/connected-peer.js';
import type { Connection } from '../../session/connection.js';
import type { RpcSession } from '../../session/rpc-session.js';
import { PostedCalls } from '../../session/sending/posted-calls.js';
import type { Session } from '../../session/session.js';
import type { SessionPart } from '../../session/session-part.js';
import { sayHello } from '../../session/system/handshake.js';
import type { Peer } from '../../types/peers.js';
import { type Begin, Beginning, beginFailed } from './beginning.js';
import { canMove, HeldCalls } from './held-calls.js';
import { notArrived, repeatable } from './unsent-calls.js';

/** Why another session has taken the place of this one. */
function whyAnother({ ended, journal }: Session): string {
  if (ended === undefined) return 'leaving';
  return journal === undefined ? 'new link' : (journal.why ?? 'ended');
}

/**
 * A peer that is dialed again when its link has ended: its sessions, one after the other. There is always one, until no further link is dialed:
 * while there is no link, the next session waits for it, and calls wait in that.
 */
export class RedialedPeer implements RedialWatch {
  session: RpcSession;
  private held: HeldCalls | undefined;
  /** The peer of the session before, whose place this one takes. */
  private before: ConnectedPeer | undefined;
  /** The peer of the session that has ended last: between it and `before` there are those whose `begin` has failed. */
  private last: ConnectedPeer | undefined;
  /** The run of `begin` in this session, until it has finished and the side is open. */
  private beginning: Beginning | undefined;
  /** What `begin` has failed with. */
  private lastFailure: string | undefined;
  /** It is not dialed any more. */
  private isOver = false;
  private hasGivenUp = false;
  /** Resolve when the session that has lost its link has ended. */
  private waiting: (() => void)[] = [];
  /** The next link comes up beside the one that the session has: what is open goes on over that. */
  private moves = false;

  constructor(
    private readonly side: RpcEndpoint,
    readonly redialer: Redialer,
    connection: Connection,
    private readonly begin: Begin | undefined,
  ) {
    redialer.watch = this;
    this.session = side.begin(connection);
    this.watchSession();
    this.start(connection);
  }

  private get peer(): ConnectedPeer {
    return this.session.peer as ConnectedPeer;
  }

  // ---- a link is there ----------------------------------------------------------------------------------------------

  /** The session of another link: it was begun when the last one had ended. */
  continue(connection: Connection): RpcSession | Promise<RpcSession> {
    const { session } = this;
    if (session.connection !== undefined && session.ended === undefined) {
      if (this.moves && this.held === undefined) return this.move(connection);
      // What its last link has brought is still being dispatched, or `begin` has not finished.
      // Not within the end of that session: it throws where no other follows.
      return new Promise<void>((resolve) => this.waiting.push(resolve)).then(() => this.continue(connection));
    }
    if (session.ended !== undefined) throw session.ended;
    this.moves = false;
    attach(session, connection);
    this.rename(connection.link.peer);
    this.start(connection);
    return session;
  }

  replaces(): void {
    this.moves = true;
  }

  /** New calls go to another session from now on; what is open goes on in this one until that ends. */
  private move(connection: Connection): RpcSession {
    const { side, peer } = this;
    this.moves = false;
    this.session = side.begin(connection);
    this.before = peer;
    side.peerRegistry.remove(peer);
    this.watchSession();
    this.hold();
    this.start(connection);
    return this.session;
  }

  /** The peer is away under the name that it had. It may come back under another one, as a program does that was started again. */
  private rename(id: string): void {
    const { peers } = this.side.peerRegistry;
    if (peers.get(this.peer.id) === this.peer) peers.delete(this.peer.id);
    this.peer.id = id;
  }

  private start(connection: Connection): void {
    const { session, side, begin } = this;
    sayHello(session, connection);
    if (begin !== undefined) {
      this.beginning = new Beginning(side, session, this.hold());
      this.redialer.awaits?.(this.beginning.usable);
    }
    side.announce(session);
    // Nothing may be sent within `accept`.
    if (this.held !== undefined) flushAtEndOfTurn({ flush: () => void this.beginSession(session) });
  }

  private async beginSession(session: RpcSession): Promise<void> {
    const { side, begin, beginning } = this;
    try {
      if (begin !== undefined) await beginning?.run(begin);
    } catch (error) {
      if (session.ended === undefined) this.beginFailed(session, error);
    }
    if (session.ended !== undefined || this.session !== session) return;
    if (beginning?.isFirst !== true) this.beginning = undefined;
    this.release();
    const { before } = this;
    this.before = undefined;
    this.lastFailure = undefined;
    if (before !== undefined) side.emit('reconnected', this.peer, { before, why: whyAnother(before.session) });
  }

  /** The link is closed, and dialed again. */
  private beginFailed(session: RpcSession, error: unknown): void {
    const { side, beginning } = this;
    const reason = beginFailed(error);
    // What opens the side receives it, and so do the listeners of `reconnecting`: each error is reported once.
    if (beginning?.isFirst !== true && reason.message !== this.lastFailure)
      side.reports.write('warn', session.peer, 'begin has failed, and the link is dialed again:', error);
    this.lastFailure = reason.message;
    session.end(reason);
  }

  /** What the side waits for over the link that is up. */
  get unfinished(): string | undefined {
    return this.session.connection === undefined ? undefined : this.beginning?.text;
  }

  /** The side is open. */
  opened(): void {
    this.beginning?.opened();
    this.beginning = undefined;
  }

  /** The calls of everybody wait from now on. */
  private hold(): HeldCalls {
    this.held ??= new HeldCalls(this.session);
    this.side.peerRegistry.redirect(this.session, this.held.session);
    return this.held;
  }

  private release(): void {
    const { held, side } = this;
    this.held = undefined;
    side.peerRegistry.redirect(this.session, undefined);
    held?.release();
    for (const resume of this.waiting.splice(0)) resume();
  }

  // ---- it ends ------------------------------------------------------------------------------------------------------

  private watchSession(): void {
    const { session } = this;
    session.posted = new PostedCalls(session, true);
    const self = this;
    const part: SessionPart = {
      get bytes() {
        return self.session === session ? (self.held?.bytes ?? 0) : 0;
      },
      ending: (reason, isClosedHere) => this.ending(session, reason, isClosedHere),
    };
    session.add(part);
  }

  private ending(session: RpcSession, reason: RpcError, isClosedHere: boolean): void {
    if (session !== this.session) return;
    this.beginning?.ended(reason);
    this.beginning = undefined;
    if (isClosedHere) this.stop();
    if (this.isOver || this.hasGivenUp || this.side.isClosed) this.giveBack();
    else this.replace(session);
    for (const resume of this.waiting.splice(0)) resume();
  }

  /** What waits is rejected with the session. */
  private giveBack(): void {
    const { held, session, side } = this;
    this.held = undefined;
    side.peerRegistry.redirect(session, undefined);
    for (const { waiter } of held?.take() ?? []) if (waiter !== undefined) waiter.holder = session;
  }

  /** Begins the next session, which waits for a link, and moves to it what was not sent. */
  private replace(session: RpcSession): void {
    const { side, held } = this;
    const { sendQueue, pending } = session;
    sendQueue.hello?.finish();
    const unsent = notArrived(session);
    const calls = [...repeatable(session), ...unsent];
    const waiting = held?.take() ?? [];
    this.held = undefined;
    side.peerRegistry.redirect(session, undefined);
    this.session = side.begin(undefined, pending, this.peer.id);
    // Its peer is still known as it was.
    this.session.link = session.link;
    for (const [, waiter] of pending?.all() ?? []) waiter.holder = session;
    const next = this.hold();
    for (const call of [...calls, ...waiting.filter(canMove)]) next.add(call);
    this.session.remind(0);
    this.last = session.peer as ConnectedPeer;
    this.before ??= this.last;
    this.watchSession();
  }

  /** A peer has left the list of peers: that of the session before, or this one, whose transport was exchanged. */
  peerLeft(peer: Peer): void {
    if (peer === this.peer) this.isOver ||= this.session.ended === undefined;
    else if (peer === this.last && this.session.connection === undefined && !this.isOver)
      this.side.peerRegistry.add(this.peer);
  }

  // ---- attempts -----------------------------------------------------------------------------------------------------

  waits(attempt: number, ms: number, reason: Error): void {
    this.side.emit('reconnecting', this.peer, { attempt, ms: Math.round(ms), reason });
  }

  gaveUp(why: Error): void {
    this.hasGivenUp = true;
    const { session, side } = this;
    if (session.connection === undefined)
      session.end(new ConnectionLost(`it is not dialed again: ${why.message}`, { cause: why }));
    side.emit('lost', why);
  }

  retired(why: string): void {
    this.isOver = true;
    const { session } = this;
    if (session.connection === undefined) session.end(new ConnectionLost(why));
  }

  /** It was closed on this side, or its transport was. */
  stop(): void {
    this.isOver = true;
    this.redialer.end();
  }

  /** It is not dialed any more, and no link is up. */
  get hasEnded(): boolean {
    return this.isOver && this.session.ended !== undefined;
  }

  /** Whether it can be dialed again. */
  get canHurry(): boolean {
    return !this.isOver;
  }

  /** Dials at once, if there is no link. */
  hurry(): void {
    if (this.isOver) return;
    if (this.hasGivenUp) {
      this.hasGivenUp = false;
      const { session, side } = this;
      this.session = side.begin(undefined, undefined, this.peer.id);
      this.session.link = session.link;
      this.watchSession();
      this.hold();
      side.peerRegistry.add(this.peer);
    }
    this.redialer.hurry();
  }
}
