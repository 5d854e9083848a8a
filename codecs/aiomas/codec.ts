import type { Codec, Message, Outbound } from '../../src/contract/contract.js';
import { Code, ProtocolError, UsageError } from '../../src/contract/errors.js';
import { errorIn, textOf } from './errors.js';
import { type Triple, Unread, type Values } from './values.js';

const REQUEST = 0;
const RESULT = 1;
const ERROR = 2;
/** The id of notifications: aiomas has none, and answers them as all requests. This answer is ignored; other ids are from 1. */
const NOTE = 0;

/** The codec, with one of the two forms of values. */
export function codecWith({ form, natives, write, read }: Values): Codec {
  return {
    name: 'aiomas',
    form,
    framing: 'length',
    hello: false,
    // A message without an id cannot be answered.
    answersUnreadable: false,
    ...(natives && { natives }),
    encode: (message) => write(tripleOf(message)),
    decode(frame, give) {
      let message: Message | undefined;
      try {
        message = messageOf(read(frame));
      } catch (error) {
        if (!(error instanceof Unread)) throw refusal((error as Error).message, error);
        message = unread(error);
      }
      if (message !== undefined) give(message);
    },
  };
}

function tripleOf(message: Outbound): Triple {
  switch (message.kind) {
    case 'call': {
      const { id = NOTE, method, args, named } = message;
      if (method.includes('/'))
        throw new UsageError(
          `aiomas separates the parts of a name by "/", which is "." here: ${method} cannot be sent`,
        );
      return [REQUEST, id, [method.replaceAll('.', '/'), ...(named ? [[], args[0]] : [args, {}])]];
    }
    case 'reply':
      return [RESULT, message.id, message.value];
    case 'fault':
      return [ERROR, message.id, textOf(message.error)];
  }
}

/** Undefined for an answer that nobody waits for. Throws an error for a value that is no message. */
function messageOf(value: unknown): Message | undefined {
  const [type, id, content] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof id !== 'string' && !Number.isSafeInteger(id))
    throw new TypeError('it is not [type, id, content] with a number or a text as the id');
  const known = id as number | string;
  if (type !== REQUEST && type !== RESULT && type !== ERROR) throw new TypeError('its type is not 0, 1 or 2');
  if ((value as readonly unknown[]).length !== 3) throw new Unread(type, known, 'it is not [type, id, content]');
  switch (type) {
    case REQUEST:
      return callOf(known, content);
    case RESULT:
      return known === NOTE ? undefined : { kind: 'reply', id: known, value: content };
    case ERROR:
      return known === NOTE ? undefined : { kind: 'fault', id: known, error: errorIn(content) };
  }
}

function callOf(id: number | string, content: unknown): Message {
  const [path, args, kwargs] = Array.isArray(content) && content.length === 3 ? (content as unknown[]) : [];
  if (typeof path !== 'string' || !Array.isArray(args) || !isMap(kwargs)) {
    const message = 'the content of a request is [path, list of arguments, arguments by name]';
    return { kind: 'bad', id, error: { code: Code.InvalidRequest, message }, batch: undefined };
  }
  // For a long name of many parts, `replaceAll` takes ten times as long.
  const base = { kind: 'call', id, method: path.split('/').join('.'), batch: undefined } as const;
  if (Object.keys(kwargs).length === 0) return { ...base, args, named: false };
  if (args.length === 0) return { ...base, args: [kwargs], named: true };
  return { ...base, args, named: false, keywords: kwargs };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A request is refused under its id; the caller that waits for an answer gets an error. Undefined for an answer that nobody waits for. */
function unread({ type, id, message }: Unread): Message | undefined {
  if (type === REQUEST) return { kind: 'bad', id, error: { code: Code.InvalidRequest, message }, batch: undefined };
  if (id === NOTE) return undefined;
  return { kind: 'fault', id, error: { code: Code.InternalError, message: `the answer cannot be read: ${message}` } };
}

function refusal(why: string, cause: unknown): ProtocolError {
  return new ProtocolError(`this is no message of aiomas: ${why}`, Code.ParseError, { cause });
}
