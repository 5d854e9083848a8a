import type { Bug } from './bugs.js';
import { Scheduler, Violation } from './scheduler.js';
import { World } from './world.js';

/** What came of a number of schedules. */
export interface Explored {
  readonly schedules: number;
  readonly steps: number;
  /** The most that one end held, by weight. */
  readonly most: number;
  /** How often what happened. */
  readonly stats: ReadonlyMap<string, number>;
  /** The promise that was broken, and in which schedule. */
  readonly failure?: string;
}

/** Runs random schedules of the model until one of them breaks a promise. */
export function explore(schedules: number, seed: number, bug?: Bug): Explored {
  const stats = new Map<string, number>();
  let [steps, most] = [0, 0];
  for (let n = 0; n < schedules; n++) {
    const world = new World(seed * 1_000_003 + n, bug, n % 3 === 0, stats);
    const scheduler = new Scheduler(world.random);
    try {
      scheduler.run(world, 40 + (n % 5) * 60);
    } catch (error) {
      const text = error instanceof Violation ? error.message : String((error as Error).stack);
      const failure = `schedule ${n} of the seed ${seed}, step ${scheduler.steps}: ${text}`;
      return { schedules: n + 1, steps: steps + scheduler.steps, most, stats, failure };
    }
    steps += scheduler.steps;
    most = Math.max(most, world.most);
  }
  return { schedules, steps, most, stats };
}
