import type { Gate } from '../../api/extension.js';
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

/** The session of a line, as long as it can be resumed. */
class DialedSession implements AwaySession {
  readonly journal: SessionJournal;
  readonly again = false;
  awaySince: number | undefined;
  private timer: Timer | undefined;

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
  /** The peer keeps no sessions. */
  isPlain = false;
  /** The other side has answered a hello: a link over which it answers none is dead. */
  isObverse = false;
  /** The connection whose hello is to be answered, and the answer. */
  asking: Connection | undefined;
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
    if (line === undefined || line.isPlain) return undefined;
    const { current, over } = line;
    const dial = ++line.dials;
    line.asking = connection;
    line.answer = line.beginning = undefined;
    if (current !== undefined) {
      current.journal.leave();
      const { got, sent } = current.journal.numbers;
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
    line.isObverse = true;
    if (line.asking !== connection) return;
    const answer = readAnswer(fields[FIELD]);
    if (answer?.dial === line.dials) line.answer = answer;
  }

  patience(connection: Connection): number {
    const line = this.lineOf(connection);
    return line === undefined || (line.isPlain && !line.isObverse) ? 0 : PATIENCE;
  }

  // ---- whose session it is ------------------------------------------------------------------------------------------

  admit(connection: Connection, first: Message | undefined): Session | undefined {
    const line = this.lineOf(connection);
    if (line === undefined) return undefined;
    if (first === undefined && line.isObverse && connection.agreed === false) {
      const silent = new ConnectionLost(`${connection.link.peer} has not answered within ${PATIENCE} ms`);
      connection.link.close(silent);
      throw silent;
    }
    if (line.isPlain) return undefined;
    const { answer, current } = line;
    if (line.asking !== connection || answer === undefined) {
      line.isPlain = true;
      current?.lose('the other side keeps no sessions');
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
    if (line?.beginning === undefined || line.asking !== session.connection) return;
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
