import { quote } from '../../base/quote.js';
import { Code, ProtocolError } from '../../contract/errors.js';

/** The error for a tag that no registered type has. */
export function unknownTag(tag: string): ProtocolError {
  const text = `a value of the type ${quote(tag, 100)} has arrived, which this side does not have: register it with the option "types"`;
  return new ProtocolError(text, Code.InvalidParams);
}
