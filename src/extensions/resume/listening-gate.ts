import type { ExtensionHost, Gate, SideHost } from '../../api/extension.js';
import { time } from '../../base/time.js';
import type { Message } from '../../contract/contract.js';
import { ConnectionLost, type ProtocolError } from '../../contract/errors.js';
import type { ConnectedPeer } from '../../session/connected-peer.js';
import type { Connection } from '../../session/connection.js';
import type { RpcSession } from '../../session/rpc-session.js';
import type { Session, SessionHost } from '../../session/session.js';
import { answerHello } from '../../session/system/handshake.js';
import { sayLeaving } from '../../session/system/leaving.js';
import type { Visitor } from '../../types/resume.js';
import { confirming } from './controls.js';
import { type Answer, type Asked, FIELD, type Fresh, readAsked, VERSION } from './hello-field.js';
import { ParkedSessions } from './parked-sessions.js';
import { type ResumableOwner, ResumableSession } from './resumable-session.js';
import type { Resuming } from './resume-options.js';
import { newToken } from './token.js';
import { Tombstones, WHY } from './tombstones.js';
import { isSame, visitorOf } from './visitor.js';

/** A peer that has said nothing for so long, in milliseconds, sends no hello, unless the transport has shown that it is Obverse. */
const PATIENCE = 500;
/** After hellos that came later, it is this at most. */
const MOST_PATIENCE = 4_000;
/** How many sessions may wait for the acknowledgement that confirms them. */
const MOST_PENDING = 10_000;
/** So many times as long as a session is kept without a link, it is known why it has ended. */
const REMEMBERED = 10;

/** What a gate needs of its side. */
export type ResumingHost = SideHost &
  Pick<ExtensionHost, 'begin' | 'announce'> & { readonly peerRegistry: { remove(peer: ConnectedPeer): void } };

/** A session whose name was said to a peer that has not confirmed it yet. */
interface Pending {
  readonly token: string;
  readonly dial: number;
  readonly bytes: number;
  readonly visitor: Visitor;
  readonly connection: Connection;
  readonly at: number;
}

/** Whose session a connection is, at the end that listens: a new one, or one that has lost its link. */
export class ListeningGate implements Gate, ResumableOwner {
  /** How often a session has continued. */
  resumed = 0;
  private readonly asked = new WeakMap<Connection, Asked>();
  private readonly answers = new WeakMap<Connection, Answer>();
  /** By their tokens. */
  private readonly sessions = new Map<string, ResumableSession>();
  private readonly pending = new Map<string, Pending>();
  private readonly tombstones: Tombstones;
  private readonly away: ParkedSessions;
  /** Let in as peers without sessions, as nothing had come from them. */
  private readonly silent = new WeakSet<Connection>();
  private patienceMs = PATIENCE;
  /** When this side closes, once that is known. */
  private leavesAt: number | undefined;

  constructor(
    private readonly host: ResumingHost,
    readonly resuming: Resuming,
  ) {
    this.tombstones = new Tombstones(REMEMBERED * resuming.ms);
    this.away = new ParkedSessions(resuming, (session, why) => this.end(session, why));
  }

  // ---- hello --------------------------------------------------------------------------------------------------------

  hello(connection: Connection): { readonly name: string; readonly value: unknown } | undefined {
    const answer = this.answers.get(connection);
    return answer && { name: FIELD, value: { v: VERSION, ...answer } };
  }

  greeted(connection: Connection, fields: Readonly<Record<string, unknown>>): void {
    const asked = readAsked(fields[FIELD]);
    if (asked === undefined || !mayResume(connection)) return;
    if (this.silent.has(connection)) this.late(connection);
    else this.asked.set(connection, asked);
  }

  /** It was let in as a peer without sessions: the answer would end the session that it asks for. The next hello may be as late. */
  private late(connection: Connection): void {
    connection.close(
      new ConnectionLost(`its hello came after more than ${this.patienceMs} ms, and it is to dial again`),
    );
    this.patienceMs = Math.min(MOST_PATIENCE, 2 * this.patienceMs);
  }

