import type { Call, Fault, Id, Message, Outbound } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { paramsOf } from './encode.js';

/** The fields of a JSON object. */
export type Fields = Record<string, unknown>;

/** How a dialect writes one notification of the library. */
export interface DialectMethod {
  /** The method in the dialect. */
  readonly method: string;
  /** The params for our arguments. Throws a TypeError for arguments that the dialect cannot express. */
  toParams(args: readonly unknown[]): Fields;
  /**
   * Our arguments for such params; undefined if the params are not valid, and the message has no meaning for the
   * library.
   */
  toArgs(params: Fields): readonly unknown[] | undefined;
}

/** How a dialect cancels a call and reports its progress, under which token and with which code. */
export interface DialectMethods {
  readonly cancel: DialectMethod;
  readonly progress: DialectMethod;
  /** The token in the params of a request. */
  tokenIn(params: Fields): unknown;
  /** Adds a token to the params of a request, unless there is one. */
  addToken(params: Fields, token: Id): void;
  /** Whether the list `[null]` may stand for no arguments. */
  readonly nullMayBeNothing: boolean;
  /** The code of the response to a cancelled call, if the dialect has its own. */
  readonly aborted: number | undefined;
}

const CANCEL = 'rpc.cancel';
const PROGRESS = 'rpc.progress';

/**
 * A message of the library in the form of the dialect: the same message if there is no other form. Throws as
 * `Word.toParams` does.
 */
export function toDialect(message: Outbound, methods: DialectMethods): Outbound {
  if (message.kind === 'reply') return message;
  if (message.kind === 'fault') return withCode(message, Code.Aborted, methods.aborted);
  const { id, method, token } = message;
  if (id === undefined) {
    const own = method === CANCEL ? methods.cancel : method === PROGRESS ? methods.progress : undefined;
    return own === undefined ? message : byName(message, own.method, own.toParams(message.args));
  }
  return token === undefined ? message : withToken(message, token, methods);
}

/** A message of the dialect in the form of the library: the same message if it has no special meaning. */
export function fromDialect(message: Message, methods: DialectMethods): Message {
  if (message.kind === 'fault')
    return methods.aborted === undefined ? message : withCode(message, methods.aborted, Code.Aborted);
  if (message.kind !== 'call') return message;
  if (!message.named)
    return methods.nullMayBeNothing && isNull(message.args) ? { ...message, mayBeEmpty: true } : message;
  const params = message.args[0] as Fields;
  if (message.id !== undefined) {
    const token = methods.tokenIn(params);
    return isToken(token) ? { ...message, token } : message;
  }
  const { cancel, progress } = methods;
  if (message.method === cancel.method) return meaning(message, CANCEL, cancel.toArgs(params));
  if (message.method === progress.method) return meaning(message, PROGRESS, progress.toArgs(params));
  return message;
}

/** What both dialects accept as an id or a token. */
export function isToken(value: unknown): value is number | string {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

function isNull({ length, 0: only }: readonly unknown[]): boolean {
  return length === 1 && only === null;
}

function meaning(message: Call, method: string, args: readonly unknown[] | undefined): Call {
  return args === undefined ? message : { ...message, means: { method, args } };
}

function byName(message: Call, method: string, params: Fields): Call {
  return { ...message, method, args: [params], named: true };
}

/**
 * The call with its token, if its arguments are named or if it has none. The arguments are inspected in the form in
 * which they travel, because a `toJSON` may change them, and an object of the user is never modified.
 */
function withToken(call: Call, token: Id, methods: DialectMethods): Call {
  if (!call.named && call.args.length > 0) return call;
  const params = (call.named ? JSON.parse(paramsOf(call)) : {}) as Fields;
  methods.addToken(params, token);
  return byName(call, call.method, params);
}

function withCode(message: Fault, from: number, to: number | undefined): Fault {
  return to === undefined || message.error.code !== from
    ? message
    : { ...message, error: { ...message.error, code: to } };
}
