import { printable } from '../../src/base/quote.js';
import type { Frame, Link, Receiver } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';
import { markPermanent } from '../../src/contract/permanent.js';

/** What a side of this library sends before it closes a link to a peer that speaks another protocol: one line of plain text. */
const REFUSED = '(obverse) ';
/** How many characters of it are shown. */
const SHOWN = 400;

/**
 * Passes everything to the receiver of a link, and then reports its end. Where nothing else has come than that the other side expects
 * another codec or protocol, the link ends with an error after which it is not dialed again.
 */
export class WatchedReceiver implements Receiver {
  readonly inputEnded?: () => void;
  private hasReceived = false;

  constructor(
    private readonly link: Link,
    private readonly receiver: Receiver,
    private readonly ended: (reason: Error | undefined) => void,
  ) {
    // If there is no such function, the link ends instead.
    if (receiver.inputEnded !== undefined) this.inputEnded = () => receiver.inputEnded?.();
  }

  get open(): number {
    return this.receiver.open ?? 0;
  }

  receive(frame: Frame): void {
    if (!this.hasReceived && this.refuses(frame)) return;
    this.receiver.receive(frame);
  }

  /** The first frame has come. */
  private refuses(frame: Frame): boolean {
    this.hasReceived = true;
    if (typeof frame !== 'string' || !frame.startsWith(REFUSED)) return false;
    const said = printable(frame.slice(REFUSED.length), SHOWN);
    this.link.close(
      markPermanent(new ProtocolError(`${this.link.peer} has refused the link: ${said}`, Code.ParseError)),
    );
    return true;
  }

  drained(): void {
    this.receiver.drained();
  }

  closed(reason?: Error): void {
    // What the framing cannot read from its beginning on is another protocol.
    if (!this.hasReceived && reason instanceof ProtocolError && reason.code === Code.ParseError) markPermanent(reason);
    this.receiver.closed(reason);
    this.ended(reason);
  }
}

/** The receiver of a link that is one too many, and is closed. */
export const deaf: Receiver = { receive() {}, drained() {}, closed() {} };
