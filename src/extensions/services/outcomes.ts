import { Queue } from '../../base/queue.js';
import type { Frame, Id, Message } from '../../contract/contract.js';
import type { Connection } from '../../session/connection.js';
import type { PendingCalls } from '../../session/pending-calls.js';
import { ABOUT } from '../../session/system-names.js';
import { whenDelivered } from '../../session/when-delivered.js';

/** What this needs of the session of a service. */
interface OutcomesOwner {
  readonly connection: Connection | undefined;
  readonly pending: PendingCalls;
}

/**
 * Answers that the transport itself has related to their calls, whatever ids are in them. Each takes the way of all frames, through the
 * security and the queue of the connection; one after the other, so that its messages get the right id.
 */
export class Outcomes {
  private readonly waiting = new Queue<readonly [id: number, frames: readonly Frame[]]>();
  /** The call whose answer is being read. */
  private current: number | undefined;

  constructor(private readonly owner: OutcomesOwner) {}

  /** The frames of an answer. One for a call that nobody waits for is ignored. */
  add(id: number, frames: readonly Frame[]): void {
    if (this.owner.pending.at(id) === undefined) return;
    this.waiting.push([id, frames]);
    if (this.current === undefined) this.next();
  }

  private next(): void {
    const { connection, pending } = this.owner;
    const [id, frames] = this.waiting.shift() ?? [];
    this.current = id;
    if (connection === undefined || id === undefined || frames === undefined) return;
    if (pending.at(id) !== undefined) for (const frame of frames) connection.receive(frame);
    whenDelivered(connection, () => {
      this.current = undefined;
      if (!connection.ended) this.next();
    });
  }

  /** The message as one that belongs to the call whose answer is being read. */
  named(message: Message): Message {
    const { current: id } = this;
    if (id === undefined) return message;
    if (message.kind === 'reply' || message.kind === 'fault') return message.id === id ? message : { ...message, id };
    if (message.kind !== 'call' || message.method !== ABOUT) return message;
    const [said] = message.args as readonly [{ readonly answer?: Id } | undefined];
    if (said?.answer === undefined || said.answer === id) return message;
    return { ...message, args: [{ ...said, answer: id }] };
  }
}
