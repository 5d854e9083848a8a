import type { Msg } from '@nats-io/nats-core';
import type { Link, LinkInfo, Receiver } from '../../../src/contract/contract.js';
import type { Task } from './tasks.js';

/** The ids of messages that were written without a key: without a space, which each id with a key has. */
const OWN_ID = /^[^ ]*\.o-[\w-]{10,64}\.\d+$/;

/** What a header does not keep: spaces at its ends, and control characters. And what stands for these. */
const UNKEPT = /[\s%\p{Cc}]/gu;

/** A key, as it stands in a header. */
export const encodeKey = (key: string): string => key.replace(UNKEPT, encodeURIComponent);

/** The key that stands in a header; what another program has written as it is. */
export function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The id of a message with a key. A stream knows an id for all its subjects, so it has the subject. No subject has a space, and no other id of
 * this library: so a key is never taken for another one, or for that of a dead message.
 */
export const idOf = (subject: string, key: string): string => `${subject} ${encodeKey(key)}`;

/** The key with which a message was written, or the id that another program has given it; undefined if it has none. */
export function keyOf({ headers, subject }: Pick<Msg, 'headers' | 'subject'>): string | undefined {
  const id = headers?.get('Nats-Msg-Id');
  if (!id || OWN_ID.test(id)) return undefined;
  const prefix = idOf(subject, '');
  return id.startsWith(prefix) ? decodeKey(id.slice(prefix.length)) : id;
}

/** Whoever decides about a message that was not handled. */
export interface Verdicts {
  /** It was not handled, for this reason. */
  failed(task: Task, reason: Error): void;
}

/** One message of the stream, as the link of a peer that has sent it. It is acknowledged when the link is closed without a reason. */
export class TaskLink implements Link {
  readonly brief = true;
  readonly takes = 'answers';
  readonly buffered = 0;
  readonly peer: string;
  receiver: Receiver | undefined;
  private isOver = false;

  constructor(
    private readonly task: Task,
    subject: string,
    private readonly verdicts: Verdicts,
    private readonly ended: (link: TaskLink) => void,
  ) {
    this.peer = `nats:${subject}#${task.sequence}`;
  }

  get info(): LinkInfo {
    const { sequence, attempt, stored, headers, message } = this.task;
    const reason = headers?.get('Obverse-Reason');
    // The id of a dead message is made of the number that it had.
    const key = reason ? decodeKey(headers?.get('Obverse-Key') ?? '') : keyOf(message);
    return {
      subject: message.subject,
      sequence,
      attempt,
      stored,
      ...(key && { key }),
      ...(reason && { reason, original: Number(headers?.get('Obverse-Sequence')) }),
    };
  }

  /** Nobody waits for answers. */
  send(): void {}
  pause(): void {}
  resume(): void {}

  close(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    const { task } = this;
    if (reason === undefined) task.done();
    else this.verdicts.failed(task, reason);
    this.ended(this);
    queueMicrotask(() => this.receiver?.closed(reason));
  }
}
