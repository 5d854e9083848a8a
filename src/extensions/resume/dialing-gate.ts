import type { Gate } from '../../api/extension.js';
import { time } from '../../base/time.js';
import type { Message, Redialer } from '../../contract/contract.js';
import { ConnectionLost } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import type { RpcSession } from '../../session/rpc-session.js';
import type { Session, SessionHost } from '../../session/session.js';
import type { Peer } from '../../types/peers.js';
import { DialedLine, DialedSession } from './dialed-line.js';
import { EarlyMessages } from './early-messages.js';
import { type Answer, type Begun, FIELD, hintFor, readAnswer, VERSION } from './hello-field.js';
import type { ResumingHost } from './listening-gate.js';
import { RESUME } from './resume-options.js';

/** Whose session a connection is, at the end that dials again: that of the last link, if the other end has kept it. */
export class DialingGate implements Gate {
  /** How often a session has continued. */
  resumed = 0;
  /** Each change of the transport begins another one. */
  private readonly lines = new WeakMap<Redialer, DialedLine>();
  /** When this side closes, once that is known. */
  private leavesAt: number | undefined;

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
    line.answer = line.beginning = line.early = undefined;
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
    const wasPlain = line.isPlain;
    line.hears(connection);
    if (line.newest !== connection || !line.asks) return;
    const answer = readAnswer(fields[FIELD]);
    if (answer?.dial !== line.dials) {
      line.early?.end();
      return;
    }
    line.answer = answer;
    if (wasPlain && answer.refused === undefined) this.beginLate(line, connection, answer);
  }

  /**
   * The other end waits for the session that it has named, and has carried out nothing of what the plain session has sent that was taken in its
   * place: these are the first messages of the session.
   */
  private beginLate(line: DialedLine, connection: Connection, { token, ms, bytes }: Answer): void {
    const { early } = line;
    const sent = early?.connection === connection && token !== undefined ? early.take() : undefined;
    if (early === undefined || token === undefined || sent === undefined) {
      connection.close(new ConnectionLost(`${connection.link.peer} has answered late, and is dialed again`));
      return;
    }
    line.forget();
    const { journal } = this.current(line, early.session, { token, ms, bytes });
    if (sent.length > 0) journal.given(sent, undefined, undefined);
    journal.acknowledge();
  }

  patience(connection: Connection): number {
    const line = this.lineOf(connection);
    return line === undefined || (line.isPlain && !line.isObverse) ? 0 : line.patience(connection);
  }

  // ---- whose session it is ------------------------------------------------------------------------------------------

  admit(connection: Connection, first: Message | undefined): Session | undefined {
    const line = this.lineOf(connection);
    if (line === undefined) {
      this.refuseAnother(connection);
      return undefined;
    }
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
    const { token, refused, fresh, got, ms, bytes } = answer;
    if (refused !== undefined) {
      current?.lose(`the other side has refused to continue it: ${refused}${hintFor(refused)}`, 'refused');
      line.forget();
      throw new ConnectionLost(`the other side has refused to continue the session: ${refused}${hintFor(refused)}`);
    }
    if (token === undefined) return this.resume(line, connection, answer);
    line.forget();
    // What was sent may be why it was closed: that is not sent again.
    if (got !== undefined) current?.journal.arrived(got, fresh !== 'closed');
    const word = fresh ?? 'unknown';
    current?.lose(`the other side does not continue it: ${word}${hintFor(word)}`, word);
    line.forget();
    line.beginning = { token, ms, bytes };
    return undefined;
  }

  /**
   * The transport has shown that the other side is not Obverse. If it was before, it may have been dialed in another way while it was
   * being started, as a page does: throws, so that it is dialed again.
   */
  private refuseAnother(connection: Connection): void {
    const { agreed, peer, redialer } = connection.link;
    const line = redialer && this.lines.get(redialer);
    if (agreed !== false || line?.isObverse !== true) return;
    if (line.isDead(connection)) throw new ConnectionLost(`${peer} has agreed on no subprotocol, which it has before`);
    line.keepsNone(true);
  }

  /** The session of a connection whose other end keeps it: from now on, both ends count. */
  begins(session: Session): void {
    const line = session.connection === undefined ? undefined : this.lineOf(session.connection);
    line?.hasMoved();
    const { newest, beginning, asks, wasSilent } = line ?? {};
    if (line === undefined || newest === undefined || newest !== session.connection) return;
    line.beginning = undefined;
    // It has the name of the session: before this, the other end shows its peer to nobody.
    if (beginning !== undefined) this.current(line, session as RpcSession, beginning).journal.acknowledge();
    // The answer may come late.
    else if (asks && wasSilent && session.sendQueue.sent === 0)
      line.early = new EarlyMessages(session as RpcSession, newest, this.bytes);
  }

  /** The session of the line is this one from now on. */
  private current(line: DialedLine, session: RpcSession, { token, ms, bytes }: Begun): DialedSession {
    line.early = undefined;
    const current = new DialedSession(line, session, token, ms ?? RESUME.ms, this.bytes, bytes ?? RESUME.bytes);
    line.current = current;
    this.leaves(line);
    return current;
  }

  /** This side is about to close, in so many milliseconds. A session without a link reports it over its next one. */
  leave(ms: number): void {
    this.leavesAt = time() + ms;
    for (const { link } of this.host.sessions()) {
      const line = link.redialer && this.lines.get(link.redialer);
      line?.early?.end();
      if (line !== undefined) this.leaves(line);
    }
  }

  private leaves(line: DialedLine): void {
    const { leavesAt } = this;
    if (leavesAt === undefined) return;
    line.isLeaving = true;
    if (line.current?.session.connection !== undefined) line.current.leave(Math.max(0, leavesAt - time()));
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
    this.leaves(line);
    this.resumed++;
    this.host.emit('resumed', session.peer as Peer, { away, again });
    return session;
  }
}
