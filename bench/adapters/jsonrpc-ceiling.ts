import { ceiling, type Envelope, json, middle } from './shared/ceiling.js';

interface AnyMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown[];
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

const between = (quoted: string): string => `,"method":${quoted},"params":`;

/** JSON-RPC 2.0 objects, one per line. */
export const objects: Envelope = {
  call: (id, method, args) => `{"jsonrpc":"2.0","id":${id}${middle(method, between)}${JSON.stringify(args)}}\n`,
  note: (method, args) => `{"jsonrpc":"2.0"${middle(method, between)}${JSON.stringify(args)}}\n`,
  reply: (id, result) => `{"jsonrpc":"2.0","id":${id},"result":${json(result)}}\n`,
  fault: (id, message) => `{"jsonrpc":"2.0","id":${id},"error":{"code":-32000,"message":${json(message)}}}\n`,
  read(line, to) {
    const message = JSON.parse(line) as AnyMessage;
    if (message.method !== undefined) to.take(message.id, message.method, message.params ?? []);
    else if (message.error !== undefined) to.fail(message.id as number, message.error.message);
    else to.settle(message.id as number, message.result);
  },
};

export default ceiling(objects);
