export { until } from '../support/core-waiting.js';

import {
  type Inverted,
  incoming,
  namespace,
  type Options,
  outgoing,
  type Receivers,
  type Remote,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type Stream,
} from '../../src/index.js';

/** What was recorded, in order. */
export const record: string[] = [];
/** An interceptor that records before and after. */
export const recording =
  (name: string) =>
  (_call: unknown, next: () => unknown): unknown => {
    record.push(`${name} >`);
    const given = next();
    if (!(given instanceof Promise)) record.push(`< ${name}`);
    return given instanceof Promise ? given.finally(() => record.push(`< ${name}`)) : given;
  };

export class Shelf extends RemoteAPI {
  @incoming({ hasReply: true, use: recording('mark') }) put(_from: Sender, args: { text: string }): Reply<string> {
    record.push(`body ${args.text}`);
  }
  @outgoing({ hasReply: true, use: recording('mark') }) look(_to: Receivers, args: { text: string }): Reply<string> {
    record.push(`body ${args.text}`);
  }
}

export class Room extends RemoteAPI {
  readonly shelf = namespace(Shelf);
  @incoming({ hasReply: true }) enter(_from: Sender, _args: { name: string }): Reply<number> {}
}

/** The object that is passed by reference. */
export class Adder extends RemoteAPI {
  @incoming({ hasReply: true, params: ['a', 'b'] }) add(_from: Sender, _a: number, _b: number): Reply<number> {}
}

export class House extends RemoteAPI {
  readonly room = namespace(Room);

  @incoming({ hasReply: true, params: ['a', 'b'], meta: { cost: 3 } })
  add(_from: Sender, _a: number, _b: number): Reply<number> {}
  @incoming note(_from: Sender, _args: { text: string }): void {}
  @incoming({ stream: true }) count(_from: Sender, _args: { to: number }): Stream<number> {}
  @incoming({ hasReply: true, allowPositionalArgs: true })
  each(_from: Sender, _items: number[], _tell: (item: number) => unknown): Reply<number> {}

  @incoming({ hasReply: true, allowPositionalArgs: true })
  lend(_from: Sender, _adder: Remote<Inverted<Adder>>): Reply<number> {}

  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { text: string }): Reply<string> {}
  @outgoing tell(_to: Receivers, _args: { text: string }): void {}
  @outgoing({ stream: true }) watch(_to: Receivers, _args: { to: number }): Stream<number> {}
}

/** How two sides are connected. */
export const ways: readonly (readonly [transport: string, codec: string])[] = [
  ['memory:', 'jrpc'],
  ['tcp://127.0.0.1:0', 'jrpc'],
  ['tcp://127.0.0.1:0', 'msgpack'],
];

let rooms = 0;

/** Two connected sides of a house; `closeAll` closes them. */
export async function meet(
  [transport, codec]: readonly [transport: string, codec: string] = ['memory:', 'jrpc'],
  here: Options = {},
  there: Options = {},
) {
  const address = transport === 'memory:' ? `memory:middleware-${++rooms}` : transport;
  const server = House.create({ transport: address.replace(':', '-server:'), codec, logger: null, ...here });
  await server.open();
  const client = await House.invert().connect(server.address, { codec, logger: null, ...there });
  opened.push(server, client);
  return { server, client, peer: [...server.peers.values()][0] };
}

const opened: Side<object>[] = [];

/** Closes what `meet` has opened, and clears the records. */
export async function closeAll(): Promise<void> {
  record.length = 0;
  for (const side of opened.splice(0)) await (side as unknown as { close(): Promise<void> }).close();
}
