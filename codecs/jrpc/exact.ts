import type { Batch, Id, Message } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { whyRounded } from '../shared/rounded.js';
import { bad } from './message.js';

/**
 * Replaces a message that holds a rounded whole number: a call is refused, and a response becomes an error for its
 * caller. `batch` is the batch of the frame, if it is one.
 */
export function refusedFor(message: Message, number: string, batch: Batch | undefined): Message {
  const why = whyRounded(number);
  switch (message.kind) {
    case 'call': {
      const refused = bad(why, message.id as Id | undefined, batch);
      // A stream ends when items are lost.
      return message.id === undefined ? { ...refused, lost: { method: message.method, args: message.args } } : refused;
    }
    case 'reply':
      return { kind: 'fault', id: message.id, error: { code: Code.InternalError, message: unreadable(why) } };
    case 'fault': {
      const { code, message: text } = message.error;
      return { kind: 'fault', id: message.id, error: { code, message: `${text} (${unreadable(why)})` } };
    }
    default:
      return message;
  }
}

function unreadable(why: string): string {
  return `the answer cannot be read: ${why}`;
}
