import { time } from '../../../src/base/time.js';
import { HELD_MS, type Verdict } from './store.js';

/** What has become of the tasks of a worker, until the store knows it. */
export class Verdicts {
  private all: Verdict[] = [];
  /** Those that could not be stored, and when they are sent again. */
  private readonly held = new Set<Verdict>();
  private heldUntil = 0;
  /** How often something was reported. */
  private successes = 0;
  /** The verdicts that the store has refused, and how often something had been reported by then. */
  private readonly refusals = new Map<Verdict, number>();

  get size(): number {
    return this.all.length;
  }

  [Symbol.iterator](): IterableIterator<Verdict> {
    return this.all[Symbol.iterator]();
  }

  add(verdict: Verdict): void {
    this.all.push(verdict);
  }

  /** What is to be stored now: answers of about so many bytes at most. */
  next(bytes: number): readonly Verdict[] {
    const left = this.wait > 0 ? this.all.filter((verdict) => !this.held.has(verdict)) : this.all;
    let [end, sum] = [0, 0];
    for (; end < left.length && sum <= bytes; end++) sum += left[end]?.answer?.length ?? 0;
    return left.slice(0, end);
  }

  /** In how many ms there is something to be stored that could not be stored before; `Infinity` if there is nothing. */
  get wait(): number {
    return this.held.size === 0 ? Number.POSITIVE_INFINITY : Math.max(0, this.heldUntil - time());
  }

  /** These were reported, except for the tasks with the numbers `held`. */
  told(verdicts: readonly Verdict[], held: readonly number[]): void {
    if (verdicts.length === 0) return;
    const isHeld = new Set(held);
    const over = new Set(verdicts.filter(({ task }) => !isHeld.has(task.id)));
    if (over.size > 0) this.successes++;
    this.remove(over);
    for (const verdict of verdicts) if (!over.has(verdict)) this.hold(verdict);
  }

  /** Others were taken: the store works. */
  worked(): void {
    this.successes++;
  }

  /**
   * The store has refused each of these alone; `others`: others were stored meanwhile. They are sent again as long as nothing else can be stored
   * either: the disk may be full. Otherwise they are dropped: these tasks are tried again when their leases are over.
   */
  refused(verdicts: readonly Verdict[], others: boolean): void {
    for (const verdict of verdicts) {
      const before = this.refusals.get(verdict) ?? this.successes;
      if (others || before < this.successes) this.remove(new Set([verdict]));
      else {
        this.refusals.set(verdict, before);
        this.hold(verdict);
      }
    }
  }

  private hold(verdict: Verdict): void {
    this.held.add(verdict);
    this.heldUntil = time() + HELD_MS;
  }

  private remove(over: ReadonlySet<Verdict>): void {
    this.all = this.all.length === over.size ? [] : this.all.filter((verdict) => !over.has(verdict));
    for (const verdict of this.held.size + this.refusals.size > 0 ? over : []) {
      this.held.delete(verdict);
      this.refusals.delete(verdict);
    }
  }
}
