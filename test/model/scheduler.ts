import type { Random } from '../../src/testing/random.js';

/** Something that can happen now, and how likely it is compared to the others. */
export type Step = readonly [likely: number, act: () => unknown];

/** A promise was broken. */
export class Violation extends Error {}

export function fail(text: string): never {
  throw new Violation(text);
}

/** What runs under a scheduler: a model, or an implementation whose links and timers are steps. */
export interface Playable {
  /**
   * What can happen now. `calm`: only what arrives, ends and is due by itself, without new calls and faults. It is at
   * rest when there is nothing of that.
   */
  steps(calm: boolean): Iterable<Step>;
  /** Throws a Violation unless everything holds that must always hold. Called after each step. */
  check(): void;
  /** The same for what must hold at rest. */
  checkAtRest(): void;
}

/** After the faults have ended, everything must come to rest within this many steps. */
const MOST_CALM = 3_000;

/** Runs one random schedule: a number of steps with faults, then calm ones until everything is at rest. */
export class Scheduler {
  /** How many steps were made. */
  steps = 0;

  constructor(private readonly random: Random) {}

  run(world: Playable, busy: number): void {
    for (let next = this.next(world, busy); next.length > 0; next = this.next(world, busy)) {
      this.make(next);
      world.check();
    }
    world.checkAtRest();
  }

  /** The same for what does not act at once: `settled` resolves when a step has had all its consequences. */
  async runSettled(world: Playable, busy: number, settled: () => Promise<void>): Promise<void> {
    for (let next = this.next(world, busy); next.length > 0; next = this.next(world, busy)) {
      this.make(next);
      await settled();
      world.check();
    }
    world.checkAtRest();
  }

  private next(world: Playable, busy: number): Step[] {
    const isCalm = this.steps >= busy;
    const steps = [...world.steps(isCalm)];
    if (this.steps > busy + MOST_CALM && steps.length > 0) fail('it does not come to rest');
    return steps;
  }

  private make(steps: readonly Step[]): void {
    this.steps++;
    let left = this.random.next() * steps.reduce((sum, [likely]) => sum + likely, 0);
    const isChosen = ([likely]: Step): boolean => {
      left -= likely;
      return left < 0;
    };
    const [, act] = steps.find(isChosen) ?? (steps[0] as Step);
    act();
  }
}
