import { mustShow } from '../src/base/hidden.js';
import { printable } from '../src/base/quote.js';
import { readOptions } from '../src/contract/address.js';
import type {
  Address,
  Bad,
  Call,
  Codec,
  Fault,
  FaultBody,
  Frame,
  Id,
  Message,
  Outbound,
} from '../src/contract/contract.js';
import { Code, ProtocolError } from '../src/contract/errors.js';
import { Misread, Reader } from './shared/terse-reader.js';
import { NUMBER, SLASHED } from './shared/terse-words.js';
import { writeFields, writeId, writeMethod, writeValues } from './shared/terse-writer.js';

/**
 * One line for each message, for a person at a terminal: the answer to `echo[1] text:"hi"` is `[1]:"hi"` or `[1]!
 * code:-32601 message:"…"`. `docs/wire.md` has the grammar. The codec reads the lines of quickrpc, and quickrpc reads
 * the notifications that it writes.
 *
 * It carries everything that JSON does, and also NaN, the infinities, -0 and bytes. A field that is undefined is
 * omitted; elsewhere undefined becomes null. An object with a `toJSON` is sent as the result of that method. A BigInt,
 * a function or a value that contains itself makes the call fail. The error for an unreadable line names the column and
 * what was expected there. This codec never sends hello.
 */
export default function terse(address: Address): Codec {
  readOptions(address, {});
  return {
    name: 'terse',
    form: 'text',
    framing: 'lines',
    hello: false,
    answersUnreadable: true,
    encode,
    decode,
  };
}

/** A numeric id. Throws for a number that JavaScript cannot distinguish from its neighbours. */
class UnsafeId extends Error {
  readonly bad: Bad;

  constructor(id: string) {
    super(`a numeric id is a whole number below 2^53, not ${printable(id, 40)}`);
    this.bad = {
      kind: 'bad',
      id: null,
      error: { code: Code.InvalidRequest, message: this.message },
      batch: undefined,
    };
  }
}

function encode(message: Outbound): string {
  switch (message.kind) {
    case 'call': {
      const { id, method, args, named } = message;
      const head = id === undefined ? writeMethod(method) : writeMethod(method) + writeId(id);
      const one = named && args.length === 1 ? (args[0] as object) : undefined;
      if (one !== undefined) mustShow(one);
      const tail = one === undefined ? writeValues(args, 0) : writeFields(one, 0);
      return tail === '' ? head : `${head} ${tail}`;
    }
    case 'reply':
      return `${writeId(message.id)}:${writeValues([message.value], 0)}`;
    case 'fault': {
      const { code, message: text, data } = message.error;
      return `${writeId(message.id)}! ${writeFields({ code, message: text, data }, 0)}`;
    }
  }
}

function decode(frame: Frame, give: (message: Message) => unknown): void {
  if (typeof frame !== 'string')
    throw new ProtocolError('terse is a text codec; it cannot read bytes or values', Code.ParseError);
  const reader = new Reader(frame);
  reader.blanks();
  if (reader.sign === '') return;
  give(readMessage(reader));
}

function readMessage(reader: Reader): Message {
  let call: Pick<Call, 'id' | 'method'> | undefined;
  try {
    if (reader.sign === '[') return readAnswer(reader);
    call = readHead(reader);
    const { args, named } = reader.arguments();
    return { kind: 'call', ...call, args, named, batch: undefined };
  } catch (error) {
    if (error instanceof UnsafeId) return error.bad;
    if (!(error instanceof Misread) && !(error instanceof RangeError)) throw error;
    const { message } = error;
    if (call?.id === undefined) throw new ProtocolError(message, Code.ParseError);
    // The call with this id is rejected.
    return { kind: 'bad', id: call.id, error: { code: Code.ParseError, message }, batch: undefined };
  }
}

function readAnswer(reader: Reader): Message {
  const id = readId(reader);
  try {
    return readOutcome(reader, id);
  } catch (error) {
    if (!(error instanceof Misread) && !(error instanceof RangeError)) throw error;
    // Its caller must not wait any longer.
    const message = `the answer cannot be read: ${error.message}`;
    return { kind: 'fault', id, error: { code: Code.InternalError, message } };
  }
}

function readOutcome(reader: Reader, id: Id): Message {
  if (reader.skip('!')) return readFault(reader, id);
  if (!reader.skip(':'))
    throw new Misread('an answer is [id]:value, or [id]! followed by the fields of an error', reader.at);
  reader.blanks();
  const value = reader.sign === '' ? undefined : reader.value(0);
  reader.blanks();
  if (reader.sign !== '') throw new Misread('an answer has exactly one value', reader.at);
  return { kind: 'reply', id, value };
}

/** The fields of an error; quickrpc has no code and calls its data `details`. */
function readFault(reader: Reader, id: Id): Fault {
  const from = reader.at;
  const { args, named } = reader.arguments();
  if (!named && args.length > 0) throw new Misread('an error has fields: code, message and data', from);
  const fields = (args[0] ?? {}) as Record<string, unknown>;
  const { code, message } = fields;
  const error: FaultBody = {
    code: Number.isSafeInteger(code) ? (code as number) : Code.Application,
    message: typeof message === 'string' ? message : 'the call failed',
  };
  const data = Object.hasOwn(fields, 'data') ? fields.data : fields.details;
  return { kind: 'fault', id, error: data === undefined ? error : { ...error, data } };
}

function readHead(reader: Reader): Pick<Call, 'id' | 'method'> {
  const from = reader.at;
  const isQuoted = reader.sign === '"';
  let method = isQuoted ? reader.quoted() : reader.word();
  if (!isQuoted && method === '')
    throw new Misread(`a line begins with the name of a method, not with ${printable(reader.sign)}`, from);
  let id: Id | undefined;
  const slashed = isQuoted ? null : SLASHED.exec(method);
  if (reader.sign === '[') id = readId(reader);
  else if (slashed !== null) {
    method = slashed[1]!;
    id = Number(slashed[2]);
  }
  if (reader.sign !== '' && !reader.blanks()) {
    throw new Misread('a space is missing after the method or its id', reader.at);
  }
  return { id, method };
}

/** `[1]`, `["text"]`, or `[]` for null. */
function readId(reader: Reader): Id {
  const from = reader.at;
  reader.skip('[');
  const id = reader.sign === '"' ? reader.quoted() : reader.word();
  const isText = reader.text.charAt(from + 1) === '"';
  if (!reader.skip(']')) throw new Misread('an id ends with ]', reader.at);
  if (isText) return id;
  if (id === '' || id === 'null') return null;
  if (NUMBER.test(id)) {
    if (Number.isSafeInteger(Number(id))) return Number(id);
    throw new UnsafeId(id);
  }
  throw new Misread(`an id is a number or a quoted string, not ${printable(id, 40)}`, from + 1);
}
