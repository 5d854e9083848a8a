import { Random } from '../../src/testing/random.js';
import { checkPrototypes } from './checks.js';
import { CODECS, codecTarget, FRAMINGS, framingTarget, type Target } from './codec-target.js';
import { sideTarget } from './side-target.js';

/** All targets. A part of the frames goes to each. */
export async function allTargets(): Promise<Target[]> {
  const sides = CODECS.map((codec) => sideTarget(codec));
  return [
    ...CODECS.map(codecTarget),
    ...FRAMINGS.map(([framing, codec]) => framingTarget(framing, codec)),
    ...(await Promise.all(sides)),
  ];
}

/** A finding: run it again with `npm run fuzz -- 1 SEED TARGET`. */
export class Finding extends Error {
  constructor(
    readonly target: string,
    readonly seed: number,
    override readonly cause: unknown,
  ) {
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    super(`${target}, seed ${seed}: ${text}\nAgain: npm run fuzz -- 1 ${seed} ${JSON.stringify(target)}`);
  }
}

/** How many frames each target gets before it is the turn of the next one. */
const ROUND = 500;

/** What is reported while it runs. */
export interface Progress {
  readonly target: string;
  readonly seed: number;
  /** The frames so far, of all targets. */
  readonly frames: number;
}

/**
 * Gives at least `count` frames to the targets, each made by a seed of its own, from `first` on. Throws a Finding if a
 * check fails.
 */
export async function fuzz(
  targets: readonly Target[],
  count: number,
  first: number,
  onProgress: (progress: Progress) => void,
): Promise<number> {
  let frames = 0;
  let seed = first;
  while (frames < count) {
    for (const target of targets) {
      const until = frames + Math.min(ROUND, Math.max(1, Math.ceil((count - frames) / targets.length)));
      onProgress({ target: target.name, seed, frames });
      while (frames < until) frames += await one(target, seed++);
    }
  }
  return frames;
}

/** An error that nobody has caught belongs to the frames that are being handled. */
let escaped: unknown;
export function watchEscapes(): void {
  const note = (error: unknown): void => {
    escaped ??= error ?? new Error('rejected without a reason');
  };
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
}

async function one(target: Target, seed: number): Promise<number> {
  try {
    const frames = await target.next(new Random(seed));
    checkPrototypes();
    if (escaped !== undefined) throw escaped;
    return frames;
  } catch (error) {
    throw new Finding(target.name, seed, error);
  }
}