  patience(connection: Connection): number {
    if (!mayResume(connection)) return 0;
    // The limit "connectMs" holds for a hello that is certain to be sent.
    return connection.link.agreed === true ? Number.POSITIVE_INFINITY : this.patienceMs;
  }

  private answer(connection: Connection, answer: Answer): void {
    this.answers.set(connection, answer);
    answerHello(connection);
  }

  // ---- whose session it is ------------------------------------------------------------------------------------------

  admit(connection: Connection, first: Message | undefined): Session | undefined | Promise<Session | undefined> {
    const asked = this.asked.get(connection);
    if (asked === undefined) {
      if (first === undefined) this.silent.add(connection);
      return undefined;
    }
    this.forgetPending();
    const { token = '', dial, over } = asked;
    const visitor = visitorOf(connection, first);
    const known = this.sessions.get(token);
    const pending = this.pending.get(token);
    const claimed = known ?? pending;
    if (claimed !== undefined) {
      if (!isSame(claimed.visitor, visitor)) throw this.refuse(connection, dial, 'another');
      if (known !== undefined) this.mustAllow(known, visitor, connection, dial);
      if (dial <= claimed.dial) throw this.refuse(connection, dial, 'stale');
    }
    let session: Session | undefined;
    if (over) {
      if (known !== undefined) this.end(known, 'given up');
      if (pending !== undefined) this.forget(pending, 'given up');
    } else if (known !== undefined) session = this.resume(known, connection, asked);
    else if (pending !== undefined) session = this.confirmLate(pending, connection, asked);
    return session ?? this.begin(connection, asked, visitor);
  }

  /** Throws unless the option `allow` lets the visitor continue the session. An error of it refuses, too, and is reported as the cause. */
  private mustAllow({ peer }: ResumableSession, visitor: Visitor, connection: Connection, dial: number): void {
    const { allow } = this.resuming;
    let cause: ErrorOptions | undefined;
    try {
      if (allow === undefined || allow(peer, visitor) === true) return;
    } catch (error) {
      cause = { cause: error };
    }
    throw this.refuse(connection, dial, 'another', cause);
  }

  private refuse(connection: Connection, dial: number, refused: 'stale' | 'another', cause?: ErrorOptions): Error {
    this.answer(connection, { dial, refused });
    return new ConnectionLost(
      refused === 'stale'
        ? 'it asks for a session with a hello that is not newer than the last one: it comes late, or was recorded'
        : 'it asks for a session that has begun with another user or certificate, or that "allow" of the option "resume" refuses',
      cause,
    );
  }

  // ---- a session begins ---------------------------------------------------------------------------------------------

