import type { Delivery, Envelope, Frame } from '../../contract/contract.js';

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

  constructor(
    readonly id: number | undefined,
    readonly method: string,
    readonly delivery: Delivery | undefined,
  ) {}
}
