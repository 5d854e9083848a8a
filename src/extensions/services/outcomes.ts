import { Queue } from '../../base/queue.js';
import { printable } from '../../base/quote.js';
import type { Frame, Id, Message } from '../../contract/contract.js';
import { ProtocolError } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import type { PendingCalls } from '../../session/pending-calls.js';
import { ABOUT } from '../../session/system-names.js';

/** What this needs of the session of a service. */
interface OutcomesOwner {
  readonly connection: Connection | undefined;
  readonly pending: PendingCalls;
  /** The call has failed, if somebody still waits for it. */
  fail(id: number, error: Error): void;
}

/**
 * Results that the transport itself has related to their calls. Answers, whatever ids are in them, take the way of all frames, through the
 * security and the queue of the connection; one after the other, so that their messages get the right id. An error waits behind everything
 * that has arrived before it, which may contain the answer.
 */
export class Outcomes {
  private readonly waiting = new Queue<readonly [id: number, answer: readonly Frame[] | Error]>();
  /** The call whose answer is being read, or whose error waits. */
  private current: number | undefined;
  /** Its answer was read. */
  private answered = false;

  constructor(private readonly owner: OutcomesOwner) {}

  /** An answer or an error. One for a call that nobody waits for is ignored. */
  add(id: number, answer: readonly Frame[] | Error): void {
    if (this.owner.pending.at(id) === undefined) return;
    this.waiting.push([id, answer]);
    if (this.current === undefined) this.next();
  }

  private next(): void {
    const { connection, pending } = this.owner;
    const [id, answer] = this.waiting.shift() ?? [];
    if (connection === undefined || id === undefined || answer === undefined) return;
    this.current = id;
    this.answered = answer instanceof Error || pending.at(id) === undefined;
    if (!this.answered) for (const frame of answer as readonly Frame[]) connection.receive(frame);
    const over = (): void => {
      this.current = undefined;
      if (connection.ended) return;
      if (answer instanceof Error) this.owner.fail(id, answer);
      else if (!this.answered) this.owner.fail(id, this.notAnswered(id, connection));
      this.next();
    };
    // Not as for a link that has ended: its security may take the time that it needs.
    if (connection.queue === undefined) over();
    else connection.queue.whenDelivered(over);
  }

  private notAnswered(id: number, { link }: Connection): ProtocolError {
    const method = this.owner.pending.at(id)?.method;
    const expected = 'expected a message with its result or its error';
    return new ProtocolError(
      `${method}: what ${printable(link.peer)} responded contains no answer to the call; ${expected}`,
    );
  }

  /** The message as one that belongs to the call whose answer is being read. */
  named(message: Message): Message {
    const { current: id } = this;
    if (id === undefined) return message;
    if (message.kind === 'reply' || message.kind === 'fault') {
      this.answered = true;
      return message.id === id ? message : { ...message, id };
    }
    if (message.kind !== 'call' || message.method !== ABOUT) return message;
    const [said] = message.args as readonly [{ readonly answer?: Id } | undefined];
    if (said?.answer === undefined || said.answer === id) return message;
    return { ...message, args: [{ ...said, answer: id }] };
  }
}
