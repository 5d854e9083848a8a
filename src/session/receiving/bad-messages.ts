import type { Limits, Link } from '../../contract/contract.js';
import { ProtocolError } from '../../contract/errors.js';

/** What the count needs of its connection. */
export interface BadMessagesOwner {
  readonly link: Link;
  readonly host: { readonly limits: Limits };
  readonly ended: boolean;
  readonly sink: { end(reason: Error): void };
}

/**
 * Counts the messages of one peer that could not be read: those in a row, and those of one frame, whatever stands between them. More
 * than `badFrames` end the link. On a bus nobody is cut off, for another might have sent them in the peer's name, and over a link that
 * sends calls one by one each answer may come from somebody else; there the rest of the frame is dropped. Made with the first such message.
 */
export class BadMessages {
  private decoded = 0;
  private dispatched = 0;
  private inRow = 0;
  private last = '';

  constructor(private readonly owner: BadMessagesOwner) {}

  /** Another frame is read. */
  begin(): void {
    this.decoded = this.dispatched = 0;
  }

  /** The codec has found one more. Returns true if it need not read on: this is the last one of its frame that is counted. */
  read(): boolean {
    return ++this.decoded > this.owner.host.limits.badFrames;
  }

  /** One that could be read was dispatched. */
  interrupt(): void {
    this.inRow = 0;
  }

  /** Behind the text of why the link has ended: that the last message could not be read, if so. */
  get remark(): string {
    if (this.inRow === 0) return '';
    return `; the last message from it could not be read (${this.last}): check that both sides have the same codec`;
  }

  /** One more was dispatched, `what` it was. Ends the session if that is one too many. */
  count(what: string): void {
    const { link, host, ended } = this.owner;
    const { badFrames } = host.limits;
    this.dispatched++;
    this.inRow++;
    this.last = what;
    if (
      ended ||
      link.bus === true ||
      link.dispatch !== undefined ||
      (this.dispatched <= badFrames && this.inRow <= badFrames)
    )
      return;
    const which =
      this.inRow > badFrames ? `${this.inRow} messages in a row` : `${this.dispatched} messages of one frame`;
    this.owner.sink.end(new ProtocolError(`${which} could not be read; the last one: ${what}`));
  }
}
