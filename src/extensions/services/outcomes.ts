import { printable } from '../../base/quote.js';
import type { Frame, Id, Message } from '../../contract/contract.js';
import { ProtocolError } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import type { PendingCalls } from '../../session/outgoing-calls/pending-calls.js';
import { ABOUT } from '../../session/system/system-names.js';
import { between, inTurn } from './in-turn.js';

/** What this needs of the session of a service. */
interface OutcomesOwner {
  readonly connection: Connection | undefined;
  readonly pending: PendingCalls;
  /** The call has failed, if somebody still waits for it. */
  fail(id: number, error: Error): void;
}

type Answer = readonly Frame[] | Error;

/**
 * Results that the transport itself has related to their calls. Answers, whatever ids are in them, take the way of all frames, through the
 * security and the queue of the connection; one after the other, so that their messages get the right id. Each result waits behind
 * everything that has arrived before it.
 */
export class Outcomes {
  /** One for each call at most. */
  private readonly waiting = new Map<number, Answer>();
  /** One of them is at its turn. */
  private isBusy = false;
  /** The call whose answer is being read. */
  private current: number | undefined;
  /** Its answer was read. */
  private answered = false;
  /** Why it could not be read. */
  private wrong: Error | undefined;

  constructor(private readonly owner: OutcomesOwner) {}

  /** An answer or an error. One for a call that nobody waits for is ignored. */
  add(id: number, answer: Answer): void {
    const before = this.waiting.get(id);
    if (this.owner.pending.at(id) === undefined || (before !== undefined && !(before instanceof Error))) return;
    this.waiting.set(id, answer);
    if (!this.isBusy) this.next();
  }

  private next(): void {
    const [first] = this.waiting;
    const { connection } = this.owner;
    this.isBusy = first !== undefined;
    if (first === undefined) return;
    this.waiting.delete(first[0]);
    if (connection !== undefined) inTurn(connection, () => this.begin(first[0], first[1], connection));
  }

  private begin(id: number, answer: Answer, connection: Connection): void {
    const { owner } = this;
    if (answer instanceof Error) owner.fail(id, answer);
    else if (owner.pending.at(id) !== undefined) {
      const before = (): void => {
        this.current = id;
        this.answered = false;
        this.wrong = undefined;
      };
      // More may have arrived meanwhile, with ids of its own.
      between(connection, answer, before, () => this.end(id, connection));
      return;
    }
    this.next();
  }

  private end(id: number, connection: Connection): void {
    this.current = undefined;
    if (!this.answered && !connection.ended) this.owner.fail(id, this.notAnswered(id, connection));
    this.next();
  }

  private notAnswered(id: number, { link }: Connection): ProtocolError {
    const { wrong } = this;
    const what = `${this.owner.pending.at(id)?.method}: what ${printable(link.peer)} responded contains no answer to the call`;
    if (wrong !== undefined) return new ProtocolError(`${what}: ${wrong.message}`, undefined, { cause: wrong });
    return new ProtocolError(`${what}; expected a message with its result or its error`);
  }

  /** A message, or a whole frame, could not be read, or is refused. */
  refused(error: Error): void {
    this.wrong ??= error;
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
