import type { Id, Message, Outbound } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { jsonOf } from '../shared/json-text.js';
import { bytesIn, bytesOut } from './bytes.js';
import { faultOf, paramsOf } from './encode.js';
import { bad, idOf } from './message.js';
import { noId } from './reasons.js';

const HEAD = '{"jsonrpc":"2.0",';

/**
 * A message as the Python library quickrpc writes it: the id comes last and is omitted if it is null, `params` is
 * always present, and bytes travel in an object with a special key.
 */
export function encodeQuickrpc(message: Outbound): string {
  const id = message.id === undefined || message.id === null ? '}' : `,"id":${jsonOf(message.id)}}`;
  switch (message.kind) {
    case 'call': {
      const params = message.args.length === 0 ? '{}' : paramsOf(message, bytesOut);
      return `${HEAD}"method":${JSON.stringify(message.method)},"params":${params}${id}`;
    }
    case 'reply':
      return `${HEAD}"result":${jsonOf(message.value, bytesOut)}${id}`;
    case 'fault':
      return `${HEAD}"error":${faultOf(message, bytesOut)}${id}`;
  }
}

/**
 * A message with its bytes and ids as quickrpc uses them: an id of 0 or null means no id, and the id of a response may
 * be a number in a string. `text` is the JSON that was parsed.
 */
export function fromQuickrpc(message: Message, text: string): Message {
  switch (message.kind) {
    case 'call': {
      const id = message.id || undefined;
      const { method, named, batch } = message;
      try {
        const params = bytesIn(named ? message.args[0] : message.args, text);
        if (params instanceof Uint8Array) return bad('"params" is an object or an array, not bytes', id);
        // Written out, in the order of the fields elsewhere: a spread makes reading slower.
        return { kind: 'call', id, method, args: named ? [params] : (params as unknown[]), named, batch };
      } catch (error) {
        const why = error instanceof TypeError ? error.message : '"__bytes" must be a base64 string';
        return bad(`"params" cannot be read: ${why}`, id);
      }
    }
    case 'reply': {
      const id = numberOf(message.id);
      if (id === undefined) return bad(noId(message.id), id);
      try {
        return { kind: 'reply', id, value: bytesIn(message.value, text) };
      } catch (cause) {
        return { kind: 'fault', id, error: { code: Code.InternalError, message: String(cause) } };
      }
    }
    case 'fault': {
      const id = numberOf(message.id) ?? null;
      const { code, message: why, data } = message.error;
      try {
        if (data !== undefined) return { kind: 'fault', id, error: { code, message: why, data: bytesIn(data, text) } };
      } catch {
        // Then the data stays as it came.
      }
      return { kind: 'fault', id, error: message.error };
    }
    default:
      return message;
  }
}

/** The ids of this side are numbers; a peer that returns one as text means the number. */
function numberOf(id: Id): Id | undefined {
  return typeof id === 'string' && /^\s*[+-]?\d+\s*$/.test(id) ? idOf(Number(id)) : id;
}
