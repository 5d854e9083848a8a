import {
  incoming,
  namespace,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';
import { Log } from '../support/core-waiting.js';

export class Attic extends RemoteAPI {
  @incoming({ hasReply: true }) size(_sender: Sender): Reply<number> {}
  @outgoing dusty(_receivers: Receivers, _args: { inches: number }): void {}
}
export class Room extends RemoteAPI {
  /** It has another name on the wire. */
  readonly attic = namespace(Attic, { name: 'roof.top' });
  @incoming({ hasReply: true }) join(_sender: Sender, _args: { name: string }): Reply<number> {}
  @incoming({ hasReply: true, params: ['from', 'to'], allowPositionalArgs: true })
  move(_sender: Sender, _from: string, _to?: string): Reply<string> {}
  @incoming left(_sender: Sender, _args: { name: string }): void {}
  @outgoing said(_receivers: Receivers, _args: { text: string }): void {}
}
export class Chat extends RemoteAPI {
  readonly room = namespace(Room);
  @incoming({ hasReply: true }) hello(_sender: Sender, _args: { name: string }): Reply<string> {}
  @incoming note(_sender: Sender, _args: { text: string }): void {}
  @incoming({ stream: true }) ticks(_sender: Sender, _args: { n: number }): Stream<number> {}
  @outgoing({ hasReply: true, allowPositionalArgs: true }) add(
    _receivers: Receivers,
    _a: number,
    _b: number,
  ): Reply<number> {}
  @outgoing({ hasReply: true, params: ['a', 'b'] }) sub(_receivers: Receivers, _a: number, _b: number): Reply<number> {}
  @outgoing told(_receivers: Receivers, _args: { text: string }): void {}
  @outgoing({ stream: true }) rows(_receivers: Receivers, _args: { n: number }): Stream<number> {}
  /** Without a decorator, nobody can call it. */
  helper(): string {
    return 'a secret';
  }
}
export class Stats extends RemoteAPI {
  readonly daily = namespace(Attic, { name: 'day' });
  @incoming({ hasReply: true }) count(_sender: Sender, _args: { of: string }): Reply<number> {}
  @outgoing changed(_receivers: Receivers, _args: { to: number }): void {}
  @outgoing({ hasReply: true }) mood(_receivers: Receivers): Reply<string> {}
}

/** The transports and codecs with which everything is tested. */
export const ways = [
  ['memory:', 'jrpc'],
  ['memory:', 'msgpack'],
  ['tcp:', 'jrpc'],
  ['tcp:', 'msgpack'],
] as const;
export type Way = readonly ['memory:' | 'tcp:', 'jrpc' | 'msgpack'];

let rooms = 0;
export const addressOf = (transport: Way[0]): string =>
  transport === 'tcp:' ? 'tcp://127.0.0.1:0' : `memory:dynamic-${++rooms}`;

/** Both sides of a chat, which are closed together. */
export async function meet([transport, codec]: Way = ['memory:', 'jrpc'], here: Options = {}, there: Options = {}) {
  const log = new Log();
  const server = await Chat.serve(addressOf(transport), { codec, logger: log, ...here });
  const client = await Chat.invert().connect(transport === 'tcp:' ? server.address : server.address, {
    codec,
    logger: log,
    ...there,
  });
  return {
    server,
    client,
    log,
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.close();
    },
  };
}
