import type { Frame } from '../contract/contract.js';
import type { Random } from './random.js';

/** The kinds of faults of a link. */
export type FaultKind = 'drop' | 'duplicate' | 'truncate' | 'reorder' | 'delay' | 'cut' | 'silence';

/** The probabilities of faults in one direction, from 0 to 1, for each frame. */
export interface Chances {
  readonly drop: number;
  readonly duplicate: number;
  readonly truncate: number;
  readonly reorder: number;
  readonly cut: number;
  /** The link is cut instead of delivering the frame with this number, from 0. */
  readonly cutAfter: number;
  /** From the frame with this number on, nothing is delivered. */
  readonly silentAfter: number;
  /** How long, in milliseconds, a frame is delayed: minimum and maximum. */
  readonly delay: readonly [least: number, most: number];
}

/** What happens to one frame. */
export interface Fate {
  /** What is delivered instead: nothing, the frame, a part of it, or the frame twice. */
  readonly frames: readonly Frame[];
  /** The link ends here. */
  readonly cut: boolean;
  /** It is swapped with the next one. */
  readonly swapped: boolean;
  /** In milliseconds. */
  readonly delay: number;
  readonly kinds: readonly FaultKind[];
}

/**
 * Determines what happens to each frame of one direction. It depends only on the seed and the number of the frame, so
 * that a failed test fails again; only how much of a frame is cut off also depends on its length.
 */
export class FaultPlan {
  private readonly chances: Chances;
  private readonly random: Random;
  private count = 0;

  constructor(chances: Chances, random: Random) {
    this.chances = chances;
    this.random = random;
  }

  next(frame: Frame): Fate {
    const { chances, random } = this;
    const number = this.count++;
    // Drawn for every frame, whatever the options are: adding or removing one fault does not change the others.
    const [cut, drop, truncate, duplicate, reorder, part, wait] = Array.from({ length: 7 }, () =>
      random.next(),
    ) as Draws;
    if (number >= chances.cutAfter || cut < chances.cut) return fate([], ['cut']);
    if (number >= chances.silentAfter) return fate([], ['silence']);
    if (drop < chances.drop) return fate([], ['drop']);
    const kinds: FaultKind[] = [];
    let left = frame;
    if (truncate < chances.truncate && isCuttable(frame)) {
      left = frame.slice(0, Math.floor(part * frame.length));
      kinds.push('truncate');
    }
    const twice = duplicate < chances.duplicate && isRepeatable(frame);
    if (twice) kinds.push('duplicate');
    const swapped = reorder < chances.reorder;
    if (swapped) kinds.push('reorder');
    const [least, most] = chances.delay;
    const delay = least + wait * (most - least);
    if (delay > 0) kinds.push('delay');
    return { frames: twice ? [left, left] : [left], cut: false, swapped, delay, kinds };
  }
}

type Draws = [number, number, number, number, number, number, number];

function fate(frames: readonly Frame[], kinds: readonly FaultKind[]): Fate {
  return { frames, cut: kinds.includes('cut'), swapped: false, delay: 0, kinds };
}

function isCuttable(frame: Frame): frame is string | Uint8Array {
  return (typeof frame === 'string' || frame instanceof Uint8Array) && frame.length > 0;
}

/** A frame with transferred objects can be delivered only once. */
function isRepeatable(frame: Frame): boolean {
  return typeof frame === 'string' || frame instanceof Uint8Array || frame.transfer.length === 0;
}
