const unbegun = new WeakSet<object>();

/** Marks an error with which this side refuses a call that it has not begun, because it has too many: it may have it later. Returns the error. */
export function markUnbegun<E extends Error>(error: E): E {
  unbegun.add(error);
  return error;
}

/** Whether a brief link was closed with an error that says nothing of its call: it was not begun, and can be given to this side later. */
export function isUnbegun(reason: Error | undefined): boolean {
  return reason !== undefined && unbegun.has(reason);
}
