import { Queue } from '../../base/queue.js';
import type { Frame } from '../../contract/contract.js';
import { ProtocolError } from '../../contract/errors.js';
import { MESSAGE_BYTES } from '../../session/journal.js';
import { Keeper, type KeptMessages } from './kept-messages.js';

/** An acknowledgement is due for at least so many bytes. */
const LEAST_ACK = 16 * 1024;

/** How far one end is, as it says it in `rpc.hello` and `rpc.ack`. */
export interface Progress {
  /** How many messages of the peer have come. */
  readonly got: number;
  /** How many messages were given to a connection. */
  readonly sent: number;
}

/**
 * The numbers of a session. Both ends count the messages of each direction from 1 on, and no number is ever written. What was sent is kept
 * until the peer says that it has it.
 */
export class MessageNumbers implements Progress {
  got = 0;
  /** How many of our messages the peer is known to have. */
  acked = 0;
  /** The weight of what is kept: each message has `MESSAGE_BYTES` besides its own. */
  keptBytes = 0;
  private readonly groups = new Queue<KeptMessages>();
  private readonly keeper = new Keeper();
  private keptMessages = 0;
  /** The weight of what has come since the last acknowledgement, and after how much the next one is due. */
  private untold = 0;
  private readonly ackEach: number;

  /** `window`: from how many kept bytes on nothing more leaves; `peerWindow`: the same at the peer. */
  constructor(
    private readonly window: number,
    peerWindow: number,
  ) {
    this.ackEach = Math.max(LEAST_ACK, peerWindow / 4);
  }

  get sent(): number {
    return this.acked + this.keptMessages;
  }

  /** Whether a message may leave behind so many bytes that leave with it. A single one always may if nothing is kept. */
  admits(bytes: number): boolean {
    return this.keptBytes + bytes < this.window;
  }

  /** These leave now, and have their numbers; `bytes` is their length in all, where it is known. Returns what they weigh. */
  given(frames: readonly Frame[], bytes?: number): number {
    const kept = this.keeper.keep(frames, bytes);
    this.groups.push(kept);
    this.keptMessages += frames.length;
    this.keptBytes += kept.weight;
    return kept.weight;
  }

  /** One more has come. Returns whether an acknowledgement is due. */
  came(bytes: number): boolean {
    this.got++;
    this.untold += bytes + MESSAGE_BYTES;
    return this.untold >= this.ackEach;
  }

  /** Whether something has come since the last acknowledgement. */
  get owesAck(): boolean {
    return this.untold > 0;
  }

  /** The peer receives how far this end is. `partly`: messages wait whose bytes were counted already, so one more is due with the next. */
  told(partly = false): void {
    this.untold = partly ? this.ackEach : 0;
  }

  /**
   * The peer says how far it is. `inOrder`: in a message behind all that it has sent, so that all of that must have come. Throws a
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
    let count = got - this.acked;
    this.acked = got;
    this.keptMessages -= count;
    for (let group = this.groups.first; group !== undefined && count > 0; group = this.groups.first) {
      const { weight, length } = group;
      if (length > count) group.drop(count);
      else {
        group.weight = 0;
        this.groups.shift();
      }
      this.keptBytes -= weight - group.weight;
      count -= length;
    }
    if (this.keptMessages === 0) this.keeper.rest();
  }

  /** What is kept, in order: the messages from `acked + 1` on. */
  kept(): readonly Frame[] {
    const kept: Frame[] = [];
    for (let left = this.groups.length; left > 0; left--) {
      const group = this.groups.shift() as KeptMessages;
      kept.push(...group.frames());
      this.groups.push(group);
    }
    return kept;
  }
}
