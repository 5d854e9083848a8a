import type { Bad, Batch, FaultBody, Id, Message } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { noId, noMessage, noMethod, noParams, reasons } from './reasons.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Turns a parsed value into a message; `lenient`: see `Dialect`. A value that is not a message becomes a `bad` with the id that can be
 * recognized; but a malformed response is never dropped: its caller gets an error.
 */
export function messageOf(value: unknown, lenient: boolean = false, batch?: Batch): Message {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad(noMessage(value), null, batch);
  const fields = value as Fields;
  const id = idOf(fields.id);
  const { method, result, error } = fields;
  const answers = method === undefined && (result !== undefined || error !== undefined);
  if (fields.jsonrpc !== '2.0')
    return answers && id !== undefined ? foreign(id, error) : bad(reasons.version, id, batch);
  if (answers) return answerOf(fields, id, lenient, batch);
  if (method !== undefined) return callOf(fields, id, lenient, batch);
  // A peer that omits what is null or undefined has still answered.
  if (lenient && id !== undefined && fields.params === undefined) return { kind: 'reply', id, value: null };
  return bad(reasons.shapeless, id, batch);
}

/** The replacement for a value that is not a message. The reason follows the text of the specification. */
export function bad(reason: string, id: Id | undefined, batch?: Batch): Bad {
  const error = { code: Code.InvalidRequest, message: `Invalid Request: ${reason}` };
  return { kind: 'bad', id: id ?? null, error, batch };
}

/**
 * A valid id; undefined for anything else, and for a number that is not a safe integer: another number may have been
 * rounded to it.
 */
export function idOf(id: unknown): Id | undefined {
  return typeof id === 'string' || id === null || Number.isSafeInteger(id) ? (id as Id) : undefined;
}

function callOf(fields: Fields, id: Id | undefined, lenient: boolean, batch?: Batch): Message {
  const { method, params } = fields;
  if (typeof method !== 'string') return bad(noMethod(method), id, batch);
  if (id === undefined && fields.id !== undefined) return bad(noId(fields.id), id, batch);
  // A notification gets no response, so it does not belong to the batch.
  const answers = id === undefined ? undefined : batch;
  // Written out, in the order of the fields elsewhere: with a spread, reading a packet takes three times as long.
  if (params === undefined || (params === null && lenient))
    return { kind: 'call', id, method, args: [], named: false, batch: answers };
  if (typeof params !== 'object' || params === null) return bad(noParams(params), id, batch);
  const named = !Array.isArray(params);
  return { kind: 'call', id, method, args: named ? [params] : (params as unknown[]), named, batch: answers };
}

function answerOf(fields: Fields, id: Id | undefined, lenient: boolean, batch?: Batch): Message {
  const { result, error } = fields;
  if (error === undefined || (error === null && result !== undefined && lenient)) {
    if (id === undefined) return bad(fields.id === undefined ? reasons.noId : noId(fields.id), id, batch);
    return { kind: 'reply', id, value: result };
  }
  return { kind: 'fault', id: id ?? null, error: errorOf(error) };
}

/** A response of another JSON-RPC version: it cannot be trusted, but its caller must not wait any longer. */
function foreign(id: Id, error: unknown): Message {
  const body = error === undefined || error === null ? undefined : errorOf(error);
  return { kind: 'fault', id, error: body ?? { code: Code.InvalidRequest, message: 'the answer is not JSON-RPC 2.0' } };
}

/** The error as specified, or one that says what came instead. */
function errorOf(error: unknown): FaultBody {
  if (typeof error !== 'object' || error === null || Array.isArray(error)) {
    const message = typeof error === 'string' ? error : 'the error of the answer is not an object';
    return { code: Code.InternalError, message, data: error };
  }
  const { code, message, data } = error as Fields;
  return {
    code: Number.isSafeInteger(code) ? (code as number) : Code.InternalError,
    message: typeof message === 'string' ? message : 'the error of the answer has no message',
    ...(data !== undefined && { data }),
  };
}
