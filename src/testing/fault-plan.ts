import type { Frame } from '../contract/contract.js';
import type { Random } from './random.js';

/** What can go wrong with a link, each kind by its name. */
export type FaultKind = 'drop' | 'duplicate' | 'truncate' | 'reorder' | 'delay' | 'cut' | 'silence';

/** How often what goes wrong in one direction. Chances are from 0 to 1, for each frame. */
export interface Chances {
  readonly drop: number;
  readonly duplicate: number;
  readonly truncate: number;
  readonly reorder: number;
  readonly cut: number;
  /** The link is cut in place of the frame with this number, the first being 0. */
  readonly cutAfter: number;
  /** From the frame with this number on, nothing comes through. */
  readonly silentAfter: number;
  /** How long, in milliseconds, a frame is held back: at least, and at most. */
  readonly delay: readonly [least: number, most: number];
}

/** What is to become of one frame. */
export interface Fate {
  /** What goes on in its place: nothing, itself, a part of it, or it twice. */
  readonly frames: readonly Frame[];
  /** The link ends here. */
  readonly cut: boolean;
  /** It changes its place with the next one. */
  readonly swapped: boolean;
  /** In milliseconds. */
  readonly delay: number;
  readonly kinds: readonly FaultKind[];
}

/**
 * Says what is to become of each frame of one direction. Only the seed and the number of the frame decide, so that a test
 * that has failed fails again; only how much of a frame is cut off depends on its length, too.
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
    // Drawn for every frame, whatever is asked for: a fault that is added or left out moves no other.
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

/** What moves can move once. */
function isRepeatable(frame: Frame): boolean {
  return typeof frame === 'string' || frame instanceof Uint8Array || frame.transfer.length === 0;
}
