import type { Frame } from '../../contract/contract.js';
import type { Connection } from '../../session/connection.js';
import type { Journal } from '../../session/journal.js';
import type { RpcSession } from '../../session/rpc-session.js';
import { MessageNumbers } from './message-numbers.js';

/**
 * What a plain session has sent before the other side has answered the hello: a side that keeps sessions, and takes its time to answer, serves
 * nothing before the session that it names is confirmed, so these are the first messages of that one. They are kept until something comes, or
 * until there is too much.
 */
export class EarlyMessages implements Journal {
  readonly why = 'new link';
  unheard: Journal['unheard'];
  private readonly numbers: MessageNumbers;

  /** `window`: how many bytes are kept. */
  constructor(
    readonly session: RpcSession,
    readonly connection: Connection,
    private readonly window: number,
  ) {
    this.numbers = new MessageNumbers(window, window);
    session.journal = this;
  }

  admits(): boolean {
    return true;
  }

  given(messages: readonly Frame[], bytes: number | undefined, between: string | undefined): readonly Frame[] {
    const { numbers, session } = this;
    const before = numbers.keptBytes;
    const leaving = numbers.given(messages, bytes, between);
    session.load.add(numbers.keptBytes - before);
    if (numbers.keptBytes > this.window) this.end();
    return leaving;
  }

  get keptMessages(): number {
    return this.numbers.sent;
  }

  /** The other side does not wait: it serves what was sent. */
  came(): void {
    this.end();
  }

  lost(): boolean {
    return false;
  }

  /** The other side has not let this one in: it has carried out nothing. */
  refused(): void {
    const messages = this.numbers.kept();
    this.session.sendQueue.takeBack(messages.length);
    this.unheard = { messages, mayMove: true };
  }

  /** Keeps nothing any more. */
  end(): void {
    const { session, numbers } = this;
    if (session.journal !== this) return;
    session.journal = undefined;
    session.load.subtract(numbers.keptBytes);
  }

  /** The messages that the session has sent, all of them; undefined if they were not kept. The session has no journal then. */
  take(): readonly Frame[] | undefined {
    if (this.session.journal !== this) return undefined;
    this.end();
    return this.numbers.kept();
  }
}
