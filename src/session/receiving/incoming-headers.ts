import { quoteId } from '../../base/quote.js';
import type { About, Call, Id } from '../../contract/contract.js';
import { ProtocolError } from '../../contract/errors.js';

/** Headers, and their message: the call with this id, or (null) the next notification. */
export interface ReceivedHeaders {
  readonly call: Id;
  readonly about: About;
}

/** What the reader of call headers needs of its session. */
export interface CallAboutOwner {
  report(error: unknown): void;
}

/** The headers that a peer has sent of the call that it makes next. */
export class CallHeaders {
  /** Undefined while there are none, as for most calls. */
  received: ReceivedHeaders | undefined;

  constructor(private readonly owner: CallAboutOwner) {}

  /** Headers for the next call have arrived: earlier ones for the same call remain, except for the same fields. */
  expect(said: ReceivedHeaders): void {
    const before = this.received;
    this.received = said;
    if (before === undefined) return;
    if (before.call === said.call) this.received = { call: said.call, about: { ...before.about, ...said.about } };
    else this.lose(before, `rpc.about of ${nameOf(said.call)}`);
  }

  /** A call has arrived: returns its headers. Headers for another call are dropped and reported. */
  take(call: Call): About | undefined {
    const { received: said } = this;
    this.received = undefined;
    if (said === undefined) return undefined;
    const id = call.id ?? null;
    if (said.call === id) return said.about;
    this.lose(said, nameOf(id));
    return undefined;
  }

  /** The call with this id was refused: its headers are not for the next one that has the id. */
  forget(id: Id | undefined): void {
    if (this.received?.call === (id ?? null)) this.received = undefined;
  }

  private lose({ call }: ReceivedHeaders, next: string): void {
    const text = `rpc.about for ${nameOf(call)} is ignored: ${next} arrived before that call`;
    this.owner.report(new ProtocolError(text));
  }
}

function nameOf(call: Id): string {
  return call === null ? 'a notification' : `the call ${quoteId(call)}`;
}
