import type { Bad, Batch, FaultBody, Id, Message } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import type { Dialect } from './dialect.js';
import { noBytes, noId, noMessage, noMethod, noParams, reasons } from './reasons.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Turns a parsed value into a message. `text` is the JSON that was parsed. A value that is not a message becomes a
 * `bad` with the id that can be recognized; but a malformed response is never dropped: its caller gets an error.
 */
export function messageOf(value: unknown, dialect: Dialect, text: string, batch?: Batch): Message {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad(noMessage(value), null, batch);
  const fields = value as Fields;
  const id = idOf(fields.id);
  const { method, result, error } = fields;
  const answers = method === undefined && (result !== undefined || error !== undefined);
  if (fields.jsonrpc !== '2.0')
    return answers && id !== undefined ? foreign(id, error, dialect, text) : bad(reasons.version, id, batch);
  if (answers) return answerOf(fields, id, dialect, text, batch);
  if (method !== undefined) return callOf(fields, id, dialect, text, batch);
  // A peer that omits what is null or undefined has still answered.
  if (dialect.lenient && id !== undefined && fields.params === undefined) return { kind: 'reply', id, value: null };
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
function idOf(id: unknown): Id | undefined {
  return typeof id === 'string' || id === null || Number.isSafeInteger(id) ? (id as Id) : undefined;
}

function callOf(fields: Fields, given: Id | undefined, dialect: Dialect, text: string, batch?: Batch): Message {
  const method = fields.method;
  if (typeof method !== 'string') return bad(noMethod(method), given, batch);
  if (given === undefined && fields.id !== undefined) return bad(noId(fields.id), given, batch);
  // In quickrpc, 0 and null mean no id.
  const id = dialect.quickrpc !== undefined && !given ? undefined : given;
  // A notification gets no response, so it does not belong to the batch.
  const answers = id === undefined ? undefined : batch;
  let params = fields.params;
  if (params === undefined || (params === null && dialect.lenient)) {
    return { kind: 'call', id, method, args: [], named: false, batch: answers };
  }
  if (typeof params !== 'object' || params === null) return bad(noParams(params), id, batch);
  if (dialect.quickrpc !== undefined) {
    try {
      params = dialect.quickrpc.bytesIn(params, text);
    } catch (error) {
      return bad(noBytes(error), id, batch);
    }
  }
  if (params instanceof Uint8Array) return bad(noParams(params), id, batch);
  if (Array.isArray(params)) return { kind: 'call', id, method, args: params, named: false, batch: answers };
  return { kind: 'call', id, method, args: [params], named: true, batch: answers };
}

function answerOf(fields: Fields, asked: Id | undefined, dialect: Dialect, text: string, batch?: Batch): Message {
  let id = asked;
  // The ids of this side are numbers; a peer that returns one as text means the number.
  if (dialect.quickrpc !== undefined && typeof id === 'string' && /^\s*[+-]?\d+\s*$/.test(id)) id = idOf(Number(id));
  const { result, error } = fields;
  if (error === undefined || (error === null && result !== undefined && dialect.lenient)) {
    if (id === undefined) return bad(fields.id === undefined ? reasons.noId : noId(fields.id), id, batch);
    if (dialect.quickrpc === undefined) return { kind: 'reply', id, value: result };
    try {
      return { kind: 'reply', id, value: dialect.quickrpc.bytesIn(result, text) };
    } catch (cause) {
      return { kind: 'fault', id, error: { code: Code.InternalError, message: String(cause) } };
    }
  }
  return { kind: 'fault', id: id ?? null, error: errorOf(error, dialect, text) };
}

/** A response of another JSON-RPC version: it cannot be trusted, but its caller must not wait any longer. */
function foreign(id: Id, error: unknown, dialect: Dialect, text: string): Message {
  if (error !== undefined && error !== null) return { kind: 'fault', id, error: errorOf(error, dialect, text) };
  return { kind: 'fault', id, error: { code: Code.InvalidRequest, message: 'the answer is not JSON-RPC 2.0' } };
}

/** The error as specified, or one that says what came instead. */
function errorOf(error: unknown, dialect: Dialect, text: string): FaultBody {
  if (typeof error !== 'object' || error === null || Array.isArray(error)) {
    const message = typeof error === 'string' ? error : 'the error of the answer is not an object';
    return { code: Code.InternalError, message, data: error };
  }
  const { code, message, data } = error as Fields;
  const body = {
    code: Number.isSafeInteger(code) ? (code as number) : Code.InternalError,
    message: typeof message === 'string' ? message : 'the error of the answer has no message',
  };
  if (data === undefined) return body;
  if (dialect.quickrpc === undefined) return { ...body, data };
  try {
    return { ...body, data: dialect.quickrpc.bytesIn(data, text) };
  } catch {
    return { ...body, data };
  }
}
