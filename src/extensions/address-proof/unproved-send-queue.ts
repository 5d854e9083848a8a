import { flushAtEndOfTurn } from '../../base/clock.js';
import { time } from '../../base/time.js';
import type { Frame } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import { bytesOf } from '../../session/sending/message-size.js';
import { SendQueue, type SendQueueOwner } from '../../session/sending/send-queue.js';
import type { Session, SessionHost } from '../../session/session.js';
import { PROVE, PROVED, speaks } from '../../session/system/system-names.js';
import { type Content, contentOf, JOINED_BYTES, refuseAnswers, TOO_MUCH, UNPROVED } from './refusals.js';

/** How long, in milliseconds, a peer has to prove its address before what waits for that is refused. */
const PATIENCE = 1_000;
/** How many bytes wait for one peer, and for all peers of a side together. */
const KEPT_BYTES = 1024 * 1024;
const KEPT_BY_SIDE = 16 * KEPT_BYTES;
/** How many messages wait for one peer, those that are not kept included. */
const MOST_WAITING = 4_096;
/** So many bytes stay free for each answer that is still to come, and for `rpc.prove`: each call is to get an error at least. */
const ERROR_BYTES = 128;
/** No datagram carries more: what is larger never leaves, whether the address is proved or not. */
const DATAGRAM_BYTES = 64 * 1024;
const TOKEN_BYTES = 16;
/** No token of ours is longer, in characters; a longer one is not echoed. */
const LONGEST_TOKEN = 64;

/** A message that waits for credit, or for the proof. */
interface WaitingMessage {
  /** What travels, together; empty if it was not kept. */
  readonly frames: readonly Frame[];
  readonly bytes: number;
  /** Its contents; undefined until they are first read. */
  content: Content | undefined;
  /** The message as the codec made it; undefined if that is not known. */
  readonly plain: Frame | undefined;
}

/** How many bytes wait for all peers of a side. */
const keptBy = new WeakMap<SessionHost, { bytes: number }>();

/**
 * The send queue of a link that must prove the address of its peer: the source address of a datagram can be forged, and replies
 * would go to a host that has not asked. `link.maxFrame` is how many bytes may still be sent to the address. Messages that fit are sent
 * at the end of the turn; the others wait until the peer has echoed a token. After a second without it, replies become errors, calls of
 * this side fail, and notifications are dropped.
 */
export class UnprovedSendQueue extends SendQueue {
  private readonly token = makeToken();
  private proved = false;
  private waiting: WaitingMessage[] = [];
  private keptBytes = 0;
  private readonly side: { bytes: number };
  /** Whether what waits is checked at the end of this turn. */
  private isScheduled = false;
  private asking: Frame | undefined;
  private refusing = false;
  /** When what waits is refused. */
  private until = Number.POSITIVE_INFINITY;
  private readonly endOfTurn = {
    flush: (): void => {
      this.isScheduled = false;
      this.sendOrAsk(true);
    },
  };

  constructor(private readonly owner: Session & SendQueueOwner) {
    super(owner);
    this.side = keptBy.get(owner.host) ?? { bytes: 0 };
    keptBy.set(owner.host, this.side);
  }

  override get largest(): number {
    return this.proved ? super.largest : Math.min(DATAGRAM_BYTES, this.limit);
  }

  override get joins(): number {
    return this.proved ? super.joins : Math.max(JOINED_BYTES, Math.min(this.largest, this.room));
  }

  override get waits(): boolean {
    return this.waiting.length > 0;
  }

  override get buffered(): number {
    return super.buffered + this.keptBytes;
  }

  override put(frame: Frame): void {
    if (this.proved) super.put(frame);
    else this.keep([frame], frame);
  }

  override putSealed(frames: readonly Frame[], plain: Frame | undefined): void {
    if (this.proved) super.putSealed(frames, plain);
    else this.keep(frames, plain);
  }

  private keep(frames: readonly Frame[], plain: Frame | undefined): void {
    const bytes = frames.reduce((sum, frame) => sum + bytesOf(frame), 0);
    if (this.refusing || (plain !== undefined && plain === this.asking)) {
      if (bytes <= this.room) this.give(frames);
      return;
    }
    // More than can be answered in time: these are lost, as datagrams are.
    if (this.waiting.length >= MOST_WAITING || this.owner.ended !== undefined) return;
    if (this.keptBytes + bytes > KEPT_BYTES || this.side.bytes + bytes > KEPT_BY_SIDE) {
      this.waiting.push({ frames: [], bytes: 0, content: contentOf(this.owner, plain), plain: undefined });
    } else {
      this.waiting.push({ frames, bytes, content: undefined, plain });
      this.count(bytes);
    }
    if (this.isScheduled) return;
    this.isScheduled = true;
    flushAtEndOfTurn(this.endOfTurn);
  }

  private give(frames: readonly Frame[]): void {
    this.owner.connection?.send(frames);
  }

  private count(bytes: number): void {
    this.keptBytes += bytes;
    this.side.bytes += bytes;
  }

  /** How many bytes of a message the address may still draw. */
  private get room(): number {
    return this.owner.link.maxFrame ?? Number.POSITIVE_INFINITY;
  }

  override send(): void {
    if (this.proved) super.send();
    else this.sendOrAsk(false);
  }

