import type { Id } from '../contract/contract.js';

/** Whether an id names one call. Any number of requests may have the id null, so it is no key in a table. */
export function isKey(id: Id | undefined): id is number | string {
  return id !== undefined && id !== null;
}
