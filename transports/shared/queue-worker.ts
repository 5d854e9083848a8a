import { printable } from '../../src/base/quote.js';
import { afterTurn, clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import type { Accept, Frame, Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { QueueFrames } from './queue-frames.js';
import { Looking } from './queue-looking.js';
import type { QueuePlan } from './queue-options.js';
import type { Store, Task, Terms, Verdict } from './queue-store.js';
import { deliver, givenBack, TaskLink, verdictOf } from './queue-task.js';

/**
 * After how many ms it is decided about a task whose side has lost a connection: the side may be about to be closed, and gives it back then.
 */
export const DECIDE_MS = 50;
/** After how many ms it is looked again for a task that is due and could not be taken: somebody else has its row. */
const HELD_MS = 50;

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
  /** What has become of tasks, until the store knows it. They count as at work: a worker that is killed leaves no more than `inFlight`. */
  private readonly verdicts: Verdict[] = [];
  /** Tasks whose side has lost a connection. */
  private readonly undecided = new Map<Verdict, Timer>();
  private telling: Promise<void> | undefined;
  private renewing: Timer | undefined;
  private isRetired = false;
  private isClosed = false;
  readonly looking: Looking;

  constructor(private readonly host: QueueHost) {
    this.looking = new Looking(
      () => this.look(),
      (error) => host.failed(error),
    );
    this.renewLater();
  }

  private async look(): Promise<number> {
    const { plan, store, wire, terms } = this.host;
    const room = plan.inFlight - this.atWork.size - this.undecided.size - this.verdicts.length;
    const budget = wire.limits.bufferedBytes - this.bytes;
    // When tasks are settled, this is called again.
    if (room <= 0 || budget <= 0) return plan.poll;
    const { tasks, dead } = await store.claim(terms, room, budget);
    for (const { id, error } of dead) this.reportDead(id, error);
    for (const task of tasks) this.begin(task);
    if (tasks.length === room || dead.length > 0) return tasks.length < room ? 0 : plan.poll;
    const due = await store.next();
    if (tasks.length > 0) return Math.min(plan.poll, Math.max(0, due));
    return Math.min(plan.poll, due > 0 ? Math.max(1, due) : HELD_MS);
  }

  private begin(task: Task): void {
    const { plan, wire, frames, accept } = this.host;
    if (this.isRetired) {
      this.decide(givenBack(task));
      return;
    }
    // It has come to this side again.
    const before = this.atWork.get(task.id);
    if (before !== undefined) this.lose(before);
    const link = new TaskLink(task, plan.queue, plan.scheme, (...ended) => this.ended(...ended));
    this.atWork.set(task.id, link);
    this.bytes += task.size;
    deliver(link, accept(link), frames, wire.limits.frameBytes);
  }

  private ended(link: TaskLink, answer: readonly Frame[], reason: Error | undefined): void {
    const { task } = link;
    this.leave(link);
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

  private reportDead(id: number, error: string | undefined): void {
    this.host.wire.logger.warn(`${this.host.plan.address}: task ${id} is dead: ${printable(error ?? '', 1_000)}`);
  }

  // ---- what has become of them --------------------------------------------------------------------------------------

  /** Those of one turn are settled together. */
  private decide(verdict: Verdict): void {
    if (verdict.state === 'dead') this.reportDead(verdict.task.id, verdict.error);
    this.verdicts.push(verdict);
    this.telling ??= new Promise<void>((resolve) => afterTurn(resolve)).then(() => this.tell());
  }

  private async tell(): Promise<void> {
    const { store, terms } = this.host;
    while (this.verdicts.length > 0) {
      const verdicts = [...this.verdicts];
      try {
        await store.settle(terms.worker, verdicts);
        this.verdicts.splice(0, verdicts.length);
        this.looking.now();
      } catch (error) {
        const wait = this.host.failed(error);
        // Their leases end: another worker gets them.
        if (this.isClosed) break;
        await new Promise<void>((resolve) => setTimer(wait, resolve));
      }
    }
    this.telling = undefined;
  }

  // ---- leases -------------------------------------------------------------------------------------------------------

  private renewLater(): void {
    this.renewing = setTimer(this.host.terms.lease / 3, () => {
      this.renewLater();
      this.renew().catch((error: unknown) => this.host.failed(error));
    });
  }

  private async renew(): Promise<void> {
    const { store, terms } = this.host;
    const held = [...this.atWork.values()];
    const ids = [...held, ...this.verdicts, ...this.undecided.keys()].map(({ task }) => task.id);
    if (ids.length === 0) return;
    const kept = await store.renew(terms, ids);
    for (const link of held) {
      const { id } = link.task;
      if (!kept.has(id) && this.atWork.get(id) === link) this.lose(link);
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
    await this.looking.stop();
  }

  /** Gives back what is at work, and resolves when the store knows it. */
  async close(): Promise<void> {
    await this.retire();
    const reason = new ConnectionLost(`${this.host.plan.address} was closed`);
    for (const link of [...this.atWork.values()]) link.close(reason);
    this.isClosed = true;
    await this.telling;
    clearTimer(this.renewing);
  }
}
