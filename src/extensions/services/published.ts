import { printable } from '../../base/quote.js';
import type { Frame, Id, Message } from '../../contract/contract.js';
import { ProtocolError } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import { ABOUT, SECINFO } from '../../session/system/system-names.js';
import { between } from './in-turn.js';

/** What this needs of the session of a service. */
interface PublishedOwner {
  readonly connection: Connection | undefined;
  readonly host: { handles(method: string): boolean };
  report(error: unknown, id?: Id): void;
}

/**
 * What was sent to everybody or to a topic, and not to this side alone (`Receiver.published`). A peer that may send there does not need to serve, and
 * the ids of pending calls can be guessed: only methods are called by it, and nothing in it concerns a call of this side.
 */
export class Published {
  /** Such a frame is being dispatched. */
  isReading = false;

  constructor(private readonly owner: PublishedOwner) {}

  /** A frame, which takes the way of all others, through the security and the queue of the connection. */
  add(frame: Frame): void {
    const { connection } = this.owner;
    if (connection === undefined) return;
    between(
      connection,
      [frame],
      () => {
        this.isReading = true;
      },
      () => {
        this.isReading = false;
      },
    );
  }

  /** Whether a message is ignored, which is reported. */
  ignores(message: Message): boolean {
    if (!this.isReading || this.isCall(message)) return false;
    const what = message.kind === 'call' ? printable(message.method) : 'an answer';
    const text = `${what} that was sent to everybody, or to a topic, is ignored: it counts only from who has the call`;
    this.owner.report(new ProtocolError(text), message.id);
    return true;
  }

  /** Of a method, or what precedes one. */
  private isCall(message: Message): boolean {
    if (message.kind !== 'call') return false;
    const { method, id, args, means } = message;
    if (means !== undefined) return false;
    if (!method.startsWith('rpc.') || this.owner.host.handles(method)) return true;
    const [said] = args as readonly [{ readonly answer?: Id } | undefined];
    return id === undefined && (method === SECINFO || (method === ABOUT && said?.answer === undefined));
  }
}
