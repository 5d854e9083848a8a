import { readOptions } from '../src/contract/address.js';
import type { Address, Bad, Codec, FaultBody, Frame, Id, Message, Outbound, Parcel } from '../src/contract/contract.js';
import { Code, ProtocolError } from '../src/contract/errors.js';
import { parcel } from './shared/clone-copy.js';
import { hollow, isHollow, visit } from './shared/clone-visit.js';

export { transfer } from './shared/clone-transfer.js';

/** The types that structured clone carries unchanged. */
const natives = ['bytes', 'buffer', 'view', 'bigint', 'date', 'map', 'set', 'number', 'regexp', 'error'];

/**
 * A message is a sequence of values. The first one is its kind, which determines how many values follow:
 *
 * - NAMED, id, method, object
 * - POSITIONAL, id, method, number of arguments, the arguments
 * - REPLY, id, value
 * - FAULT, id, code, message, data
 *
 * The id of a notification is undefined. A packet contains the values of its messages one after the other: an array for
 * each message would double the cost.
 */
const NAMED = 0;
const POSITIONAL = 1;
const REPLY = 2;
const FAULT = 3;

/**
 * Passes values by structured clone, for transports that carry values: `port:`, `worker:` and `memory:`. Everything
 * that structured clone supports arrives: undefined, -0, NaN, BigInt, Date, RegExp, Map, Set, Error, typed arrays and
 * cycles, and an object that occurs twice arrives as one object. Instances of a class arrive as plain objects; an array
 * arrives with its items only, without other properties. A function or a symbol makes the call fail. Values are copied
 * at the call; see {@link transfer} to move them instead.
 *
 * Options: `hello=off`, for a peer that is not Obverse and does not accept an unknown notification.
 */
export default function clone(address: Address): Codec {
  const { hello = true } = readOptions(address, { hello: 'flag' });
  return {
    name: 'clone',
    form: 'values',
    hello,
    natives,
    answersUnreadable: true,
    encode,
    decode,
    join,
  };
}

function encode(message: Outbound): Parcel {
  switch (message.kind) {
    case 'call': {
      const { id, method, args } = message;
      return message.named && args.length === 1
        ? parcel([NAMED, id, method], args)
        : parcel([POSITIONAL, id, method, args.length], args);
    }
    case 'reply':
      return parcel([REPLY, message.id], [message.value]);
    case 'fault': {
      const { code, message: text, data } = message.error;
      return parcel([FAULT, message.id, code, text], [data]);
    }
  }
}

function join(frames: readonly Frame[]): Parcel {
  const values: unknown[] = [];
  const transfer: object[] = [];
  let length = 0;
  for (const one of frames as readonly Parcel[]) {
    for (let at = 0; at < one.values.length; at++) values.push(one.values[at]);
    for (let at = 0; at < one.transfer.length; at++) transfer.push(one.transfer[at]!);
    length += one.length;
  }
  return { values, transfer, length };
}

function decode(frame: Frame, give: (message: Message) => unknown): void {
  const values: unknown = typeof frame === 'string' || frame instanceof Uint8Array ? undefined : frame.values;
  if (!Array.isArray(values)) throw unreadable('expected values, not text or bytes');
  if (isHollow(values)) throw unreadable(hollow(values));
  // The kind of a message determines where it ends, so a malformed one does not affect the others.
  for (let from = 0; from < values.length; ) {
    const end = endOf(values, from);
    if (!(end <= values.length)) throw unreadable('it ends in the middle of a message');
    if (give(messageAt(values, from, end)) === false) return;
    from = end;
  }
}

function endOf(values: readonly unknown[], from: number): number {
  switch (values[from]) {
    case NAMED:
      return from + 4;
    case POSITIONAL: {
      const count = values[from + 3];
      return typeof count === 'number' && count >= 0 ? from + 4 + count : Number.NaN;
    }
    case REPLY:
      return from + 3;
    case FAULT:
      return from + 5;
    default:
      throw unreadable('expected the start of a message, not another value');
  }
}

function messageAt(values: readonly unknown[], from: number, end: number): Message {
  const kind = values[from];
  const id = values[from + 1];
  if (kind === NAMED || kind === POSITIONAL) {
    const method = values[from + 2];
    if (id !== undefined && !isId(id)) return bad('the id of a call is a safe integer, a string or null');
    if (typeof method !== 'string') return bad('the method of a call is a string', id);
    const named = kind === NAMED;
    const args = named ? [values[from + 3]] : values.slice(from + 4, end);
    if (named && (typeof args[0] !== 'object' || args[0] === null)) return bad('named arguments are an object', id);
    for (let at = 0; at < args.length; at++) {
      const wrong = clean(args[at]);
      if (wrong !== undefined) return bad(wrong, id);
    }
    return { kind: 'call', id, method, args, named, batch: undefined };
  }
  if (!isId(id)) return bad('the id of an answer is a safe integer, a string or null');
  const wrong = clean(values[end - 1]);
  // The pending call is rejected with this error.
  if (wrong !== undefined)
    return { kind: 'fault', id, error: { code: Code.InternalError, message: `the answer: ${wrong}` } };
  if (kind === REPLY) return { kind: 'reply', id, value: values[from + 2] };
  return { kind: 'fault', id, error: fault(values[from + 2], values[from + 3], values[from + 4]) };
}

function fault(code: unknown, text: unknown, data: unknown): FaultBody {
  const number = Number.isSafeInteger(code) ? (code as number) : Code.Application;
  const message = typeof text === 'string' ? text : 'the call failed';
  return data === undefined ? { code: number, message } : { code: number, message, data };
}

/**
 * Removes own properties `__proto__`, which structured clone passes on unchanged. Returns what is wrong with a value
 * that must not be walked.
 */
function clean(value: unknown): string | undefined {
  let wrong: string | undefined;
  if (typeof value === 'object' && value !== null) {
    visit(value, (holder) => {
      if (Object.hasOwn(holder, '__proto__')) Reflect.deleteProperty(holder, '__proto__');
      if (Array.isArray(holder) && isHollow(holder)) wrong ??= hollow(holder);
    });
  }
  return wrong;
}

function isId(id: unknown): id is Id {
  return Number.isSafeInteger(id) || typeof id === 'string' || id === null;
}

function bad(what: string, id: Id = null): Bad {
  return {
    kind: 'bad',
    id,
    error: { code: Code.InvalidRequest, message: `this is not a message: ${what}` },
    batch: undefined,
  };
}

function unreadable(what: string): ProtocolError {
  return new ProtocolError(`these are not messages of the codec clone: ${what}`, Code.ParseError);
}
