import { flushAtEndOfTurn } from '../base/clock.js';
import { isThenable } from '../base/promise-like.js';
import { printable } from '../base/quote.js';
import { afterTurn, clearTimer, setTimer, type Timer } from '../base/time.js';
import type { Call, Frame, Message } from '../contract/contract.js';
import { ConnectionLost, type ProtocolError } from '../contract/errors.js';
import { failureOf } from '../session/brief-link.js';
import { attach, type MovingSession } from '../session/change-connection.js';
import type { Connection, ConnectionHost } from '../session/connection.js';
import type { FilteredSender } from '../session/frame-filter.js';
import type { Admitting } from '../session/receiving/inbound-queue.js';
import type { MessageSink } from '../session/receiving/message-sink.js';
import type { Controls, Session } from '../session/session.js';
import { sendControl } from '../session/system/control-messages.js';
import { answerHello, greet, readHello, speaksFirst } from '../session/system/handshake.js';
import { HELLO } from '../session/system/system-names.js';
import { AdmissionLoad, writeAll } from './admission-load.js';
import type { Gate } from './extension.js';
import { closeRefused, denyLink, endedEarly, isReported, otherCodec, refusalOf, tooMuch } from './refused-visitors.js';
import type { Reports } from './reports.js';

export { beginAway } from '../session/away-link.js';

/** What an admission needs of its side. */
export interface AdmittingSide extends ConnectionHost {
  readonly gates: readonly Gate[];
  readonly controls: Controls;
  readonly reports: Reports;
}

/**
 * The sink of a connection as long as gates ask whose session it is: nobody can send to the peer yet, and its messages wait. Those of
 * the connection itself pass. It ends when it takes longer than `connectMs`, or when the peer sends too much meanwhile.
 */
export class Admission implements MessageSink, Admitting, FilteredSender {
  readonly peer: undefined;
  readonly open = 0;
  readonly pendingCount = 0;
  /** For the filter: what it has sealed leaves at once. */
  readonly sendQueue = {
    hello: undefined,
    putSealed: (frames: readonly Frame[]): void => writeAll(this.connection, frames),
  };
  private asked = false;
  private settled = false;
  private heardHello = false;
  /** Why it was refused. */
  private reason: Error | undefined;
  private patience: Timer | undefined;
  /** A gate prepares what this side says in its hello; `first` has come meanwhile. */
  private preparing = false;
  private first: Message | undefined;
  private limit: Timer | undefined;
  private readonly load: AdmissionLoad;
  private waiting: { readonly resolve: () => void; readonly reject: (reason: Error) => void } | undefined;

  /** `begin` gives the connection a session of its own, and announces it; `answers`: the peer has sent hello. */
  constructor(
    private readonly connection: Connection,
    private readonly side: AdmittingSide,
    private readonly begin: (connection: Connection, answers: boolean) => void,
  ) {
    this.load = new AdmissionLoad(connection);
    connection.sink = this;
    if (connection.filter !== undefined) connection.filter.sender = this;
  }

  /** Asks the gates: now, or when the first message has come. It may be over within this call. */
  start(): void {
    const { connection, side } = this;
    const { connectMs } = side.limits;
    const patience = Math.max(0, ...side.gates.map((gate) => gate.patience?.(connection) ?? 0));
    const prepared = side.gates.flatMap((gate) => gate.prepare?.(connection) ?? []);
    this.preparing = prepared.length > 0;
    if (patience === 0 && !this.preparing) this.ask(undefined);
    if (this.settled) return;
    connection.inboundQueue.admit(this);
    const what = connection.link.dialed === true ? 'it has not answered the hello' : 'the session has not begun';
    this.limit = setTimer(connectMs, () => {
      const reason = new ConnectionLost(`${what} within ${connectMs} ms (limits.connectMs)`);
      // A gate may have begun a session already.
      connection.sink.end(reason);
      this.over(reason);
    }).unref();
    // Where the process was busy, the first message may have come and was not read.
    if (patience > 0) this.patience = setTimer(patience, () => afterTurn(() => this.ask(undefined))).unref();
    // Nothing may be sent within `accept`.
    if (!this.preparing) flushAtEndOfTurn({ flush: () => this.sayHello() });
    else void this.prepare(prepared, patience === 0);
  }

  /** `isLate`: the gates wait for no message. */
  private async prepare(prepared: readonly Promise<void>[], isLate: boolean): Promise<void> {
    try {
      await Promise.all(prepared);
      this.preparing = false;
      this.sayHello();
      if (isLate || this.first !== undefined) this.ask(this.first);
    } catch (error) {
      this.end(error as Error);
    }
  }

