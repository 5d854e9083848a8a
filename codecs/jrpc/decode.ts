import type { Batch, Frame, Message } from '../../src/contract.js';
import { Code, ProtocolError } from '../../src/errors.js';
import { parseJson } from '../shared/json.js';
import type { Dialect } from './dialects.js';
import { bad, messageOf } from './message.js';
import { quick } from './quick.js';
import { fromWords } from './words.js';

/** Gives the messages of a frame. Throws a ProtocolError where it is no JSON. */
export function decode(frame: Frame, give: (message: Message) => void, packed: boolean, dialect: Dialect): void {
  if (typeof frame !== 'string') throw unreadable(new TypeError('a frame of JSON is text'));
  if (!dialect.quickrpc) {
    const message = quick(frame);
    if (message !== undefined) {
      give(understood(message, dialect));
      return;
    }
  }
  whole(frame, give, packed, dialect);
}

/** The same without the quick way: what that gives is held against this. */
export function whole(frame: string, give: (message: Message) => void, packed: boolean, dialect: Dialect): void {
  let value: unknown;
  try {
    value = parseJson(frame);
  } catch (cause) {
    throw unreadable(cause);
  }
  if (!Array.isArray(value)) give(understood(messageOf(value, dialect, frame), dialect));
  else if (value.length === 0 || !dialect.batches) give(bad(null));
  else if (packed) for (const entry of value) give(messageOf(entry, dialect, frame));
  else batchOf(value, give, dialect, frame);
}

/** With what it means in a dialect that has words of its own; those take no batches. */
function understood(message: Message, { words }: Dialect): Message {
  return words === undefined ? message : fromWords(message, words);
}

/** The entries of a batch. Those that will be answered share the batch, which is told how many they are. */
function batchOf(entries: readonly unknown[], give: (message: Message) => void, dialect: Dialect, text: string): void {
  const batch: Batch = { left: 0, answers: [] };
  const messages = entries.map((entry) => messageOf(entry, dialect, text, batch));
  for (const { kind, id } of messages) {
    if (kind === 'bad' || (kind === 'call' && id !== undefined)) batch.left++;
  }
  for (const message of messages) give(message);
}

function unreadable(cause: unknown): ProtocolError {
  return new ProtocolError('Parse error', Code.ParseError, { cause });
}
