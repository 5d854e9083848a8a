import type { Frame, Link, Receiver } from '../../../src/contract/contract.js';
import { Code, ProtocolError } from '../../../src/contract/errors.js';
import { markPermanent } from '../../../src/contract/permanent.js';

/**
 * Passes everything to the receiver of a link, and then reports its end. Where nothing has come but another
 * protocol, it is not dialed again.
 */
export class WatchedReceiver implements Receiver {
  readonly inputEnded?: (reason?: Error) => void;
  /** Called before the end of the input is reported to the receiver. */
  ending?: () => void;
  private hasReceived = false;

  constructor(
    private readonly receiver: Receiver,
    private readonly ended: (reason: Error | undefined) => void,
  ) {
    // If there is no such function, the link ends instead.
    if (receiver.inputEnded !== undefined)
      this.inputEnded = (reason) => {
        this.ending?.();
        receiver.inputEnded?.(reason);
      };
  }

  get open(): number {
    return this.receiver.open ?? 0;
  }

  receive(frame: Frame): void {
    this.hasReceived = true;
    this.receiver.receive(frame);
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

/** Why a link cannot be dialed again when it has ended; undefined if it can. `before`: how many links its transport has brought up before it. */
export function whyNotAgain(link: Link, before: number): string | undefined {
  if (link.bus === true) return 'has no links that end';
  // A link to a service, and one whose calls are requests or tasks of their own, does not end when a connection does.
  if (link.anycast === true || link.takes !== undefined || (link.dispatch ?? link.choose) !== undefined)
    return 'connects again by itself; omit reconnect';
  return before > 0 ? 'has several links; give each part a reconnect of its own' : undefined;
}