  get admitted(): Promise<void> {
    if (this.reason !== undefined) return Promise.reject(this.reason);
    if (this.settled) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  private sayHello(): void {
    const { connection } = this;
    const isFirst = connection.link.dialed === true && speaksFirst(connection);
    if (!this.settled && isFirst && !connection.saidHello) greet(connection);
  }

  // ---- the gates ----------------------------------------------------------------------------------------------------

  private ask(first: Message | undefined): void {
    if (this.asked || this.settled) return;
    if (this.preparing) {
      this.first ??= first;
      return;
    }
    this.asked = true;
    clearTimer(this.patience);
    this.askFrom(0, first);
  }

  private askFrom(at: number, first: Message | undefined): void {
    const { gates } = this.side;
    for (let n = at; n < gates.length; n++) {
      if (this.settled || this.connection.ended) return;
      let found: ReturnType<NonNullable<Gate['admit']>>;
      try {
        found = gates[n]?.admit?.(this.connection, first);
      } catch (error) {
        this.deny(error);
        return;
      }
      if (isThenable(found)) {
        found.then(
          (session) => (session === undefined ? this.askFrom(n + 1, first) : this.claimed(session)),
          (error: unknown) => this.deny(error),
        );
        return;
      }
      if (found !== undefined) {
        this.claimed(found);
        return;
      }
    }
    this.claimed(undefined);
  }

  /** Every gate has answered: the connection belongs to this session, or to a new one. */
  private claimed(session: Session | undefined): void {
    const { connection } = this;
    if (connection.ended) this.over(undefined);
    if (this.settled) return;
    this.settle();
    this.load.give();
    const { queue } = connection;
    try {
      if (session === undefined) this.begin(connection, this.heardHello);
      else if (connection.sink === this) attach(session as unknown as MovingSession, connection);
      if (this.heardHello) answerHello(connection);
    } catch (error) {
      // The session has ended meanwhile.
      this.settled = false;
      this.deny(error);
      return;
    }
    this.waiting?.resolve();
    this.load.resume();
    if (this.limit !== undefined) queue?.admitted();
  }

  /** A gate has refused it: what the gate has sent still leaves. */
  private deny(thrown: unknown): void {
    const { filter } = this.connection;
    if (filter?.isSealing) {
      filter.whenSealed(() => this.deny(thrown));
      return;
    }
    if (this.over(failureOf(thrown))) denyLink(this.connection.link, this.reason as Error);
  }

  private settle(): void {
    this.settled = true;
    clearTimer(this.patience);
    clearTimer(this.limit);
  }

  /** Returns false if it was over before. */
  private over(reason: Error | undefined): boolean {
    const { connection, side } = this;
    if (this.settled) return false;
    this.settle();
    this.reason = reason ?? endedEarly(connection.link);
    connection.load.end();
    connection.detach();
    if (isReported(connection, reason, this.waiting))
      side.reports.write('warn', undefined, refusalOf(connection), reason);
    this.waiting?.reject(this.reason);
    return true;
  }

  /** Links that have ended count no longer as peers of their transport, so these are counted here. */
  get outlivesLink(): boolean {
    const { load, limits } = this.side;
    return load.peers.size <= limits.peers;
  }

  // ---- what arrives meanwhile ---------------------------------------------------------------------------------------

  passes(message: Message | ProtocolError): boolean {
    if (!('kind' in message) || message.kind !== 'call' || message.id !== undefined) return false;
    const { controls } = this.side;
    const { method, args } = message;
    if (!Object.hasOwn(controls, method)) return false;
    if (method === HELLO) this.hear(message);
    else
      try {
        controls[method]?.(this.connection, args);
      } catch (error) {
        this.report(error);
      }
    return true;
  }

  private hear(message: Call): void {
    if (!readHello(this.connection, message.args)) return;
    this.heardHello = true;
    this.ask(message);
  }

  kept(message: Message | ProtocolError): void {
    const bytes = this.load.add();
    if (this.settled) return;
    this.load.bound();
    const most = this.side.limits.bufferedBytes;
    const other = this.asked || this.heardHello ? undefined : otherCodec(this.connection, message);
    if (other !== undefined) this.end(other);
    else if (bytes > most) this.end(tooMuch(bytes, most));
    else this.ask('kind' in message ? message : undefined);
  }

  unreadable(error: ProtocolError): void {
    if (this.limit !== undefined) this.connection.inboundQueue.keep(error);
  }

  inputEnded(reason?: Error): void {
    this.end(reason);
  }

  lost(reason: Error | undefined): void {
    this.over(reason);
  }

  end(reason?: Error): void {
    if (this.over(reason)) closeRefused(this.connection.link, this.reason, reason);
  }

  closeWhenIdle(): void {
    this.end();
  }

  // ---- what leaves meanwhile ----------------------------------------------------------------------------------------

  get frameLimit(): number {
    return this.connection.frameLimit;
  }

  greet(method: string, args: readonly unknown[]): void {
    try {
      sendControl(this.connection, method, args, true);
    } catch (error) {
      // Too large for the link, or refused by the security: it may be admitted without it.
      this.report(error);
    }
  }

  report(error: unknown): void {
    const peer = printable(this.connection.link.peer);
    this.side.reports.write('warn', undefined, `${peer}, before its session began:`, error);
  }

  // Messages reach the session that it is given; until then there is nothing to report.
  receive(): void {}
  refuse(): void {}
  complete(): void {}
  delivered(): void {}
  drained(): void {}
  congested(): void {}
  greeted(): void {}
  updateReading(): void {}
  remind(): void {}
}
