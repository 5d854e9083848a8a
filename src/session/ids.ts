import { quoteId } from '../base/quote.js';
import type { Id } from '../contract/contract.js';
import { ProtocolError } from '../contract/errors.js';

/** Whether an id names one call. Any number of requests may have the id null, so it is no key in a table. */
export function isKey(id: Id | undefined): id is number | string {
  return id !== undefined && id !== null;
}

/** The error for a call whose id an active call has. */
export function idInUse(id: Id): ProtocolError {
  return new ProtocolError(`the id ${quoteId(id)} is in use`);
}
