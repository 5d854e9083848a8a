import { time } from '../../base/time.js';

/** The parts of a turn have at least so many bytes: less is not worth a write of its own. */
export const LEAST_PART = 2048;
/** A part is this share of the most bytes that turns have sent lately. */
const SHARE = 1 / 4;
/** What is left of that most after a turn that sends less. */
const KEPT = 0.995;
/**
 * Parts are kept while they carry at least this share of what whole turns do: a smaller difference may be chance. Whole turns that are chosen
 * by chance cost up to a third of the rate, and parts about an eighth.
 */
const ENOUGH = 0.9;

/**
 * A trial alternates between whole turns and parts, for so many turns each; the first turns of each show what was before: the answers to
 * what left in parts go on coming in parts for a while. It ends with whole turns: while the compiler works, later turns are the faster
 * ones.
 */
const STEPS = 5;
const STEP_TURNS = 64;
const SETTLING = 32;
/** The first trial begins after so many turns, which leave in parts. It is repeated, the less often the oftener it has ended alike. */
const FIRST = 64;
const SOON = 1_024;
const LATE = 16_384;

/**
 * After how many bytes the messages of a turn leave for a peer before the turn is over. One write for a turn is the cheapest, but
 * makes both ends wait for each other; where a turn leaves in parts, the peer works on the first while the next is made. Where both
 * ends share a thread or a core, parts cost system calls and bring nothing. Which it is, is measured: now and then, turns
 * leave in parts for a while, and go on doing so if more bytes leave in the same time.
 */
export class PartSize {
  /** So many bytes, once exceeded, leave before the end of the turn. */
  bytes: number;
  /** How many bytes have left in this turn, and the most in a turn of those not long ago. */
  private left = 0;
  private most = 0;
  private inParts = true;
  /** For how many turns more it stays as it is, and for how many it does after the next trial. */
  private turns = FIRST;
  private pause = SOON;
  /** How the last trial has ended. */
  private helped: boolean | undefined;
  /** Which step of a trial this is; 0 while none is made. */
  private step = 0;
  /** When what counts of the step began, and how many bytes have left since. */
  private since = 0;
  private sum = 0;
  /** The most bytes in a millisecond of the steps so far, without parts and with them: what was slower was disturbed. */
  private whole = 0;
  private parted = 0;

  /** `limit` is the most that is collected in any case. */
  constructor(private readonly limit: number) {
    this.bytes = limit;
  }

  /** So many bytes have left, in this turn. Returns after how many more the next part leaves. */
  sent(bytes: number): number {
    const { most } = this;
    const left = this.left + bytes;
    this.left = left;
    // A turn that sends more than others do has parts that grow with it, so that there are few, however much it will be. Worked out in
    // any case: a way that is first taken once the code is compiled makes the compiler begin anew.
    const size = this.within(left > most ? left : most * SHARE);
    if (this.inParts) this.bytes = size;
    return this.bytes;
  }

  /** The turn is over: finds the size for the next one, and returns it. */
  endTurn(): number {
    const { left } = this;
    this.left = 0;
    const most = Math.max(left, this.most * KEPT);
    this.most = most;
    // There is one write, in any case.
    if (most <= LEAST_PART) return this.bytes;
    this.sum += left;
    const turns = --this.turns;
    if (turns === STEP_TURNS - SETTLING && this.step > 0) {
      this.since = time();
      this.sum = 0;
    } else if (turns <= 0) this.next();
    this.bytes = this.inParts ? this.within(most * SHARE) : this.limit;
    return this.bytes;
  }

  private next(): void {
    this.turns = STEP_TURNS;
    if (this.step > 0) {
      const rate = this.sum / (time() - this.since);
      if (this.inParts) this.parted = Math.max(this.parted, rate);
      else this.whole = Math.max(this.whole, rate);
    }
    if (this.step < STEPS) {
      this.step++;
      this.inParts = this.step % 2 === 0;
    } else this.decide();
  }

  private decide(): void {
    this.inParts = this.parted > ENOUGH * this.whole;
    this.pause = this.inParts === this.helped ? Math.min(2 * this.pause, LATE) : SOON;
    this.helped = this.inParts;
    this.turns = this.pause;
    this.step = 0;
    this.parted = this.whole = 0;
  }

  private within(bytes: number): number {
    return Math.min(Math.max(bytes, LEAST_PART), this.limit);
  }
}