  /** Another session begins. It is there once the peer has confirmed that it knows its name. */
  private begin(connection: Connection, asked: Asked, visitor: Visitor): Promise<Session> {
    const { dial, token: before, bytes: peerBytes } = asked;
    const { ms, bytes } = this.resuming;
    const token = newToken();
    const known = before === undefined ? undefined : this.tombstones.ask(before);
    const fresh = before === undefined ? {} : { fresh: known?.why ?? 'unknown', ...(known && { got: known.got }) };
    const pending = { token, dial, bytes: peerBytes, visitor, connection, at: time() };
    this.pending.set(token, pending);
    this.answer(connection, { dial, token, ms, bytes, ...fresh });
    return new Promise((resolve, reject) => {
      confirming.set(connection, () => {
        try {
          resolve(this.confirm(pending, connection, dial));
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  private confirm({ token, visitor, bytes }: Pending, connection: Connection, dial: number): Session {
    this.pending.delete(token);
    const session = this.host.begin(connection) as RpcSession;
    this.sessions.set(token, new ResumableSession(session, token, dial, visitor, bytes, this));
    this.host.announce(session);
    if (this.leavesAt !== undefined) sayLeaving(session, this.leavesAt - time());
    return session;
  }

  /** Who asks for a session by its name knows that: it is confirmed, although the acknowledgement was lost. */
  private confirmLate(pending: Pending, connection: Connection, { dial, got }: Asked): Session | undefined {
    const { connection: before } = pending;
    confirming.delete(before);
    before.link.close(new ConnectionLost('the session continues over another connection'));
    // Nothing was said in it yet.
    if (got > 0) {
      this.forget(pending, 'closed');
      return undefined;
    }
    this.answer(connection, { dial, got: 0, sent: 0 });
    return this.confirm(pending, connection, dial);
  }

  private forget({ token, connection }: Pending, why: Fresh): void {
    confirming.delete(connection);
    this.pending.delete(token);
    this.tombstones.add(token, why, 0);
  }

  /** Those whose time is over. */
  private forgetPending(): void {
    const { connectMs } = this.host.limits;
    for (const pending of this.pending.values()) {
      if (this.pending.size <= MOST_PENDING && time() - pending.at < connectMs) break;
      this.forget(pending, 'unconfirmed');
    }
  }

  // ---- a session goes on --------------------------------------------------------------------------------------------

  private resume(known: ResumableSession, connection: Connection, asked: Asked): Session | undefined {
    const { session, journal, awaySince } = known;
    const { numbers } = journal;
    try {
      numbers.compare(asked, false);
    } catch (error) {
      session.end(error as ProtocolError);
      return undefined;
    }
    this.away.remove(known);
    known.dial = asked.dial;
    known.awaySince = undefined;
    this.answer(connection, { dial: asked.dial, got: numbers.got, sent: numbers.sent });
    const again = journal.resume(connection, asked);
    this.resumed++;
    this.host.emit('resumed', known.peer, {
      away: awaySince === undefined ? 0 : Math.round(time() - awaySince),
      again,
    });
    return session;
  }

  // ---- the end of a session --------------------------------------------------------------------------------------------

  /** This side is about to close, in so many milliseconds: its peers are to begin their next sessions elsewhere. */
  leave(ms: number): void {
    this.leavesAt = time() + ms;
    for (const { session } of this.sessions.values()) sayLeaving(session, ms);
  }

  /** This side calls the peer no more, if it can help it, and ends the session when nothing is open in it. */
  peerLeaves({ session, peer }: ResumableSession): void {
    this.host.peerRegistry.remove(peer as ConnectedPeer);
    session.closeWhenIdle(true);
  }

  // ---- a session without a link -------------------------------------------------------------------------------------

  parked(session: ResumableSession, reason: Error | undefined): void {
    if (this.leavesAt !== undefined) {
      this.end(session, 'closed');
      return;
    }
    this.away.add(session);
    if (session.session.ended !== undefined) return;
    const why = reason ?? new ConnectionLost(`the link to ${session.peer.id} ended`);
    this.host.emit('reconnecting', session.peer, { attempt: 1, ms: this.resuming.ms, reason: why });
  }

  grows(session: ResumableSession, bytes: number): void {
    this.away.grows(session, bytes);
  }

  sessionEnded(session: ResumableSession): void {
    this.away.remove(session);
    this.sessions.delete(session.token);
    this.tombstones.add(session.token, session.why, session.journal.numbers.got);
  }

  private end(known: ResumableSession, why: Fresh): void {
    known.why = why;
    known.session.end(new ConnectionLost(`the session of ${known.peer.id} has ended: ${WHY[why]}`));
  }
}

/** Whether the sessions of a link may outlive it: it keeps the order and loses nothing, and what it carries can be sent twice. */
export function mayResume({ link, host }: Connection): boolean {
  const { hello, form } = (host as SessionHost).codec;
  return (
    hello &&
    form !== 'values' &&
    link.bus !== true &&
    link.brief !== true &&
    link.agreed !== false &&
    (link.proved ?? link.callBeat) === undefined &&
    link.dialed !== true
  );
}
