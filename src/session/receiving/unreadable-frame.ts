import { beginningOf, PRINTED, printable } from '../../base/quote.js';
import type { Frame, Link } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';

/** A frame that could not be read. Its text is for this side: it shows what was read. */
export class UnreadableFrame extends ProtocolError {
  /** The text of the error for the peer. */
  readonly forPeer: string;

  /** `thrown` is what the codec has thrown, `read` what it could not read, for people. */
  constructor(thrown: unknown, read: string) {
    const known = thrown instanceof ProtocolError ? thrown : undefined;
    const what = known?.message ?? 'Parse error';
    super(`${what}: ${read}`, known?.code ?? Code.ParseError, { cause: known === undefined ? thrown : known.cause });
    this.name = 'ProtocolError';
    this.forPeer = known === undefined ? `${what}: the frame cannot be decoded` : withReason(known);
  }
}

/** What the codec reports, and why. What something else has thrown stays on this side. */
function withReason({ message, cause }: ProtocolError): string {
  return cause instanceof SyntaxError ? `${message}: ${printable(cause.message)}` : message;
}

/** What a frame begins with that could not be read, for people, and what may be the matter. */
export function wrongWith(link: Link, frame: Frame): string {
  const read = beginningOf(frame);
  // Of a program that this side has started, the transport knows the command.
  if (link.info?.command === undefined) return read;
  return `${read} (${PRINTED})`;
}
