import { messageOf } from '../../../src/base/thrown.js';
import { afterTurn, setTimer, time } from '../../../src/base/time.js';
import type { Delivery, Envelope, Frame, Link, Receiver } from '../../../src/contract/contract.js';
import { Code, ConnectionLost, RpcError } from '../../../src/contract/errors.js';
import { Flushes } from '../flushes.js';
import type { QueueFrames } from './frames.js';
import { Looking } from './looking.js';
import type { QueuePlan } from './options.js';
import type { Ended, NewTask, Store, Stored } from './store.js';

/** It is reported to the core that bytes have left once fewer than this wait. */
const LOW_BYTES = 64 * 1024;
/** What a task holds besides its message, in bytes. */
const TASK_BYTES = 512;
/** How many tasks are asked for at a time. */
const ASKED_AT_ONCE = 500;
/** After how many ms it is tried again to store tasks. */
const AGAIN_MS = 100;

/** What the link needs of its transport. */
export interface WriterHost {
  readonly plan: QueuePlan;
  readonly frames: QueueFrames;
  readonly store: Store;
  /** In ms: how long storing may be tried. */
  readonly patience: number;
  /** In bytes: how much is read at a time. */
  readonly mostBytes: number;
  failed(error: unknown): number;
  /** Something was not stored, and nobody has heard of it. */
  lost(text: string): void;
}

/** What a table cannot have in a text. */
const UNFIT = /[\0\p{Surrogate}]/gu;

interface Unstored {
  readonly task: NewTask;
  /** Of the call that waits for an answer. */
  readonly id: number | undefined;
  readonly bytes: number;
  readonly since: number;
}

/** The link of a side that writes to a queue: each call is a task. Requests are answered when their tasks have ended. */
export class QueueWriter implements Link {
  readonly takes: 'calls' | 'notifications';
  readonly keeps: readonly (keyof Delivery)[];
  /** Nobody answers a hello. */
  readonly agreed = false;
  readonly peer: string;
  readonly looking: Looking;
  buffered = 0;
  receiver: Receiver | undefined;
  private waiting: Unstored[] = [];
  private storing: Promise<void> | undefined;
  /** How many tasks were given, and of how many it is known whether they are stored. */
  private given = 0;
  private decided = 0;
  private settling: { readonly upTo: number; readonly resolve: () => void }[] = [];
  private readonly flushes: Flushes;
  /** The calls that wait for an answer, and whose tasks are not stored yet. */
  private readonly unstored = new Map<number, Unstored>();
  /** The calls that wait for a task, by its number, and the task of each call. */
  private readonly asked = new Map<number, Set<number>>();
  private readonly tasks = new Map<number, number>();
  /** Tasks that may have ended; undefined: all. */
  private ended: Set<number> | undefined = new Set();
  /** Something has changed while tasks were being stored: those may have ended before they are known here. */
  private hasMissed = false;
  private wasHigh = false;
  private isOver = false;
  /** Set by `close`: resolves when the link has ended. */
  over: Promise<void> | undefined;

  constructor(private readonly host: WriterHost) {
    const { forReaders, scheme, queue } = host.plan;
    this.peer = `${scheme}:${queue}`;
    this.takes = forReaders ? 'notifications' : 'calls';
    this.keeps = forReaders ? ['key'] : ['key', 'delay', 'priority', 'attempts'];
    this.looking = new Looking(
      () => this.look(),
      (error) => host.failed(error),
    );
    this.flushes = new Flushes((text) => host.lost(text));
  }

  /** Everything leaves through `dispatch`. */
  send(): void {}

