import type { Bad, Fault, FaultBody, Id, Message, Outbound } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { Extension } from '../shared/msgpack/extensions.js';

/** The kinds of messages of https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md, by their first element. */
const REQUEST = 0;
const RESPONSE = 1;
const NOTIFICATION = 2;
/** Neovim's error type for anything but an invalid argument. */
const EXCEPTION = 0;

/**
 * A message as `[0, id, method, params]`, `[1, id, error, result]` or `[2, method, params]`. `nvim`: errors in the form
 * of Neovim.
 */
export function fromMessage(message: Outbound, nvim: boolean): readonly unknown[] {
  switch (message.kind) {
    case 'call':
      if (message.id === undefined) return [NOTIFICATION, message.method, message.args];
      return [REQUEST, message.id, message.method, message.args];
    case 'reply':
      return [RESPONSE, message.id, null, message.value];
    case 'fault':
      return [RESPONSE, message.id, nvim ? [EXCEPTION, message.error.message] : message.error, null];
  }
}

/** Turns a decoded value into a message. */
export function toMessage(value: unknown): Message {
  if (!Array.isArray(value)) return bad(null, `a message is an array, not ${nameOf(value)}`);
  const [kind, first, second, third] = value as unknown[];
  switch (kind) {
    case REQUEST:
      if (value.length !== 4) return bad(first, 'a request has four elements: [0, id, method, params]');
      if (!isId(first)) return bad(null, `the id of a request is a whole number below 2^53, not ${nameOf(first)}`);
      return toCall(first, second, third);
    case RESPONSE:
      if (!isId(first)) return bad(null, `the id of a response is a whole number below 2^53, not ${nameOf(first)}`);
      // Its caller must not wait any longer.
      if (value.length !== 4) return fault(first, 'the answer cannot be read: it is not [1, id, error, result]');
      return second === null || second === undefined
        ? { kind: 'reply', id: first, value: third }
        : fault(first, second);
    case NOTIFICATION:
      if (value.length !== 3) return bad(null, 'a notification has three elements: [2, method, params]');
      return toCall(undefined, first, second);
    default:
      return bad(null, 'a message begins with 0 (request), 1 (response) or 2 (notification)');
  }
}

/** The replacement for a message that is not valid; the id is that of a request, if it had one. */
export function bad(id: unknown, message: string): Bad {
  return {
    kind: 'bad',
    id: isId(id) ? id : null,
    error: { code: Code.InvalidRequest, message: `this is not MessagePack-RPC: ${message}` },
    batch: undefined,
  };
}

/** Old libraries write names as bytes, and some implementations put named arguments in the place of the list. */
function toCall(id: Id | undefined, name: unknown, params: unknown): Message {
  const method = name instanceof Uint8Array ? new TextDecoder().decode(name) : name;
  if (typeof method !== 'string') return bad(id, `the method is a string, not ${nameOf(name)}`);
  if (Array.isArray(params)) {
    return { kind: 'call', id, method, args: params, named: holdsOneMap(params), batch: undefined };
  }
  if (isMap(params)) return { kind: 'call', id, method, args: [params], named: true, batch: undefined };
  return bad(id, `the parameters are an array, not ${nameOf(params)}`);
}

/**
 * The error of another implementation. Most send a string or a map with `code` and `message`, Neovim `[type, message]`;
 * anything else becomes the data of an error.
 */
function fault(id: Id, error: unknown): Fault {
  return { kind: 'fault', id, error: toFault(error) };
}

function toFault(error: unknown): FaultBody {
  if (typeof error === 'string') return { code: Code.Application, message: error };
  if (typeof error === 'number') return { code: codeOf(error), message: `the call failed with the error ${error}` };
  if (Array.isArray(error) && typeof error[1] === 'string') {
    return error.length === 2
      ? { code: codeOf(error[0]), message: error[1] }
      : { code: codeOf(error[0]), message: error[1], data: error[2] };
  }
  if (isMap(error) && typeof error.message === 'string') {
    const { code, message, data } = error;
    return Object.hasOwn(error, 'data') ? { code: codeOf(code), message, data } : { code: codeOf(code), message };
  }
  return { code: Code.Application, message: 'the call failed; its data holds the error', data: error };
}

function codeOf(code: unknown): number {
  return Number.isSafeInteger(code) ? (code as number) : Code.Application;
}

/** A valid id. */
export function isId(id: unknown): id is Id {
  return Number.isSafeInteger(id) || typeof id === 'string' || id === null;
}

function holdsOneMap(params: readonly unknown[]): boolean {
  return params.length === 1 && isMap(params[0]);
}

/** Whether a value is a plain object, which only a map of MessagePack becomes. */
function isMap(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return 'an array';
  if (isMap(value)) return 'a map';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Extension) return `an extension of the type ${value.type}`;
  return typeof value === 'object' ? 'an extension' : `a ${typeof value}`;
}
