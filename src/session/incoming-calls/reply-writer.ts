import { printable } from '../../base/quote.js';
import type { Bad, Batch, Call, FaultBody, Frame, Id } from '../../contract/contract.js';
import { Code, ProtocolError, RpcError } from '../../contract/errors.js';
import { mapOutgoing } from '../map-outgoing.js';
import { encodeQuickly } from '../sending/encode.js';
import { SENT_BEFORE_HELLO } from '../sending/frame-limits.js';
import { joined } from '../sending/joined-frames.js';
import { exceeds } from '../sending/message-size.js';
import { encodeHeaders } from '../sending/outgoing-headers.js';
import type { ActiveCall, Replies, Session } from '../session.js';
import type { Mapped } from '../session-values.js';
import { answered, close, finish } from './after-reply.js';
import type { CallDetails } from './call-details.js';
import { hasRoom, ParkedReplies } from './parked-replies.js';
import { unfit } from './unfit-result.js';

/** The message that is answered. */
type ReplyTarget = Pick<Call | Bad, 'id' | 'batch'>;

/** A reply of at most this length, in characters or bytes, is always kept: an error in its place would be as long. */
const SMALL = 1_024;

/** The lengths to which the text of an error is cut, one after the other, where it is too large to be sent. */
const SHORTER = [1_000, 100, 0];

/**
 * Answers the messages of a peer, each alone or in its batch. Nothing here throws: it is called while other messages are
 * dispatched.
 */
export class ReplyWriter implements Replies {
  /** The size of the replies that wait for the rest of their batches, in characters or bytes. */
  held = 0;
  /** Replies that wait until the peer reads more. */
  parked: ParkedReplies | undefined;

  constructor(private readonly session: Session) {}

  /** The call went well. */
  succeed(call: Call, value: unknown, sender: ActiveCall): void {
    const { id } = call;
    if (sender.done) {
      close(this.session, sender);
      return;
    }
    sender.done = true;
    const { detailsIfAny } = sender;
    if (id !== undefined && this.session.ended === undefined) {
      const { cancelled } = detailsIfAny ?? {};
      if (cancelled === undefined || this.session.host.codec.answersCancelled !== false)
        this.reply(call, id, value, detailsIfAny);
    }
    if (call.passed !== undefined) call.passed.end();
    if (detailsIfAny !== undefined) finish(this.session, sender);
  }

  private reply(call: Call, id: Id, value: unknown, work: CallDetails | undefined): void {
    const { session } = this;
    // Without room, a large text is not even encoded, which would take the same memory again.
    if (typeof value === 'string' && session.load.unsent > 0 && this.refuseIfTooLarge(call, value)) return;
    const quick = work?.replyMetadata === undefined ? this.quickFrame(id, value) : undefined;
    if (quick !== undefined) {
      this.sendOrCollect(call, quick);
      return;
    }
    let frame: Frame;
    let saying: Frame | undefined;
    let sent: Mapped | undefined;
    try {
      sent = mapOutgoing(session, value);
      frame = session.encode({ kind: 'reply', id, value: sent === undefined ? value : sent.values });
      const metadata = work?.replyMetadata;
      if (sent !== undefined || metadata !== undefined) {
        const about = { answer: id, ...(sent && { tagged: true }), ...(metadata && { metadata }) };
        saying = encodeHeaders(session.host, about);
      }
    } catch (error) {
      sent?.end();
      this.refuse(call, unfit(session.host, error));
      return;
    }
    if (saying === undefined) this.sendOrCollect(call, frame, sent);
    else this.sendWithHeaders(call, saying, frame, sent);
  }

  /** Sends an answer after its headers: in one frame on a bus, where datagrams may be lost or reordered, and on a brief link, which answers with one. */
  private sendWithHeaders(call: Call, saying: Frame, frame: Frame, sent: Mapped | undefined): void {
    const { link, filter, host } = this.session;
    const { join } = host.codec;
    if ((link.bus !== true && link.brief !== true) || join === undefined || filter !== undefined) {
      this.send(saying);
      this.sendOrCollect(call, frame, sent);
    } else {
      const both = join([saying, frame]);
      if (exceeds(both, this.session.frameLimit)) {
        sent?.end();
        this.refuse(
          call,
          new ProtocolError('the answer, with what is said of it, is too large for the link', Code.TooLarge),
        );
      } else if (call.batch === undefined) this.sendOrCollect(call, both, sent);
      else this.collect(call, call.batch, saying, frame);
    }
  }

  private quickFrame(id: Id, value: unknown): Frame | undefined {
    try {
      return encodeQuickly(this.session, { kind: 'reply', id, value });
    } catch {
      // The full encoding throws it again; it is reported there.
      return undefined;
    }
  }

  /** The call failed. The failure of a notification is only reported on this side. */
  fail(call: Call, error: unknown, sender: ActiveCall): void {
    const { session } = this;
    if (sender.done) {
      close(this.session, sender);
      return;
    }
    sender.done = true;
    session.callFailed(error);
    const { detailsIfAny } = sender;
    const cancelled = detailsIfAny?.cancelled;
    if (call.id === undefined) {
      if (error !== cancelled || error === undefined) session.host.reportError(session, error);
    } else if (cancelled === undefined) this.fault(call, session.host.toFault(error, session));
    else if (session.host.codec.answersCancelled !== false) this.refuse(call, cancelled);
    if (call.passed !== undefined) call.passed.end();
    if (detailsIfAny !== undefined) finish(this.session, sender);
  }

