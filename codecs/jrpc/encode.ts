import type { Call, Fault, Outbound } from '../../src/contract/contract.js';
import { Code, UsageError } from '../../src/contract/errors.js';
import { jsonOf, type Replacer, stringify } from '../shared/json-text.js';

const NOTIFICATION = '{"jsonrpc":"2.0"';
const ANSWER = '{"jsonrpc":"2.0","id":';
const MOST_METHODS = 1_024;
/** The start of an object in JSON. */
const BRACE = 123;

/** The part of a call between its id and its params, cached for the methods that are called first. */
const methods = new Map<string, string>();

function methodPart(method: string): string {
  let part = methods.get(method);
  if (part === undefined) {
    part = `,"method":${JSON.stringify(method)}`;
    if (methods.size < MOST_METHODS) methods.set(method, part);
  }
  return part;
}

/** A JSON-RPC 2.0 message, written from a template: the order of members is jsonrpc, id, method, params. */
export function encode(message: Outbound): string {
  switch (message.kind) {
    case 'call': {
      const head = message.id === undefined ? NOTIFICATION : ANSWER + jsonOf(message.id);
      const params = message.args.length === 0 ? '' : `,"params":${paramsOf(message)}`;
      return `${head}${methodPart(message.method)}${params}}`;
    }
    case 'reply':
      return `${ANSWER}${jsonOf(message.id)},"result":${jsonOf(message.value)}}`;
    case 'fault':
      return `${ANSWER}${jsonOf(message.id)},"error":${faultOf(message)}}`;
  }
}

/**
 * The same for a call whose arguments are a short list of numbers or a flat object, and for a result that is a
 * primitive or a flat object; undefined for any other message.
 */
export function encodePlain(message: Outbound): string | undefined {
  if (message.kind === 'call') {
    const { id, method, args, named } = message;
    if (args.length === 0) return undefined;
    const params = named ? flatOf(args[0]) : listOf(args);
    if (params === undefined) return undefined;
    return `${id === undefined ? NOTIFICATION : ANSWER + jsonOf(id)}${methodPart(method)},"params":${params}}`;
  }
  if (message.kind === 'fault') return undefined;
  const json = leafOf(message.value);
  return json && `${ANSWER}${jsonOf(message.id)},"result":${json}}`;
}

function leafOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'object':
      return value === null ? 'null' : flatOf(value);
    case 'string':
      return value.length > MOST_TEXT ? undefined : JSON.stringify(value);
    case 'boolean':
    case 'number':
      return jsonOf(value);
    default:
      return undefined;
  }
}

/** A longer text may exceed the size limit; writing it here would do the work twice. */
const MOST_TEXT = 1_000;

/** A plain object whose fields are neither objects, nor functions, nor long texts. */
function flatOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return undefined;
  for (const key in value) {
    const item = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof item === 'number' || typeof item === 'boolean' || item === null || item === undefined) continue;
    if (typeof item !== 'string' || item.length > MOST_TEXT) return undefined;
  }
  // A `toJSON` that is not enumerable may return anything.
  const json: string | undefined = JSON.stringify(value);
  return json?.charCodeAt(0) === BRACE ? json : undefined;
}

/** The arguments of a call: an object if they are named, otherwise an array. */
export function paramsOf(call: Call, replacer?: Replacer): string {
  if (!call.named) return listOf(call.args) ?? (stringify(call.args, replacer) as string);
  const params = stringify(call.args[0], replacer);
  if (params?.charCodeAt(0) === BRACE) return params;
  throw new UsageError(
    `named arguments must be one object, but ${params ?? 'nothing'} does not become an object in JSON`,
  );
}

const SHORT = 4;

/**
 * A short list of numbers, for which JSON.stringify takes longer than the rest of the call; undefined for any other
 * list.
 */
function listOf(values: readonly unknown[]): string | undefined {
  if (values.length > SHORT) return undefined;
  let text = '';
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    // The difference is NaN for numbers that JSON does not have.
    if (typeof value !== 'number' || value - value !== 0) return undefined;
    text += at === 0 ? `${value}` : `,${value}`;
  }
  return `[${text}]`;
}

/**
 * The error of a fault. A code that is not an integer, which the specification requires, becomes the code of an
 * application error.
 */
export function faultOf({ error }: Fault, replacer?: Replacer): string {
  const code = Number.isSafeInteger(error.code) ? error.code : Code.Application;
  const data = stringify(error.data, replacer);
  return `{"code":${code},"message":${JSON.stringify(String(error.message))}${data === undefined ? '' : `,"data":${data}`}}`;
}
