import type { Batch, Id, Message } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { whyRounded } from '../shared/whole-numbers.js';
import { bad } from './message.js';

/**
 * What stands for a message whose values hold a whole number that was rounded: a call is refused, and an answer is an error for who
 * waits for it. `batch` is that of the frame, if it is one.
 */
export function refusedFor(message: Message, number: string, batch: Batch | undefined): Message {
  const why = whyRounded(number);
  switch (message.kind) {
    case 'call': {
      const refused = bad(why, message.id as Id | undefined, batch);
      // A stream ends where its items are lost.
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
