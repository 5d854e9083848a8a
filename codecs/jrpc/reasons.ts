/*
 * Why a message is refused. The reason is sent to the peer after the text of JSON-RPC 2.0, so it must not contain the
 * value itself.
 */

/** The type of a JSON value, for people. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return Array.isArray(value) ? 'an array' : 'an object';
}

/** The reasons that do not depend on the value. */
export const reasons = {
  emptyBatch: 'a batch holds at least one message',
  entry: 'each message of a batch is an object',
  noBatches: 'this dialect has no batches, so a message is an object, not an array',
  version: 'the member "jsonrpc" must be "2.0"',
  shapeless: 'a message has a "method", a "result" or an "error"',
  noId: 'an answer has an "id", which is that of its call',
} as const;

/** A message that is not an object. */
export function noMessage(value: unknown): string {
  return `a message is an object, not ${kindOf(value)}`;
}

export function noMethod(method: unknown): string {
  return `"method" is a string, not ${kindOf(method)}`;
}

/** An id of a wrong type, or a number that cannot be distinguished from its neighbours. */
export function noId(id: unknown): string {
  const what = typeof id === 'number' ? 'a fraction or a larger number' : kindOf(id);
  return `"id" is a string, a whole number below 2^53, or null, not ${what}`;
}

export function noParams(params: unknown): string {
  const instead = params === null ? '; omit it if there are no arguments' : '';
  return `"params" is an object or an array, not ${kindOf(params)}${instead}`;
}
