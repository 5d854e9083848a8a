import { UsageError } from './errors.js';

const permanent = new WeakSet<object>();

/** Marks an error that another attempt would meet again: the peer uses another codec, a server refuses the request. Returns the error. */
export function markPermanent<E extends Error>(error: E): E {
  permanent.add(error);
  return error;
}

/** Whether another attempt would meet the same error: a UsageError is one, and what is marked so. */
export function isPermanent(error: unknown): boolean {
  return error instanceof UsageError || permanent.has(error as object);
}
