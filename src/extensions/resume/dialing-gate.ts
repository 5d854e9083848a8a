import type { Gate } from '../../api/extension.js';
import { whenLeft } from '../../base/page-events.js';
import { clearTimer, setTimer, type Timer, time } from '../../base/time.js';
import type { Message, Redialer } from '../../contract/contract.js';
import { ConnectionLost } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import type { RpcSession } from '../../session/rpc-session.js';
import type { Session, SessionHost } from '../../session/session.js';
import type { Peer } from '../../types/peers.js';
import { leaving } from './controls.js';
import { type Answer, FIELD, readAnswer, VERSION } from './hello-field.js';
import type { AwaySession } from './journal-session.js';
import type { ResumingHost } from './listening-gate.js';
import { RESUME } from './resume-options.js';
import { SessionJournal } from './session-journal.js';

/** How long, in milliseconds, the answer to a hello is waited for. */
const PATIENCE = 2_000;
/** The same, at most: it doubles with each answer in a row that has not come, as the network may be slow. */
const MOST_PATIENCE = 8_000;
/** A side that has said hello before, and answers none for so long, in milliseconds, is taken for another program. */
const UNANSWERED_MS = RESUME.ms;

/** The session of a line, as long as it can be resumed. */
class DialedSession implements AwaySession {
  readonly journal: SessionJournal;
  readonly again = false;
  awaySince: number | undefined;
  private timer: Timer | undefined;
  /** A page that is left says so: otherwise the other end would keep the session for one that never comes back. */
  private readonly forgetPage = whenLeft(() => this.session.last());

  /** `ms`: how long the other end keeps it without a link. */
  constructor(
    private readonly line: DialedLine,
    readonly session: RpcSession,
    readonly token: string,
    private readonly ms: number,
    bytes: number,
    peerBytes: number,
  ) {
    this.journal = new SessionJournal(session, bytes, peerBytes, this);
    leaving.set(session, (again) => {
      line.forget();
      if (!again) line.redialer.end();
    });
  }

  away(): void {
    this.awaySince = time();
    clearTimer(this.timer);
    this.timer = setTimer(this.ms, () => this.lose(`it was without a link for ${this.ms} ms`)).unref();
  }

  waits(): void {}

  /** How long it was without a link. It has one now. */
  back(): number {
    clearTimer(this.timer);
    const away = this.awaySince === undefined ? 0 : time() - this.awaySince;
    this.awaySince = undefined;
    return away;
  }

  /** It cannot go on: its open calls fail, or move to the next session. */
  lose(why: string): void {
    const { session } = this;
    const { link } = session;
    const reason = new ConnectionLost(`the session with ${link.peer} has ended: ${why}`);
    session.finish(reason);
    link.close(reason);
  }

  ended(): void {
    this.forgetPage();
    clearTimer(this.timer);
    this.line.ended(this);
  }
}

/** What is dialed again and again: its links, one after the other, and the session that they carry. */
class DialedLine {
  dials = 0;
  /** The session that goes on over the next link. */
  current: DialedSession | undefined;
  /** The name of one that was given up, as long as the other end may keep it. */
  over: string | undefined;
  /** The peer keeps no sessions: it is not asked for one. */
  isPlain = false;
  /** It was only silent: it is asked again once it has said hello. */
  wasSilent = false;
  /** The other side has said hello: a link over which it says none is dead. */
  isObverse = false;
  /** The last connection over which it has said hello, and since when it has not, on the clock of the process. */
  greeted: Connection | undefined;
  unansweredSince: number | undefined;
  /** How many connections in a row have brought nothing before the answer was due. */
  unanswered = 0;
  /** The newest connection, and whether its hello asks for a session; the answer to that. */
  newest: Connection | undefined;
  asks = false;
  answer: Answer | undefined;
  /** The other end begins a session under this name. */
  beginning: { readonly token: string; readonly ms: number; readonly bytes: number } | undefined;

  constructor(readonly redialer: Redialer) {}

  ended(session: DialedSession): void {
    if (this.current !== session) return;
    this.current = undefined;
    this.over = session.token;
  }

  /** The other end has ended the session itself. */
  forget(): void {
    this.current = undefined;
    this.over = undefined;
  }

  /** The other side has said hello over this connection. */
  hears(connection: Connection): void {
    this.isObverse = true;
    this.greeted = connection;
    this.unansweredSince = undefined;
    this.unanswered = 0;
    if (!this.wasSilent) return;
    this.wasSilent = false;
    this.isPlain = false;
  }

  /** How long the answer to the hello over this connection is waited for. */
  patience({ link }: Connection): number {
    if (!this.isObverse) return link.agreed === true ? MOST_PATIENCE : PATIENCE;
    return Math.min(MOST_PATIENCE, PATIENCE * 2 ** this.unanswered);
  }

  /** No hello has come over this connection. Returns whether it is dead, and to be dialed again: the other side is known to say hello. */
  isDead(connection: Connection): boolean {
    if (!this.isObverse && connection.link.agreed !== true) return false;
    this.unansweredSince ??= time();
    return time() - this.unansweredSince < UNANSWERED_MS;
  }

  /** No session is kept: what is open in the last one fails. */
  keepsNone(wasSilent: boolean): void {
    this.isPlain = true;
    this.wasSilent = wasSilent;
    this.current?.lose('the other side keeps no sessions');
  }
}

