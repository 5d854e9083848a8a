import { printable } from '../../../src/base/quote.js';
import { messageOf } from '../../../src/base/thrown.js';
import type { Frame, Link, LinkInfo, Receiver } from '../../../src/contract/contract.js';
import { Aborted, Code, ConnectionLost, ProtocolError, RpcError, TimeoutError } from '../../../src/contract/errors.js';
import { isUnbegun } from '../../../src/contract/unbegun.js';
import type { QueueFrames } from './frames.js';
import type { Body, Task, Verdict } from './store.js';

/** Codes of errors that no further attempt changes: the task cannot be read, or its arguments do not fit. */
const HOPELESS: readonly unknown[] = [Code.InvalidParams, Code.InvalidRequest, Code.ParseError, Code.TooLarge];
/** Codes of errors that another attempt may change, whoever has thrown them. */
const PASSING: readonly unknown[] = [Code.ConnectionLost, Code.Timeout, Code.Aborted, Code.Busy, Code.MethodNotFound];
/** A task waits at most so many times `backoff`. */
const MOST_BACKOFF = 1_024;
/** How many letters of a reason are kept with a task. */
const REASON = 1_000;

/** One task, as the link of a peer that has sent it. What the link is closed with decides what becomes of the task. */
export class TaskLink implements Link {
  readonly brief = true;
  readonly takes = 'answers';
  readonly buffered = 0;
  readonly peer: string;
  receiver: Receiver | undefined;
  private readonly frames: Frame[] = [];
  private isOver = false;

  constructor(
    readonly task: Task,
    private readonly queue: string,
    scheme: string,
    private readonly ended: (link: TaskLink, answer: readonly Frame[], reason: Error | undefined) => void,
  ) {
    this.peer = `${scheme}:${queue}#${task.id}`;
  }

  get info(): LinkInfo {
    const { id, attempt, stored, key } = this.task;
    return { queue: this.queue, task: id, attempt, stored, ...(key !== undefined && { key }) };
  }

  send(frames: readonly Frame[]): void {
    if (this.task.asks && !this.isOver) this.frames.push(...frames);
  }

  pause(): void {}
  resume(): void {}

  close(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.ended(this, this.frames, reason);
    queueMicrotask(() => this.receiver?.closed(reason));
  }

  /** Another worker has the task: what is done here does not count any more. */
  lose(reason: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.receiver?.closed(reason);
  }
}

/** Delivers the task of a link. `most`: the largest body in bytes. One that cannot be delivered closes the link, with the reason. */
export function deliver(link: TaskLink, receiver: Receiver, frames: QueueFrames, most: number): void {
  link.receiver = receiver;
  const { id, body, size } = link.task;
  try {
    if (body === undefined)
      throw new ProtocolError(`task ${id} has ${size} bytes, more than ${most} (limits.frameBytes)`, Code.TooLarge);
    for (const frame of frames.unpack(body, most)) receiver.receive(frame);
    // With a security, what was unpacked may have been no whole message.
    receiver.inputEnded?.();
  } catch (error) {
    link.close(error instanceof Error ? error : new ProtocolError(messageOf(error)));
  }
}

/**
 * What becomes of a task whose link was closed with this reason; one that this side has refused because it has too many is given back. An error that the handler means for its caller is an answer; after any
 * other error the task is tried again, as often as it may be.
 */
export function verdictOf(task: Task, answer: Body | undefined, reason: Error | undefined, backoff: number): Verdict {
  if (reason === undefined) return { task, state: 'done', wait: 0, answer, error: undefined };
  if (isUnbegun(reason)) return givenBack(task);
  const error = printable(reason.message, REASON);
  const { code } = reason as { code?: unknown };
  const isHopeless = HOPELESS.includes(code);
  if (answer !== undefined && !isHopeless && isAnswer(reason, code))
    return { task, state: 'done', wait: 0, answer, error };
  if (isHopeless || task.attempt >= task.attempts) return { task, state: 'dead', wait: 0, answer, error };
  const wait = backoff * Math.min(MOST_BACKOFF, 2 ** (task.attempt - 1));
  return { task, state: 'again', wait, answer: undefined, error };
}

/** The task is given back as it was taken. */
export function givenBack(task: Task): Verdict {
  return { task, state: 'back', wait: 0, answer: undefined, error: undefined };
}

function isAnswer(reason: Error, code: unknown): boolean {
  const isOwn = reason instanceof ConnectionLost || reason instanceof TimeoutError || reason instanceof Aborted;
  return reason instanceof RpcError && !isOwn && !PASSING.includes(code);
}