  dispatch(frames: readonly Frame[], { id, method, delivery }: Envelope): undefined {
    if (this.over !== undefined) return;
    const body = this.host.frames.pack(frames);
    const { key, delay = 0, priority = 0, attempts } = delivery ?? {};
    // The name is for people, and to compare calls with the same key: the message has it as it is.
    const name = method.replace(UNFIT, '\ufffd');
    const task = { method: name, body, asks: id !== undefined, key, delay, priority, attempts };
    const bytes = body.length + TASK_BYTES;
    const one = { task, id, bytes, since: time() };
    this.waiting.push(one);
    if (id !== undefined) this.unstored.set(id, one);
    this.given++;
    this.buffered += bytes;
    if (this.buffered > LOW_BYTES) this.wasHigh = true;
    this.storing ??= new Promise<void>((resolve) => afterTurn(resolve)).then(() => this.store());
  }

  // ---- storing ------------------------------------------------------------------------------------------------------

  /** What one turn has written is stored together: all of it or nothing. */
  private async store(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      this.hasMissed = false;
      try {
        const stored = await this.insert(batch);
        for (const [at, one] of batch.entries()) this.stored(one, stored[at] as Stored, this.decided + at);
        if (this.hasMissed) this.changed();
        else if (this.asked.size > 0) this.looking.within(this.host.plan.poll);
      } catch (cause) {
        this.refuse(batch, cause instanceof ConnectionLost ? cause : this.notStored(cause, false));
      }
      for (const { bytes } of batch) this.buffered -= bytes;
      this.decided += batch.length;
      for (const { upTo, resolve } of this.settling) if (upTo <= this.decided) resolve();
      this.settling = this.settling.filter(({ upTo }) => upTo > this.decided);
      this.freed();
    }
    this.storing = undefined;
  }

  private async insert(batch: readonly Unstored[]): Promise<readonly Stored[]> {
    const { store, patience } = this.host;
    const tasks = batch.map(({ task }) => task);
    const until = (batch[0]?.since ?? 0) + patience;
    for (let mayBeStored = false; ; ) {
      try {
        return await store.insert(tasks);
      } catch (error) {
        mayBeStored ||= store.mayHaveStored?.(error) === true;
        if (!store.isPassing(error) || time() + AGAIN_MS >= until) throw this.notStored(error, mayBeStored);
        this.host.failed(error);
      }
      await new Promise<void>((resolve) => setTimer(AGAIN_MS, resolve));
    }
  }

  private notStored(cause: unknown, mayBeStored: boolean): ConnectionLost {
    const { address } = this.host.plan;
    const text = mayBeStored
      ? `${address} has not confirmed what was written, which may be stored nevertheless: ${messageOf(cause)}; to write it again, use a key (delivery: { key }) that it had before`
      : `${address} has not stored what was written: ${messageOf(cause)}`;
    return new ConnectionLost(text, { cause });
  }

  private refuse(batch: readonly Unstored[], error: ConnectionLost): void {
    this.flushes.failed(error, this.decided, batch.filter(({ id }) => id === undefined).length);
    for (const one of batch) if (this.isAwaited(one)) this.receiver?.outcome?.(one.id, error);
  }

  /** Whether somebody waits for the answer still. To be asked once, when it is known whether the task is stored. */
  private isAwaited(one: Unstored): one is Unstored & { readonly id: number } {
    return one.id !== undefined && this.unstored.get(one.id) === one && this.unstored.delete(one.id);
  }

  /** `at`: the place of the task among all that were given. */
  private stored(one: Unstored, stored: Stored, at: number): void {
    const { id, task } = one;
    const isAwaited = this.isAwaited(one);
    if (stored.method !== task.method) {
      const text = `the key ${JSON.stringify(task.key)} belongs to a call of ${stored.method}, task ${stored.id}: use another key for ${task.method}`;
      const error = new RpcError(text, Code.InvalidRequest);
      this.flushes.failed(error, at, id === undefined ? 1 : 0);
      if (isAwaited) this.receiver?.outcome?.(one.id, error);
    } else if (isAwaited) this.await(one.id, stored);
  }

  private freed(): void {
    if (!this.wasHigh || this.buffered > LOW_BYTES || this.isOver) return;
    this.wasHigh = false;
    this.receiver?.drained();
  }

  /** Resolves when all that was given before is stored; rejects if something was not since the last time. */
  async flush(): Promise<void> {
    const upTo = this.given;
    const isSettled = this.decided >= upTo;
    await this.flushes.flush(
      upTo,
      isSettled ? undefined : new Promise<void>((resolve) => this.settling.push({ upTo, resolve })),
    );
  }

  // ---- answers ------------------------------------------------------------------------------------------------------

  private await(id: number, stored: Stored): void {
    this.tasks.set(id, stored.id);
    const calls = this.asked.get(stored.id);
    if (calls === undefined) this.asked.set(stored.id, new Set([id]));
    else calls.add(id);
    // It may have ended long ago.
    if (stored.isOld) this.changed([stored.id]);
  }

  /** The call is cancelled. Its task continues. */
  withdraw(id: number): void {
    this.unstored.delete(id);
    const task = this.tasks.get(id);
    if (task === undefined) return;
    this.tasks.delete(id);
    const calls = this.asked.get(task);
    calls?.delete(id);
    if (calls?.size === 0) this.asked.delete(task);
  }

  /** Something has changed: these tasks may have ended, or any. */
  changed(ended?: readonly number[]): void {
    this.hasMissed = true;
    if (this.asked.size === 0) return;
    if (ended === undefined) this.ended = undefined;
    else {
      const known = ended.filter((id) => this.asked.has(id));
      if (known.length === 0) return;
      for (const id of known) this.ended?.add(id);
    }
    this.looking.now();
  }

  private async look(): Promise<number> {
    const { plan } = this.host;
    const ids = this.ended?.size ? [...this.ended].filter((id) => this.asked.has(id)) : [...this.asked.keys()];
    this.ended = new Set();
    for (let at = 0; at < ids.length; at += ASKED_AT_ONCE) await this.lookFor(ids.slice(at, at + ASKED_AT_ONCE));
    return this.asked.size === 0 ? Number.POSITIVE_INFINITY : plan.poll;
  }

  private async lookFor(ids: readonly number[]): Promise<void> {
    for (let left = ids; left.length > 0; ) {
      const ended = await this.host.store.ended(left, this.host.mostBytes);
      if (ended.length === 0) return;
      for (const one of ended) this.answer(one);
      const known = new Set(ended.map(({ id }) => id));
      left = left.filter((id) => !known.has(id));
    }
  }

  private answer({ id, state, answer, size, error }: Ended): void {
    const calls = this.asked.get(id);
    this.asked.delete(id);
    for (const call of calls ?? []) {
      this.tasks.delete(call);
      this.receiver?.outcome?.(call, answer === undefined ? missing(id, state, size, error) : this.unpacked(answer));
    }
  }

  private unpacked(answer: string | Uint8Array): readonly Frame[] | Error {
    try {
      return this.host.frames.unpack(answer, this.host.mostBytes);
    } catch (error) {
      return error as Error;
    }
  }

  // ---- the link -----------------------------------------------------------------------------------------------------

  pause(): void {}
  resume(): void {}

  close(reason?: Error): void {
    this.over ??= this.finish(reason);
  }

  /** What was given is stored first. */
  private async finish(reason: Error | undefined): Promise<void> {
    await this.storing;
    this.flushes.close();
    await this.looking.stop();
    this.isOver = true;
    this.receiver?.closed(reason);
  }
}

/** Why there is no answer of a task. */
function missing(id: number, state: Ended['state'], size: number, error: string | undefined): RpcError {
  if (state === 'gone')
    return new RpcError(
      `task ${id} is not in the queue any more: somebody has deleted it, or it was removed some time after its end (keep)`,
    );
  if (size > 0)
    return new RpcError(`the answer of task ${id} has ${size} bytes, too many for this side`, Code.TooLarge);
  if (state === 'dead') return new RpcError(error ?? `task ${id} is dead`, Code.InternalError);
  return new RpcError(`task ${id} has no answer: it was written as a notification`);
}