/** Whose session a connection is, at the end that dials again: that of the last link, if the other end has kept it. */
export class DialingGate implements Gate {
  private readonly lines = new Map<Redialer, DialedLine>();

  /** `bytes`: how many bytes are sent and not acknowledged before more waits. */
  constructor(
    private readonly host: ResumingHost,
    private readonly bytes: number = RESUME.bytes,
  ) {}

  // ---- hello --------------------------------------------------------------------------------------------------------

  private lineOf({ link, host }: Connection): DialedLine | undefined {
    const { redialer } = link;
    const { hello, form } = (host as SessionHost).codec;
    if (redialer === undefined || link.agreed === false || link.bus === true || !hello || form === 'values')
      return undefined;
    let line = this.lines.get(redialer);
    if (line === undefined) {
      line = new DialedLine(redialer);
      this.lines.set(redialer, line);
    }
    return line;
  }

  hello(connection: Connection): { readonly name: string; readonly value: unknown } | undefined {
    const line = this.lineOf(connection);
    if (line === undefined) return undefined;
    line.newest = connection;
    line.asks = !line.isPlain;
    line.answer = line.beginning = undefined;
    if (line.isPlain) return undefined;
    const { current, over } = line;
    const dial = ++line.dials;
    if (current !== undefined) {
      const { journal, session } = current;
      // The end of its last link may not be reported yet: what that has brought waits to be dispatched.
      if (session.connection !== undefined) {
        journal.leave();
        current.away();
      }
      const { got, sent } = journal.numbers;
      return { name: FIELD, value: { v: VERSION, dial, token: current.token, got, sent } };
    }
    const { bytes } = this;
    const value =
      over === undefined ? { v: VERSION, dial, bytes } : { v: VERSION, dial, token: over, over: true, bytes };
    return { name: FIELD, value };
  }

  greeted(connection: Connection, fields: Readonly<Record<string, unknown>>): void {
    const line = this.lineOf(connection);
    if (line === undefined) return;
    line.hears(connection);
    if (line.newest !== connection || !line.asks) return;
    const answer = readAnswer(fields[FIELD]);
    if (answer?.dial === line.dials) line.answer = answer;
  }

  patience(connection: Connection): number {
    const line = this.lineOf(connection);
    return line === undefined || (line.isPlain && !line.isObverse) ? 0 : line.patience(connection);
  }

  // ---- whose session it is ------------------------------------------------------------------------------------------

  admit(connection: Connection, first: Message | undefined): Session | undefined {
    const line = this.lineOf(connection);
    if (line === undefined) return undefined;
    const { peer } = connection.link;
    if (connection.saidHello && line.newest !== connection)
      throw new ConnectionLost(`${peer} was dialed again before its answer was read`);
    if (line.greeted !== connection && line.isDead(connection)) {
      if (first !== undefined)
        throw new ConnectionLost(`${peer} has sent something else before it has answered: it does not know this side`);
      const ms = line.patience(connection);
      line.unanswered++;
      throw new ConnectionLost(`${peer} has not answered within ${ms} ms`);
    }
    const asks = line.asks && line.newest === connection;
    if (line.isPlain || (connection.saidHello && !asks)) return undefined;
    const { answer, current } = line;
    if (answer === undefined || !asks) {
      line.keepsNone(line.greeted !== connection);
      return undefined;
    }
    const { token, refused, fresh, got, ms = RESUME.ms, bytes = RESUME.bytes } = answer;
    if (refused !== undefined) {
      current?.lose(`it was refused (${refused}): somebody else may have used it`);
      line.forget();
      throw new ConnectionLost(`the other side has refused to continue the session: ${refused}`);
    }
    if (token === undefined) return this.resume(line, connection, answer);
    line.forget();
    // What was sent may be why it was closed: that is not sent again.
    if (got !== undefined) current?.journal.arrived(got, fresh !== 'closed');
    current?.lose(`the other side begins another one (${fresh ?? 'unknown'})`);
    line.forget();
    line.beginning = { token, ms, bytes };
    return undefined;
  }

  /** The session of a connection whose other end keeps it: from now on, both ends count. */
  begins(session: Session): void {
    const line = session.connection === undefined ? undefined : this.lineOf(session.connection);
    if (line?.beginning === undefined || line.newest !== session.connection) return;
    const { token, ms, bytes } = line.beginning;
    line.beginning = undefined;
    line.current = new DialedSession(line, session as RpcSession, token, ms, this.bytes, bytes);
    // It has the name of the session: before this, the other end shows its peer to nobody.
    line.current.journal.acknowledge();
  }

  private resume(line: DialedLine, connection: Connection, { got = 0, sent = 0 }: Answer): Session {
    const { current } = line;
    if (current === undefined) throw new ConnectionLost('the other side continues a session that has ended here');
    const { session, journal } = current;
    try {
      journal.numbers.compare({ got, sent }, false);
    } catch (error) {
      session.finish(error as ConnectionLost);
      throw error;
    }
    connection.agreed = true;
    const away = current.back();
    const again = journal.resume(connection, { got, sent });
    this.host.emit('resumed', session.peer as Peer, { away, again });
    return session;
  }
}
