import { isThenable } from '../base/promise-like.js';
import type { Id } from '../contract/contract.js';
import type { Peer } from '../types/peers.js';
import type { Reports } from './reports.js';

/** Calls the `onMessageError` of a side. What goes wrong with it is reported, and harms nothing. */
export function reportMessageError(
  onMessageError: (peer: Peer, error: unknown, id?: Id) => unknown,
  reports: Reports,
  peer: Peer,
  error: unknown,
  id: Id | undefined,
): void {
  const failed = (thrown: unknown): void => {
    try {
      reports.write('error', peer, 'onMessageError has thrown:', thrown);
    } catch {
      // Neither does a logger that throws.
    }
  };
  try {
    const given = onMessageError(peer, error, id);
    if (isThenable(given)) given.then(undefined, failed);
  } catch (thrown) {
    failed(thrown);
  }
}
