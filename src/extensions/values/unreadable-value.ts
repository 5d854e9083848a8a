import { quote } from '../../base/quote.js';
import { messageOf } from '../../base/thrown.js';
import { Code, ProtocolError } from '../../contract/errors.js';

/** A value that has arrived, and that the `unpack` of its type refuses. `cause` is what `unpack` has thrown. */
export class UnreadableValue extends ProtocolError {
  constructor(
    private readonly tag: string,
    cause: unknown,
  ) {
    super(textOf(tag, messageOf(cause)), Code.InvalidParams, { cause });
    this.name = 'ProtocolError';
  }

  /** The error that the peer receives, with `why` as the reason. */
  withReason(why: string): ProtocolError {
    return new ProtocolError(textOf(this.tag, why), this.code);
  }
}

function textOf(tag: string, why: string): string {
  return `a value of the type ${quote(tag)} cannot be read: ${why}`;
}
