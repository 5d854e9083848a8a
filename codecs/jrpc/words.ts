import type { Call, Fault, Id, Message, Outbound } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { paramsOf } from './encode.js';

/** The fields of an object of JSON. */
export type Fields = Record<string, unknown>;

/** What a notification of the library says, as a dialect has it. */
export interface Word {
  /** The method in the dialect. */
  readonly method: string;
  /** The params for our arguments. Throws a TypeError for what the dialect has no form for. */
  toParams(args: readonly unknown[]): Fields;
  /** Our arguments for such params; undefined where they are none of these, and the message means nothing to us. */
  toArgs(params: Fields): readonly unknown[] | undefined;
}

/** How a dialect says that a call is given up and how far it has come, under which token, and with which code. */
export interface Words {
  readonly cancel: Word;
  readonly progress: Word;
  /** The token that the params of a request name. */
  tokenIn(params: Fields): unknown;
  /** Puts a token into the params of a request, unless there is one. */
  addToken(params: Fields, token: Id): void;
  /** Whether the list `[null]` may stand for no arguments. */
  readonly nullMayBeNothing: boolean;
  /** The code of the answer to a call that was given up, where the dialect has one of its own. */
  readonly aborted: number | undefined;
}

const CANCEL = 'rpc.cancel';
const PROGRESS = 'rpc.progress';

/** A message of ours as the dialect says it: the same one, if it has no other words for it. Throws as `Word.toParams` does. */
export function inWords(message: Outbound, words: Words): Outbound {
  if (message.kind === 'reply') return message;
  if (message.kind === 'fault') return withCode(message, Code.Aborted, words.aborted);
  const { id, method, token } = message;
  if (id === undefined) {
    const word = method === CANCEL ? words.cancel : method === PROGRESS ? words.progress : undefined;
    return word === undefined ? message : byName(message, word.method, word.toParams(message.args));
  }
  return token === undefined ? message : withToken(message, token, words);
}

/** A message of the dialect with what it means in our words: the same one, if it means nothing but what it says. */
export function fromWords(message: Message, words: Words): Message {
  if (message.kind === 'fault')
    return words.aborted === undefined ? message : withCode(message, words.aborted, Code.Aborted);
  if (message.kind !== 'call') return message;
  if (!message.named)
    return words.nullMayBeNothing && isNull(message.args) ? { ...message, mayBeEmpty: true } : message;
  const params = message.args[0] as Fields;
  if (message.id !== undefined) {
    const token = words.tokenIn(params);
    return isToken(token) ? { ...message, token } : message;
  }
  const { cancel, progress } = words;
  if (message.method === cancel.method) return meaning(message, CANCEL, cancel.toArgs(params));
  if (message.method === progress.method) return meaning(message, PROGRESS, progress.toArgs(params));
  return message;
}

/** What both dialects take for an id or a token. */
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
 * The call with its token, where its arguments have names, or where there are none. They are looked at in the form in which
 * they travel, for a `toJSON` may be in the way, and an object of the user is not written to.
 */
function withToken(call: Call, token: Id, words: Words): Call {
  if (!call.named && call.args.length > 0) return call;
  const params = (call.named ? JSON.parse(paramsOf(call)) : {}) as Fields;
  words.addToken(params, token);
  return byName(call, call.method, params);
}

function withCode(message: Fault, from: number, to: number | undefined): Fault {
  return to === undefined || message.error.code !== from
    ? message
    : { ...message, error: { ...message.error, code: to } };
}