  /** The error of a call whose handler has returned a value that throws `error` when it is read. */
  unreadable(error: unknown): RpcError {
    const { message } = this.session.host.toFault(error);
    return new RpcError(`the result cannot be read: ${message}`, Code.InternalError);
  }

  answered(sender: ActiveCall): void {
    answered(this.session, sender);
  }

  /** The call is refused by the library itself, which says so whatever the policy for errors. */
  refuse(call: Call, error: RpcError): void {
    const { session } = this;
    const { code, message } = error;
    session.callFailed(error);
    call.passed?.end();
    if (call.id === undefined)
      session.host.reportError(session, new ProtocolError(`${printable(call.method)}: ${message}`, code));
    else this.fault(call, { code, message });
  }

  /** Answers with an error: if it cannot be sent as it is, without its inner errors, or without its data and shortened. */
  fault(to: ReplyTarget, error: FaultBody): void {
    const { session } = this;
    if (session.ended !== undefined) return;
    const { code, message } = error;
    const frame =
      this.firstEncodable(to, error) ??
      this.firstEncodable(
        to,
        ...session.host.smaller(error),
        ...SHORTER.map((n) => ({ code, message: message.slice(0, n) })),
      );
    if (frame !== undefined) this.sendOrCollect(to, frame);
    else {
      session.host.reportError(session, new ProtocolError(`no answer could be sent: ${message}`, code), to.id);
      if (to.batch !== undefined) this.collect(to, to.batch);
    }
  }

  /** The first of these errors that can be encoded. */
  private firstEncodable({ id = null }: ReplyTarget, ...errors: readonly FaultBody[]): Frame | undefined {
    for (const error of errors) {
      try {
        if (error.data !== undefined) this.session.host.mapper.mustEnd(error.data);
        return this.session.encode({ kind: 'fault', id, error });
      } catch {
        // The next one is smaller.
      }
    }
    return undefined;
  }

  /** `sent` is what was passed with it by reference. */
  private sendOrCollect(to: ReplyTarget, frame: Frame, sent?: Mapped): void {
    if (this.refuseIfTooLarge(to, frame)) sent?.end();
    else if (to.batch === undefined) this.send(frame, to, sent);
    else this.collect(to, to.batch, frame);
  }

  private refuseIfTooLarge(to: ReplyTarget, { length }: { readonly length: number }): boolean {
    if (length <= SMALL || hasRoom(this.session, this.parked, length)) return false;
    this.fault(to, { code: Code.TooLarge, message: `the answer of ${length} bytes finds no room` });
    return true;
  }

  /**
   * An answer of a batch waits for the others, unless all that wait together are more than one frame may hold: a small batch
   * can ask for large answers. Then those that are there leave as a batch of their own,
   * or as several where they do not fit into one frame of the link.
   */
  private collect(to: ReplyTarget, batch: Batch, ...frames: readonly Frame[]): void {
    batch.left--;
    const length = frames.reduce((sum, frame) => sum + frame.length, 0);
    const { session } = this;
    // A letter may take three bytes.
    if (this.held + length > Math.min(session.host.limits.bufferedBytes, session.sendQueue.limit / 3))
      if (session.link.brief !== true) this.complete(batch);
      else if (length > SMALL) {
        batch.left++;
        this.fault(to, { code: Code.TooLarge, message: 'the answers to the batch are more than one frame may hold' });
        return;
      }
    batch.answers.push(...frames);
    this.held += length;
    session.load.add(length);
    if (batch.left === 0) this.complete(batch);
  }

  /** Sends the answers of a batch that are there. */
  complete({ answers }: Batch): void {
    const frames = answers.splice(0);
    if (frames.length === 0) return;
    let bytes = 0;
    for (const { length } of frames) bytes += length;
    this.held -= bytes;
    this.session.load.subtract(bytes);
    const { join } = this.session.host.codec;
    const all = join === undefined ? frames : joined(join, frames, this.session.sendQueue.joins, true);
    for (const frame of all) this.send(frame);
  }

  /** Whether answers wait until the peer has read more. */
  get waits(): boolean {
    return this.parked?.waits === true;
  }

  /** The peer has read more: sends as many waiting answers as fit. */
  sendParked(): void {
    this.parked?.send();
  }

  private send(frame: Frame, to?: ReplyTarget, sent?: Mapped): void {
    const { session } = this;
    try {
      if (session.filter !== undefined) session.post(frame, (error) => this.notSent(error, to, sent));
      else if (this.waits) this.park(frame);
      else if (frame.length > SENT_BEFORE_HELLO) session.post(frame, (error) => this.notSent(error, to, sent));
      else session.post(frame);
    } catch (error) {
      if (session.filter !== undefined) this.notSent(error, to, sent);
      else this.park(frame);
    }
  }

  private park(frame: Frame): void {
    this.parked ??= new ParkedReplies(this.session);
    this.parked.add(frame);
  }

  /** A reply could not be sealed, or is too large for the peer: the caller gets an error for it, once. */
  private notSent(error: unknown, to: ReplyTarget | undefined, sent: Mapped | undefined): void {
    const { session } = this;
    sent?.end();
    if (error instanceof ProtocolError && error.code === Code.Busy) {
      session.end(error);
      return;
    }
    session.host.reportError(session, error, to?.id);
    const tooLarge = error instanceof ProtocolError && error.code === Code.TooLarge;
    const { code, message } = tooLarge
      ? error
      : { code: Code.InternalError, message: 'the answer could not be sealed' };
    const fault = to && this.firstEncodable(to, { code, message });
    if (fault !== undefined) this.send(fault);
  }
}
