import { printable } from '../../../src/base/quote.js';
import { afterTurn, clearTimer, setTimer, type Timer, time } from '../../../src/base/time.js';
import type { Accept, Frame, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import { isUnbegun } from '../../../src/contract/unbegun.js';
import type { QueueFrames } from './frames.js';
import { Looking } from './looking.js';
import type { QueuePlan } from './options.js';
import { type Exchanged, HELD_MS, type Store, type Task, type Terms, type Verdict } from './store.js';
import { deliver, givenBack, TaskLink, verdictOf } from './task.js';
import { Verdicts } from './verdicts.js';

/**
 * After how many ms it is decided about a task whose side has lost a connection: the side may be about to be closed, and gives it back then.
 */
export const DECIDE_MS = 50;
/** In ms: how long tasks begin in one turn. Handlers may take their time within it, and leases are renewed between turns. */
const TURN_MS = 20;
/**
 * The same where the store is another program: it stores the outcomes of one turn while the tasks of the next one are handled. Shorter turns
 * would make many small statements.
 */
const SHORT_TURN_MS = 2;
/** In ms: when a side that has refused a task, because it has too many, takes more than it had then. */
const MORE_MS = 1_000;

/** What a worker or a reader needs of its transport. */
export interface QueueHost {
  readonly plan: QueuePlan;
  readonly wire: Wire;
  readonly store: Store;
  readonly frames: QueueFrames;
  readonly terms: Terms;
  readonly accept: Accept;
  /** The store has failed. Returns after how many ms to try again. */
  failed(error: unknown): number;
}

/** Takes tasks of a queue, and works on some of them at a time. */
export class QueueWorker {
  private readonly atWork = new Map<number, TaskLink>();
  private bytes = 0;
  /** How many tasks this side takes, and when it takes more than that: it has refused one, because it has too many. */
  private most: number;
  private moreAt = 0;
  /** What was taken, and has not begun. */
  private taken: Task[] = [];
  private isBeginning = false;
  /** They count as at work: a worker that is killed leaves no more than `inFlight`. */
  private readonly verdicts = new Verdicts();
  private isTelling = false;
  /** Tasks whose side has lost a connection. */
  private readonly undecided = new Map<Verdict, Timer>();
  private exchanging: Promise<unknown> | undefined;
  private renewing: Timer | undefined;
  private isRetired = false;
  private isClosed = false;
  readonly looking: Looking;

  constructor(private readonly host: QueueHost) {
    this.most = host.plan.inFlight;
    this.looking = new Looking(
      () => this.look(),
      (error) => host.failed(error),
    );
    this.renewLater(host.terms.lease / 3);
  }

  /** Tells what has become of tasks, and takes as many as there is room for. */
  private async look(): Promise<number> {
    const { plan, wire } = this.host;
    const more = this.takeMore();
    const verdicts = this.verdicts.next(wire.limits.bufferedBytes);
    const left = this.verdicts.size - verdicts.length;
    const budget = wire.limits.bufferedBytes - this.bytes;
    const room = this.most - this.atWork.size - this.undecided.size - this.taken.length - left;
    const most = this.isRetired || budget <= 0 ? 0 : Math.max(0, room);
    // When tasks are settled, this is called again.
    if (verdicts.length === 0 && most === 0) return Math.min(plan.poll, more, this.verdicts.wait);
    const { tasks, dead, next, failure } = await this.exchange(verdicts, most, budget);
    for (const { id, error } of dead) this.reportDead(id, error);
    this.take(tasks);
    if (failure !== undefined) this.host.failed(failure);
    return Math.min(plan.poll, next, this.takeMore(), this.verdicts.wait);
  }

  private async exchange(verdicts: readonly Verdict[], most: number, bytes: number): Promise<Exchanged> {
    const { store, terms } = this.host;
    const atWork = (): number[] => this.ids();
    try {
      const exchange = store.exchange(terms, { verdicts, most, bytes, atWork });
      this.exchanging = exchange;
      const exchanged = await exchange;
      this.verdicts.told(verdicts, exchanged.held);
      if (exchanged.tasks.length > 0) this.verdicts.worked();
      return exchanged;
    } catch (error) {
      if (verdicts.length === 0 || store.isPassing(error)) throw error;
      this.host.failed(error);
    }
    // One of them may be what the store refuses.
    const refused: Verdict[] = [];
    for (const verdict of verdicts) {
      try {
        const { held } = await store.exchange(terms, { verdicts: [verdict], most: 0, bytes, atWork });
        this.verdicts.told([verdict], held);
      } catch (error) {
        if (store.isPassing(error)) throw error;
        refused.push(verdict);
      }
    }
    this.verdicts.refused(refused, refused.length < verdicts.length);
    return { tasks: [], dead: [], held: [], next: HELD_MS };
  }

  private take(tasks: readonly Task[]): void {
    for (const task of tasks) {
      this.taken.push(task);
      this.bytes += task.size;
    }
    if (!this.isBeginning) this.beginSome();
  }

  private beginSome(): void {
    const until = time() + (this.host.store.isHere ? TURN_MS : SHORT_TURN_MS);
    do {
      const task = this.taken.shift();
      if (task !== undefined) this.begin(task);
    } while (this.taken.length > 0 && time() < until);
    this.isBeginning = this.taken.length > 0;
    if (this.isBeginning) afterTurn(() => this.beginSome());
  }

  /** Returns in how many ms this side takes more than now. */
  private takeMore(): number {
    const { inFlight } = this.host.plan;
    if (this.most === inFlight) return Number.POSITIVE_INFINITY;
    const left = this.moreAt - time();
    if (left > 0) return left;
    this.most = Math.min(inFlight, Math.ceil(this.most * 1.25) + 1);
    this.moreAt = time() + MORE_MS;
    return MORE_MS;
  }

  /** A task was refused, so this side has what it can have. It would take the same one again, and again. */
  private takeLess(): void {
    this.most = Math.min(this.most, this.atWork.size);
    this.moreAt = time() + MORE_MS;
  }

  private begin(task: Task): void {
    const { plan, wire, frames, accept } = this.host;
    if (this.isRetired) {
      this.bytes -= task.size;
      this.decide(givenBack(task));
      return;
    }
    // It has come to this side again.
    const before = this.atWork.get(task.id);
    if (before !== undefined) this.lose(before);
    const link = new TaskLink(task, plan.queue, plan.scheme, (...ended) => this.ended(...ended));
    this.atWork.set(task.id, link);
    deliver(link, accept(link), frames, wire.limits.frameBytes);
  }

  private ended(link: TaskLink, answer: readonly Frame[], reason: Error | undefined): void {
    const { task } = link;
    this.leave(link);
    if (isUnbegun(reason)) this.takeLess();
    const packed = answer.length === 0 ? undefined : this.host.frames.pack(answer);
    const verdict = verdictOf(task, packed, reason, this.host.plan.backoff);
    if (!(reason instanceof ConnectionLost)) this.decide(verdict);
    else if (this.isRetired) this.decide(givenBack(task));
    else
      this.undecided.set(
        verdict,
        setTimer(DECIDE_MS, () => this.settleUndecided(verdict, verdict)),
      );
  }

  private settleUndecided(verdict: Verdict, as: Verdict): void {
    clearTimer(this.undecided.get(verdict));
    if (this.undecided.delete(verdict)) this.decide(as);
  }

  private leave(link: TaskLink): void {
    if (this.atWork.get(link.task.id) === link) this.atWork.delete(link.task.id);
    this.bytes -= link.task.size;
  }

  /** The outcomes of one turn are stored together. */
  private decide(verdict: Verdict): void {
    if (verdict.state === 'dead') this.reportDead(verdict.task.id, verdict.error);
    this.verdicts.add(verdict);
    if (this.isTelling) return;
    this.isTelling = true;
    afterTurn(() => {
      this.isTelling = false;
      this.looking.now();
    });
  }

  private reportDead(id: number, error: string | undefined): void {
    this.host.wire.logger.warn(`${this.host.plan.address}: task ${id} is dead: ${printable(error ?? '', 1_000)}`);
  }

  // ---- leases -------------------------------------------------------------------------------------------------------

  private ids(): number[] {
    const settled = [...this.verdicts, ...this.undecided.keys()].map(({ task }) => task.id);
    return [...this.atWork.keys(), ...this.taken.map(({ id }) => id), ...settled];
  }

  private renewLater(ms: number): void {
    this.renewing = setTimer(ms, () => {
      const begin = time();
      const { lease } = this.host.terms;
      this.renew(begin + lease / 3)
        .catch((error: unknown) => this.host.failed(error))
        .then(() => {
          if (!this.isClosed) this.renewLater(Math.max(1, begin + lease / 3 - time()));
        });
    });
  }

  /** One at a time. What somebody has locked is tried again until then. */
  private async renew(until: number): Promise<void> {
    const { store, terms } = this.host;
    const links = [...this.atWork.values()];
    for (let ids = this.ids(); ids.length > 0 && !this.isClosed; ) {
      const { kept, held } = await store.renew(terms, ids);
      const renewed = new Set(ids);
      for (const link of links) {
        const { id } = link.task;
        if (renewed.has(id) && !kept.has(id) && this.atWork.get(id) === link) this.lose(link);
      }
      ids = [...held];
      if (ids.length > 0) await pause(HELD_MS);
      if (time() >= until) return;
    }
  }

  /** Another worker may have the task. */
  private lose(link: TaskLink): void {
    const { id } = link.task;
    link.lose(new ConnectionLost(`the lease of task ${id} is over: another worker may have it`));
    this.leave(link);
    this.looking.now();
  }

  // ---- ends ---------------------------------------------------------------------------------------------------------

  /** Takes no more tasks. Resolves when none is on its way. */
  async retire(): Promise<void> {
    this.isRetired = true;
    // Before anything is awaited: their time might be over then.
    for (const verdict of [...this.undecided.keys()]) this.settleUndecided(verdict, givenBack(verdict.task));
    for (const task of this.taken.splice(0)) this.begin(task);
    await this.exchanging?.catch(() => {});
  }

  /** Gives back what is at work, and resolves when the store knows it. */
  async close(): Promise<void> {
    const { plan, wire } = this.host;
    await this.retire();
    const reason = new ConnectionLost(`${plan.address} was closed`);
    for (const link of [...this.atWork.values()]) link.close(reason);
    await this.looking.stop();
    for (const until = time() + wire.limits.connectMs; this.verdicts.size > 0 && time() < until; ) {
      const verdicts = this.verdicts.next(wire.limits.bufferedBytes);
      try {
        if (verdicts.length > 0) await this.exchange(verdicts, 0, 0);
        else await pause(HELD_MS);
      } catch (error) {
        // Their leases end: another worker gets them.
        this.host.failed(error);
        break;
      }
    }
    this.isClosed = true;
    clearTimer(this.renewing);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimer(ms, resolve));
}
