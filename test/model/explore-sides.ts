import type { Explored } from './explore.js';
import { ResumingWorld } from './resuming-world.js';
import { Scheduler, Violation } from './scheduler.js';
import { SideWorld } from './side-world.js';

/** The kinds of worlds in which sides of the implementation run: with a session for each link, or with sessions that outlive their links. */
export type SideKind = 'plain' | 'resume';

/** Runs random schedules of two sides of the implementation until one of them breaks a promise. */
export async function exploreSides(kind: SideKind, schedules: number, seed: number): Promise<Omit<Explored, 'most'>> {
  const stats = new Map<string, number>();
  let steps = 0;
  for (let n = 0; n < schedules; n++) {
    const own = seed * 1_000_003 + n;
    const world =
      kind === 'plain'
        ? new SideWorld({ seed: own, isMild: false, largeNotes: 0 }, stats)
        : new ResumingWorld(own, n % 3 === 0, stats);
    const scheduler = new Scheduler(world.random);
    try {
      await world.start();
      await scheduler.runSettled(world, 60 + (n % 5) * 60, world.settled);
    } catch (error) {
      const text = error instanceof Violation ? error.message : String((error as Error).stack);
      const failure = `${kind}: schedule ${n} of the seed ${seed}, step ${scheduler.steps}: ${text}`;
      return { schedules: n + 1, steps: steps + scheduler.steps, stats, failure };
    } finally {
      await world.end();
    }
    steps += scheduler.steps;
  }
  return { schedules, steps, stats };
}
