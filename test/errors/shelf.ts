import { incoming, type Options, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';
import { Played, turn } from '../support/core-played.js';
import { failure } from '../support/core-waiting.js';

/** A side with one request, which throws what a test specifies. */
export class Shelf extends RemoteAPI {
  @incoming({ hasReply: true }) take(_sender: Sender, _args: object): Reply<unknown> {}
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: object): Reply<unknown> {}
}

let rooms = 0;
/** How two sides are connected. */
export const ways = [
  { at: () => `memory:shelf-${rooms++}`, codec: 'jrpc' },
  { at: () => `memory:shelf-${rooms++}`, codec: 'msgpack' },
  { at: () => `memory:shelf-${rooms++}`, codec: 'clone' },
  { at: () => 'tcp-server://127.0.0.1:0', codec: 'jrpc' },
  { at: () => 'tcp-server://127.0.0.1:0', codec: 'msgpack' },
] as const;
export type Way = (typeof ways)[number];

/** What a call rejects with when its handler throws. */
export async function thrown<E = Error>(
  what: unknown,
  there: Options = {},
  here: Options = there,
  { at, codec }: Way = ways[0],
): Promise<E> {
  await using server = await Shelf.serve(at(), { logger: null, ...there, codec });
  server.take.connect(async () => {
    throw what;
  });
  await using client = await Shelf.invert().connect(server.address, { logger: null, ...here, codec });
  return await failure<E>(client.remote.take({}));
}

/** What is sent, as JSON, when a handler throws. */
export async function faultOf(what: unknown, options: Options = {}) {
  const played = new Played();
  const far = played.visit();
  await using side = await Shelf.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, ...options });
  side.take.connect(() => {
    throw what;
  });
  far.say({ jsonrpc: '2.0', id: 1, method: 'take' });
  await turn();
  return far.heard[0].error;
}

/** What a call rejects with when a peer that is not Obverse sends this answer. */
export async function answered<E = Error>(error: unknown, options: Options = {}): Promise<E> {
  const played = new Played();
  const far = played.visit();
  await using side = await Shelf.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, ...options });
  const asked = failure<E>(side.ask(null, {}));
  await turn();
  far.say({ jsonrpc: '2.0', id: far.heard[0].id, error });
  return await asked;
}

export function explode(): never {
  throw new Error('it explodes');
}
