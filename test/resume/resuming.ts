import {
  type AddressObject,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
  type TransportSource,
} from '../../src/index.js';
import { type ChaosProxy, chaosProxy } from '../../src/testing/chaos-proxy.js';
import { until } from '../support/core-waiting.js';

export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number; text?: string }): Reply<number> {}
  @incoming({ hasReply: true }) each(
    _sender: Sender,
    _args: { to: number; say: (n: number) => Promise<number> },
  ): Reply<number> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming note(_sender: Sender, _args: { n: number; text?: string }): void {}
  @outgoing({ hasReply: true }) confirm(_receivers: Receivers, _args: { n: number }): Reply<number> {}
  @outgoing told(_receivers: Receivers, _args: { n: number; text?: string }): void {}
}

const undo: (() => unknown)[] = [];

export function atEnd(job: () => unknown): void {
  undo.push(job);
}

/** For `afterEach`. */
export async function clear(): Promise<void> {
  for (const each of undo.splice(0).reverse()) await each();
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What the sides of a conversation have seen. */
export interface Seen {
  /** By their events, in order, with the ids of peers where they matter. */
  readonly server: string[];
  readonly client: string[];
  readonly notes: number[];
  readonly told: number[];
  readonly ran: Map<number, number>;
}

export async function serve(address: string, options: Options = { resume: true }) {
  const server = await Desk.serve(address, { logger: null, ...options });
  atEnd(() => server.close());
  const seen: Seen = { server: [], client: [], notes: [], told: [], ran: new Map() };
  const release: (() => void)[] = [];
  server.ask.connect((_sender, { n }) => {
    seen.ran.set(n, (seen.ran.get(n) ?? 0) + 1);
    return n < 1_000 ? n * 2 : new Promise((resolve) => void release.push(() => resolve(n * 2)));
  });
  server.each.connect(async (_sender, { to, say }) => {
    let sum = 0;
    for (let n = 1; n <= to; n++) sum += await say(n);
    return sum;
  });
  server.count.connect(async function* (_sender, { to }) {
    for (let n = 1; n <= to; n++) {
      yield n;
      if (n % 10 === 0) await turn();
    }
  });
  server.note.connect((_sender, { n }) => void seen.notes.push(n));
  for (const event of ['connect', 'disconnect', 'resumed'] as const)
    server.on(event, () => void seen.server.push(event));
  return { server, seen, release };
}

export async function dial(address: TransportSource, seen: Seen, options: Options = {}) {
  const client = await Desk.invert().connect(address, { logger: null, ...options });
  atEnd(() => client.close());
  client.confirm.connect((_sender, { n }) => n * 3);
  client.told.connect((_sender, { n }) => void seen.told.push(n));
  for (const event of ['connect', 'disconnect', 'resumed'] as const)
    client.on(event, () => void seen.client.push(event));
  return client;
}

/** Both ends, with a proxy between them that cuts the links. */
export async function meet(address: string, server: Options = { resume: true }, client: Options = {}) {
  const served = await serve(address, server);
  const proxy: ChaosProxy = await chaosProxy({ to: served.server.address });
  atEnd(() => proxy.close());
  const dialing = await dial(dialed(proxy.url), served.seen, client);
  await until(() => served.server.peers.size === 1);
  return { ...served, proxy, client: dialing };
}

/** The address as one that is dialed again at once. */
export function dialed(url: string): AddressObject {
  return { url: `reconnect+${url}`, delay: 1 };
}
