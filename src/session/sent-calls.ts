import { printable } from '../base/quote.js';
import type { About, Call, Frame } from '../contract/contract.js';
import { Code, ProtocolError, TimeoutError } from '../contract/errors.js';
import { encode, encodeQuickly } from './encode.js';
import { mustFit, UNASKED } from './frame-limits.js';
import { PendingCallTable, type ReplyHandler } from './pending-calls.js';
import type { Session, SessionHost } from './session.js';
import { ABOUT, CANCEL, speaks } from './system-names.js';

export type { ReplyHandler } from './pending-calls.js';

/** What a side has asked one peer: the calls that are open, and how they leave. */
export class SentCalls extends PendingCallTable {
  constructor(private readonly session: Session) {
    super();
  }

  /** Sends a call, and notes who waits. Throws if it cannot be sent: then nobody waits. */
  ask(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler, about?: About): number {
    const { session } = this;
    if (session.unanswerable !== undefined) throw session.unanswerable;
    if (this.size >= session.host.limits.pendingCalls) {
      throw new ProtocolError(`busy: ${this.size} calls to ${session.link.peer} are open already`, Code.Busy);
    }
    const id = this.add(waiter);
    try {
      const call: Call = { kind: 'call', id, method, args, named, batch: undefined };
      if (about === undefined && session.sealing === undefined) this.put(session.encode(call), id);
      else this.post(call, id, about);
    } catch (error) {
      this.drop(id);
      throw error;
    }
    return id;
  }

  private put(frame: Frame, id: number): void {
    const { outbox } = this.session;
    // Apart from the plain way, which closures would cost a context.
    if (frame.length > UNASKED) this.putLarge(frame, id);
    else outbox.put(frame);
  }

  private putLarge(frame: Frame, id: number): void {
    this.session.outbox.put(frame, (error) => this.giveUp(id, error));
  }

  /** The same for plain data that the codec writes quickly; gives 0, and does nothing, for any other. */
  askQuickly(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler): number {
    const { session } = this;
    if (session.unanswerable !== undefined || this.size >= session.host.limits.pendingCalls) return 0;
    const id = this.add(waiter);
    let frame: Frame | undefined;
    try {
      frame = encodeQuickly(session, { kind: 'call', id, method, args, named, batch: undefined });
      if (frame !== undefined) session.outbox.put(frame);
    } catch {
      // It will be thrown again, and told.
      frame = undefined;
    }
    if (frame !== undefined) return id;
    this.take(id);
    return 0;
  }

  /** Apart from the plain way, which closures would cost a context. */
  private post(call: Call, id: number, about: About | undefined): void {
    const failed = (error: unknown): void => this.giveUp(id, error);
    if (about !== undefined) postAbout(this.session, call, about, failed);
    else this.session.post(this.session.encode(call), failed);
  }

  /** The call has not left after all. */
  private giveUp(id: number, error: unknown): void {
    this.drop(id)?.reject(error);
    this.session.rest();
  }

  /** Rejects whoever has waited too long, and says when the next one will have. */
  expire(now: number): number {
    return this.overdue(now, (waiter, id) => {
      const late = waiter.late?.() ?? `within ${Math.round(waiter.deadline - waiter.since)} ms`;
      const { peer, link } = this.session;
      const advice = link.advice === undefined ? '' : `; ${link.advice}`;
      waiter.reject(
        new TimeoutError(
          `${waiter.method} was not answered in time: nothing came from ${printable(peer?.id ?? link.peer)} ${late}${advice}`,
        ),
      );
      // Whoever is at work on it may stop.
      this.session.tell(CANCEL, [id]);
    });
  }
}

/** Posts a call after what is said of it. `failed` is told if a security refuses the call later. */
export function postAbout(session: Session, call: Call, about: About, failed?: (error: unknown) => void): void {
  const { codec } = session.host;
  // A dialect names within the call under what it wants to be told of progress.
  const named = about.progress === true && codec.words !== undefined && call.id !== undefined;
  const frame = session.encode(named ? { ...call, token: call.id } : call);
  const saying = sayingAbout(session.host, { call: call.id ?? null, ...about }, session.frameLimit);
  if (saying === undefined) session.post(frame, failed);
  else if (session.link.bus === true && codec.join !== undefined && session.sealing === undefined) {
    // A datagram may be lost, or overtaken by another: these two stay together.
    const both = codec.join([saying, frame]);
    mustFit(both, session.frameLimit, session);
    session.post(both, failed);
  } else {
    session.post(saying);
    session.post(frame, failed);
  }
}

/** What is said of a call or an answer, encoded; undefined where the peers of the side cannot be told. */
export function sayingAbout(
  host: Pick<SessionHost, 'codec' | 'limits' | 'mapper'>,
  about: Readonly<Record<string, unknown>>,
  limit: number = host.limits.sentFrameBytes,
): Frame | undefined {
  const { codec } = host;
  if (!speaks(codec, ABOUT)) return undefined;
  if (about.metadata !== undefined) host.mapper.mustEnd(about.metadata);
  const message: Call = { kind: 'call', id: undefined, method: ABOUT, args: [about], named: true, batch: undefined };
  return encode(codec, message, limit);
}

/** What is said of a message, with this too: that something in it is in the tagged form. */
export function announced(about: About | undefined): About {
  return { ...about, tagged: true };
}
