import type { Frame } from '../../contract/contract.js';
import { ProtocolError } from '../../contract/errors.js';
import { MESSAGE_BYTES } from '../../session/journal.js';
import { KeptMessages } from './kept-messages.js';

/** An acknowledgement is due for at least so many bytes. */
const LEAST_ACK = 16 * 1024;

/** More than can have come. */
const NEVER = 2 ** 30 - 1;

/** How far one end is, as it reports it in `rpc.hello` and `rpc.ack`. */
export interface Progress {
  /** How many messages of the peer have come. */
  readonly got: number;
  /** How many messages were given to a connection. */
  readonly sent: number;
}

/**
 * The numbers of a session. Both ends count the messages of each direction from 1 on, and no number is ever written. What was sent is kept
 * until the peer reports that it has it.
 */
export class MessageNumbers implements Progress {
  got = 0;
  /** How many of our messages the peer is known to have. */
  acked = 0;
  private readonly messages = new KeptMessages();
  /** The weight of what has come since the last acknowledgement, and after how much the next one is due. */
  private unreported = 0;
  private lookAt = 0;
  private readonly ackEach: number;

  /** `window`: from how many kept bytes on nothing more leaves; `peerWindow`: the same at the peer. */
  constructor(
    private readonly window: number,
    peerWindow: number,
  ) {
    this.ackEach = Math.max(LEAST_ACK, peerWindow / 4);
  }

  get sent(): number {
    return this.acked + this.messages.count;
  }

  /** The weight of what is kept: each message has `MESSAGE_BYTES` besides its own. */
  get keptBytes(): number {
    return this.messages.weight;
  }

  /** Whether a message may leave behind so many bytes that leave with it. A single one always may if nothing is kept. */
  admits(bytes: number): boolean {
    return this.keptBytes + bytes < this.window;
  }

  /**
   * These leave now, and have their numbers; `bytes` is their length in all, where it is known, and `between` what the link puts between them,
   * if it takes them joined. Returns what is to be given to the link.
   */
  given(frames: readonly Frame[], bytes?: number, between?: string): readonly Frame[] {
    return this.messages.keep(frames, bytes, between);
  }

  /** One more has come. Returns whether to call `checkDue`: with the first one after an acknowledgement, and when the next one is due. */
  came(bytes: number): boolean {
    this.got++;
    this.unreported += bytes + MESSAGE_BYTES;
    return this.unreported >= this.lookAt;
  }

  /** Whether an acknowledgement is due; otherwise it is owed, and `came` returns true once it is due. Afterwards it does so no more. */
  checkDue(): boolean {
    const isDue = this.unreported >= this.ackEach;
    this.lookAt = isDue ? NEVER : this.ackEach;
    return isDue;
  }

  /** An acknowledgement is due since `checkDue`, and was not sent. */
  get isDue(): boolean {
    return this.lookAt === NEVER;
  }

  /** The peer receives how far this end is. `partly`: messages wait whose bytes were counted already, so one more is due with the next. */
  reported(partly = false): void {
    this.unreported = partly ? this.ackEach : 0;
    this.lookAt = 0;
  }

  /**
   * The peer reports how far it is. `inOrder`: in a message behind all that it has sent, so that all of that must have come. Throws a
   * ProtocolError where both ends count differently: what was sent again from there would be lost or doubled.
   */
  compare({ got, sent }: Progress, inOrder: boolean): void {
    if (got >= this.acked && got <= this.sent && (inOrder ? sent === this.got : sent >= this.got)) return;
    throw new ProtocolError(
      `the two ends count their messages differently, so the session cannot continue: the peer has ${got} of ${this.sent} (${this.acked} before), and has sent ${sent}, of which ${this.got} have come`,
    );
  }

  /** The peer has so many of our messages: they are kept no longer. */
  forget(got: number): void {
    this.messages.drop(got - this.acked);
    this.acked = got;
  }

  /** What is kept, in order: the messages from `acked + 1` on. */
  kept(): readonly Frame[] {
    return this.messages.frames();
  }
}
