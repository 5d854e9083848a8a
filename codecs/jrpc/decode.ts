import type { Batch, Frame, Message } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';
import { parseJson } from '../shared/json.js';
import { mayRound, roundedIn } from '../shared/whole-numbers.js';
import type { Dialect } from './dialect.js';
import { refusedFor } from './exact.js';
import { LONG, walk } from './levels.js';
import { bad, messageOf } from './message.js';
import { levels, quick } from './quick.js';
import { reasons } from './reasons.js';

/** A byte order mark, which some peers write before the first message of a stream or before each message. */
const BOM = 0xfeff;

/** The rounded numbers of a frame that has none. */
const NONE: ReadonlyMap<number, string> = new Map();

/** The function that receives the messages: see `Codec.decode`. */
type Give = (message: Message, bytes?: number, levels?: number) => unknown;

/** Passes each message of a frame to `take`. Throws a ProtocolError if the frame is not JSON. */
export function decode(frame: Frame, give: Give, packed: boolean, dialect: Dialect): void {
  if (typeof frame !== 'string') throw unreadable(new TypeError('a frame of JSON is text'));
  const message = quick(frame);
  if (message === undefined) whole(frame, give, packed, dialect);
  else give(understood(message, dialect, frame), undefined, levels);
}

/** The same without the fast path; tests compare both. */
export function whole(frame: string, give: Give, packed: boolean, dialect: Dialect): void {
  let value: unknown;
  try {
    value = parseJson(frame.charCodeAt(0) === BOM ? frame.slice(1) : frame);
  } catch (cause) {
    throw unreadable(cause);
  }
  if (!Array.isArray(value) && frame.length > LONG) {
    const found = walk(value);
    const number = found.large && mayRound(frame) ? roundedIn(frame).get(0) : undefined;
    give(understood(exact(messageOf(value, dialect.lenient), number), dialect, frame), undefined, found.levels);
    return;
  }
  const rounded = mayRound(frame) ? roundedIn(frame) : NONE;
  if (!Array.isArray(value)) give(understood(exact(messageOf(value, dialect.lenient), rounded.get(0)), dialect, frame));
  else if (!dialect.batches) give(bad(reasons.noBatches, null));
  else if (value.length === 0) give(bad(reasons.emptyBatch, null));
  else if (packed) {
    for (let at = 0; at < value.length; at++) {
      const message = messageOf(value[at]);
      if (give(rounded === NONE ? message : exact(message, rounded.get(at))) === false) return;
    }
  } else batchOf(value, give, rounded);
}

/** A message, or its replacement if one of its numbers was rounded. */
function exact(message: Message, rounded: string | undefined, batch?: Batch): Message {
  return rounded === undefined ? message : refusedFor(message, rounded, batch);
}

/** With the message translated by a dialect that has its own; such dialects accept no batches. */
function understood(message: Message, { translation }: Dialect, text: string): Message {
  return translation === undefined ? message : translation.from(message, text);
}

/**
 * The entries of a batch. Those that will be answered share a batch object, which counts them. Entries that are not
 * even objects share one message: of such a frame, no more than the numbers between its commas is kept.
 */
function batchOf(
  entries: readonly unknown[],
  give: (message: Message) => unknown,
  rounded: ReadonlyMap<number, string>,
): void {
  const batch: Batch = { left: 0, answers: [] };
  const none = bad(reasons.entry, null, batch);
  const messages: Message[] = [];
  for (const [at, entry] of entries.entries()) {
    const message = typeof entry === 'object' ? exact(messageOf(entry, false, batch), rounded.get(at), batch) : none;
    if (isAnswered(message)) batch.left++;
    messages.push(message);
  }
  for (const [at, message] of messages.entries()) {
    if (give(message) !== false) continue;
    // If a message is not taken, nobody answers it, and the earlier ones must not wait for its reply.
    batch.left -= messages.slice(at).filter(isAnswered).length;
    return;
  }
}

function isAnswered(message: Message): boolean {
  return message.kind === 'bad' || (message.kind === 'call' && message.id !== undefined);
}

function unreadable(cause: unknown): ProtocolError {
  return new ProtocolError('Parse error', Code.ParseError, { cause });
}
