import type { Delivery, Envelope, Frame } from '../../contract/contract.js';
import type { ReplyHandler } from '../../session/outgoing-calls/pending-calls.js';

/** How often a call is sent at most: once, and again where a member was lost or busy. */
const ATTEMPTS = 3;

/** A call that is sent by itself, as its link gets it. */
export class DispatchedCall implements Envelope {
  /** The headers, if there are any, and the call: kept as long as it may have to be sent again. */
  kept: readonly Frame[] | undefined = undefined;
  /**
   * On the clock of the process: when it was sent, or something has arrived about it. Infinity: it has not left, or whoever has it may not
   * report it.
   */
  heardAt: number = Number.POSITIVE_INFINITY;
  /** How often it was sent. */
  attempts = 0;
  /** A member was busy, and it was sent once more. */
  wasBusy = false;
  /** It leaves by the send queue of its holder; otherwise, through `Link.dispatch`. */
  isQueued = false;
  tried: object | undefined = undefined;

  constructor(
    readonly id: number | undefined,
    readonly method: string,
    readonly delivery: Delivery | undefined,
  ) {}

  /** Whether it may be sent again after the end of a member that had it: it may be carried out twice, or was not given to the link. */
  maySendAgain({ idempotent, given }: ReplyHandler): boolean {
    return (idempotent === true || given === false) && this.attempts < ATTEMPTS;
  }
}