  /** Lets go what fits. If something stays, the peer is asked for the proof where `ask` specifies that. */
  private sendOrAsk(ask: boolean): void {
    const { owner, waiting } = this;
    if (this.proved || this.isHeld || waiting.length === 0 || owner.ended !== undefined) return;
    let others = owner.open - owner.pendingCount;
    // Where not everything fits, it counts how many answers are joined in each.
    if (this.keptBytes > this.room) for (const each of waiting) each.content ??= contentOf(owner, each.plain);
    for (const each of waiting) others += answersIn(each);
    this.waiting = waiting.filter((each) => {
      const { frames, bytes } = each;
      const own = answersIn(each);
      const { room } = this;
      const reserved = others === own ? 0 : Math.min((others - own + 1) * ERROR_BYTES, room / 2);
      if (frames.length === 0 || bytes > room - reserved) return true;
      this.give(frames);
      others -= own;
      this.count(-bytes);
      return false;
    });
    if (this.waiting.length === 0) this.emptied();
    else if (ask && this.until === Number.POSITIVE_INFINITY) this.ask();
  }

  /** Nothing waits any more. */
  private emptied(): void {
    this.until = Number.POSITIVE_INFINITY;
    this.owner.closeIfIdle();
  }

  /** Asks for the proof. A peer that is not Obverse cannot send it; what it sends in the same time may add credit. */
  private ask(): void {
    const { owner, token } = this;
    for (const each of this.waiting) each.content ??= contentOf(owner, each.plain);
    this.until = time() + PATIENCE;
    owner.remind(this.until);
    if (!speaks(owner.host.codec, PROVE)) return;
    try {
      this.asking = owner.encode({
        kind: 'call',
        id: undefined,
        method: PROVE,
        args: [token],
        named: false,
        batch: undefined,
      });
      owner.post(this.asking);
    } catch (error) {
      owner.host.reportError(owner, error);
    }
  }

  /** The peer has echoed a token. Returns false if it is not ours. */
  override prove(token: unknown): boolean {
    const { owner } = this;
    if (token !== this.token || owner.ended !== undefined) return false;
    if (this.proved) return true;
    this.proved = true;
    owner.link.proved?.();
    const waiting = this.taken();
    for (const { frames, plain, content } of waiting) {
      const large = frames.some((frame) => bytesOf(frame) > this.room);
      if (large) this.refuse([content ?? contentOf(owner, plain)], [`the message is larger than ${this.room} bytes`]);
      else if (frames.length === 0 && content !== undefined) this.refuse([content], TOO_MUCH);
      else if (frames.length === 1) super.put(frames[0] as Frame);
      else super.putSealed(frames, plain);
    }
    this.emptied();
    return true;
  }

  override due(at: number): number {
    if (at >= this.until) {
      this.sendOrAsk(false);
      const left = this.taken();
      this.until = Number.POSITIVE_INFINITY;
      this.refuse(
        left.map((each) => each.content ?? contentOf(this.owner, each.plain)),
        UNPROVED,
      );
      this.emptied();
    }
    return Math.min(super.due(at), this.until);
  }

  override end(): void {
    const { owner } = this;
    for (const { content, plain } of this.taken()) {
      if (owner.pendingCount === 0) break;
      for (const id of (content ?? contentOf(owner, plain)).calls) {
        const waiter = owner.pending?.at(id);
        if (waiter !== undefined) waiter.given = false;
      }
    }
    super.end();
  }

  /** Removes and returns what waits. */
  private taken(): WaitingMessage[] {
    const { waiting } = this;
    this.waiting = [];
    this.count(-this.keptBytes);
    return waiting;
  }

  /** Ends what cannot be sent: who has called us gets an error, as long as it may be, and our own calls fail. */
  private refuse(contents: readonly Content[], texts: readonly string[]): void {
    const { owner } = this;
    const failure = new ProtocolError(`${owner.link.peer} has not proved its address: ${texts[0]}`, Code.TooLarge);
    let lost = 0;
    let left = contents.reduce((sum, { answers, refuses }) => sum + (refuses ? 0 : answers.length), 0);
    for (const { answers, calls, refuses } of contents) {
      for (const id of calls) owner.pending?.drop(id)?.reject(failure);
      if (answers.length === 0 && calls.length === 0) lost++;
      if (refuses) continue;
      refuseAnswers(owner, answers, { texts, left, leave: (frame) => this.refusal(frame) });
      left -= answers.length;
    }
    if (lost > 0)
      owner.host.reportError(
        owner,
        new ProtocolError(`${lost} messages were not sent: ${failure.message}`, Code.TooLarge),
      );
  }

  private refusal(frame: Frame): void {
    this.refusing = !this.proved;
    try {
      this.owner.post(frame);
    } catch (error) {
      this.owner.host.reportError(this.owner, error);
    } finally {
      this.refusing = false;
    }
  }
}

function answersIn({ content }: WaitingMessage): number {
  return content === undefined ? 1 : content.answers.length;
}

/** A token that cannot be guessed: only a peer that receives what is sent to the address can know it. */
function makeToken(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * The peer asks this side to prove its address. A datagram with a forged address of this side could make the peer ask, so this side
 * answers only if it expects something of the peer: it has dialed the peer, waits for its reply, or is on a bus with it.
 */
export function prove(session: Session, [token]: readonly unknown[]): boolean {
  const { link, host, pendingCount } = session;
  if (typeof token !== 'string' || token.length > LONGEST_TOKEN || link.bus !== true) return false;
  if (link.dialed !== true && pendingCount === 0 && !host.broadcasts) return false;
  return session.sendSystem(PROVED, [token]);
}
