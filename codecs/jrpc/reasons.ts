/*
 * Why something is refused. A peer reads it behind the text of JSON-RPC 2.0, and so it holds nothing of the value itself.
 */

/** What a value of JSON is, for people. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return Array.isArray(value) ? 'an array' : 'an object';
}

/** The reasons, as far as none depends on what has come. */
export const reasons = {
  emptyBatch: 'a batch holds at least one message',
  entry: 'each message of a batch is an object',
  noBatches: 'this dialect has no batches, so a message is an object, not an array',
  version: 'the member "jsonrpc" must be "2.0"',
  shapeless: 'a message has a "method", a "result" or an "error"',
  noId: 'an answer has an "id", which is that of its call',
} as const;

/** A message is no object. */
export function noMessage(value: unknown): string {
  return `a message is an object, not ${kindOf(value)}`;
}

export function noMethod(method: unknown): string {
  return `"method" is a string, not ${kindOf(method)}`;
}

/** An id that no peer may use, or none that can be told from its neighbours. */
export function noId(id: unknown): string {
  const what = typeof id === 'number' ? 'a number that is none of these' : kindOf(id);
  return `"id" is a string, a whole number below 2^53, or null, not ${what}`;
}

export function noParams(params: unknown): string {
  const instead = params === null ? '; leave it out where there are no arguments' : '';
  return `"params" is an object or an array, not ${kindOf(params)}${instead}`;
}

/** What is marked as bytes in the dialect quickrpc is none. */
export function noBytes(error: unknown): string {
  return `"params" cannot be read: ${error instanceof TypeError ? error.message : '"__bytes" holds no base64'}`;
}
