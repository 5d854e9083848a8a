import { printable } from '../../../src/base/quote.js';
import { clearTimer, setTimer, type Timer, time } from '../../../src/base/time.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import { Looking } from './looking.js';
import { killedEachTime, type Place, type Task } from './store.js';
import { deliver, TaskLink, verdictOf } from './task.js';
import { DECIDE_MS, type QueueHost } from './worker.js';

/** How many tasks are read at a time. */
const PAGE = 32;
/** After how many ms it is looked again for tasks that cannot be seen yet. */
const HIDDEN_MS = 50;

/**
 * Reads all tasks of a queue in their order, one after the other, and remembers the last one. Of several sides with the same name one reads,
 * and another one when its lease is over.
 */
export class QueueReader {
  readonly looking: Looking;
  /** The last task that was read, and how often the one behind it was begun. */
  private place: Place = { last: 0, attempt: 0 };
  /** Whether this side has the place of the reader, and whether the store knows `last`. */
  private holds = false;
  private isStored = true;
  private page: Task[] = [];
  private current: TaskLink | undefined;
  /** On the clock of the process: when the next attempt begins. */
  private notBefore = 0;
  private holding: Timer | undefined;
  private isRetired = false;

  constructor(
    private readonly host: QueueHost,
    private readonly name: string,
  ) {
    this.looking = new Looking(
      () => this.look(),
      (error) => host.failed(error),
    );
    this.holdLater();
  }

  /** Handles one task. */
  private async look(): Promise<number> {
    const { plan, store, terms, wire } = this.host;
    if (this.isRetired || !(this.holds || (await this.hold()))) return plan.poll;
    const wait = this.notBefore - time();
    if (wait > 0) return wait;
    if (this.page.length === 0) {
      const { tasks, isHidden } = await store.read(this.place, PAGE, wire.limits.bufferedBytes);
      this.page = [...tasks];
      if (tasks.length === 0) {
        if (!this.isStored) await this.remember();
        return isHidden ? HIDDEN_MS : plan.poll;
      }
    }
    const task = this.page[0] as Task;
    const { attempt } = this.place;
    if (attempt >= terms.attempts) {
      await this.leaveBehind(task, killedEachTime(terms.attempts));
      return 0;
    }
    this.place = { ...this.place, attempt: attempt + 1 };
    // Before it begins: a task that ends its process each time is left behind after so many attempts.
    if (!(await this.remember())) return plan.poll;
    if (this.isRetired) this.notTried();
    else await this.handle({ ...task, attempt: attempt + 1, attempts: terms.attempts, asks: false });
    return 0;
  }

  private async handle(task: Task): Promise<void> {
    const { plan, wire, frames, accept } = this.host;
    const reason = await new Promise<Error | undefined>((resolve) => {
      const link = new TaskLink(task, plan.queue, plan.scheme, (_link, _answer, why) => resolve(why));
      this.current = link;
      deliver(link, accept(link), frames, wire.limits.frameBytes);
    });
    this.current = undefined;
    // Another side has its place, and the task.
    if (!this.holds) return;
    if (reason instanceof ConnectionLost && !this.isRetired)
      await new Promise<void>((resolve) => setTimer(DECIDE_MS, resolve));
    const { state, wait, error = '' } = verdictOf(task, undefined, reason, plan.backoff);
    if (reason instanceof ConnectionLost && this.isRetired) this.notTried();
    else if (state === 'back') {
      this.notTried();
      this.notBefore = time() + plan.backoff;
    } else if (state === 'done') this.pass(task, false);
    else if (state === 'again') this.notBefore = time() + wait;
    else await this.leaveBehind(task, error);
  }

  private notTried(): void {
    this.place = { ...this.place, attempt: this.place.attempt - 1 };
  }

  private pass(task: Task, isStored: boolean): void {
    this.place = behind(task);
    this.isStored = isStored;
    this.page.shift();
  }

  private async leaveBehind(task: Task, error: string): Promise<void> {
    const { store, terms, wire, plan } = this.host;
    if (!(await store.remember(this.name, terms, behind(task), { error }))) {
      this.lost();
      return;
    }
    wire.logger.warn(`${plan.address}: task ${task.id} is left behind: ${printable(error, 1_000)}`);
    this.pass(task, true);
  }

  // ---- its place ----------------------------------------------------------------------------------------------------

  private async hold(): Promise<boolean> {
    const { store, terms, plan } = this.host;
    const place = await store.hold(this.name, terms, plan.from);
    if (place === undefined) {
      this.lost();
      return false;
    }
    if (this.holds) return true;
    this.holds = true;
    this.place = place;
    this.page = [];
    this.isStored = true;
    return true;
  }

  private async remember(): Promise<boolean> {
    const { store, terms } = this.host;
    if (!(await store.remember(this.name, terms, this.place))) {
      this.lost();
      return false;
    }
    this.isStored = true;
    return true;
  }

  /** Another side reads. */
  private lost(): void {
    this.holds = false;
    this.current?.close(new ConnectionLost(`another side reads as "${this.name}" now: the lease was over`));
  }

  private holdLater(): void {
    this.holding = setTimer(this.host.terms.lease / 3, () => {
      this.holdLater();
      if (this.holds) this.hold().catch((error: unknown) => this.host.failed(error));
    });
  }

  // ---- ends ---------------------------------------------------------------------------------------------------------

  /** Begins no more tasks. */
  async retire(): Promise<void> {
    this.isRetired = true;
    this.looking.now();
  }

  /** Gives back what is at work, and resolves when another side can read. */
  async close(): Promise<void> {
    this.isRetired = true;
    this.current?.close(new ConnectionLost(`${this.host.plan.address} was closed`));
    await this.looking.stop();
    clearTimer(this.holding);
    if (!this.holds) return;
    const { store, terms } = this.host;
    await store.release(this.name, terms.worker, this.place).catch((error: unknown) => this.host.failed(error));
  }
}

function behind({ id, mark }: Task): Place {
  return { last: id, mark, attempt: 0 };
}
