import type { Outbound } from '../../src/contract/contract.js';
import { bytesOut } from './bytes.js';
import { faultOf, jsonOf, paramsOf } from './encode.js';

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
