import type { Random } from './random.js';

/** A direction of a chaos proxy: `upstream` is to the address `to`, `downstream` from it. */
export type ChaosDirection = 'upstream' | 'downstream';

/** How the links of a chaos proxy are cut. */
export type ChaosCut = 'fin' | 'rst' | 'silence';

/** A fault that a chaos proxy can cause by itself. */
export type ChaosKind = 'fin' | 'rst' | 'silence' | 'half-close' | 'pause';

/** When a chaos proxy causes faults by itself, and which. */
export interface ChaosSchedule {
  /** The milliseconds before the first fault, and between two of them: a number, or a range. */
  readonly every: number | readonly [least: number, most: number];
  /**
   * The kinds to choose from; `fin`, `rst` and `silence` by default. `fin`, `rst` and `silence` cut the present links;
   * `half-close` ends one direction of them; `pause` stops everything for a while. A kind that is listed twice is twice
   * as likely.
   */
  readonly kinds?: readonly ChaosKind[];
  /** After this many faults nothing more happens; never by default. */
  readonly count?: number;
  /** How long a `pause` lasts, in milliseconds: a number, or a range; `[100, 1000]` by default. */
  readonly pause?: number | readonly [least: number, most: number];
}

/** One fault of a schedule. */
export interface ChaosStep {
  /** Milliseconds after the fault before it. */
  readonly after: number;
  readonly kind: ChaosKind;
  /** The direction of a `half-close`. */
  readonly direction: ChaosDirection;
  /** How long a `pause` lasts, in milliseconds. */
  readonly pause: number;
}

export const KINDS: readonly ChaosKind[] = ['fin', 'rst', 'silence', 'half-close', 'pause'];
const CUTS: readonly ChaosKind[] = ['fin', 'rst', 'silence'];

/** The faults of a schedule: they depend on the random source alone, never on what happens on the links. */
export function* stepsOf(
  { every, kinds = CUTS, count, pause = [100, 1_000] }: ChaosSchedule,
  random: Random,
): Generator<ChaosStep> {
  const most = count ?? Number.POSITIVE_INFINITY;
  for (let step = 0; step < most; step++) {
    // Four draws for each, so that another option changes nothing but what it names.
    const [after, which, way, long] = [random.next(), random.next(), random.next(), random.next()];
    yield {
      after: within(every, after),
      kind: kinds[Math.floor(which * kinds.length)] as ChaosKind,
      direction: way < 0.5 ? 'upstream' : 'downstream',
      pause: within(pause, long),
    };
  }
}

/** Both ends of a range. */
export function rangeOf(range: ChaosSchedule['every']): readonly [least: number, most: number] {
  return typeof range === 'number' ? [range, range] : range;
}

function within(range: ChaosSchedule['every'], part: number): number {
  const [least, most] = rangeOf(range);
  return least + part * (most - least);
}
