import { afterEach } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import { referencesOf } from '../../src/extensions/references/value-mapper.js';
import {
  type Far,
  type Inverted,
  incoming,
  type Options,
  type Remote,
  RemoteAPI,
  type Reply,
  reference,
  type Sender,
  type Side,
  type Stream,
} from '../../src/index.js';
import type { ConnectedPeer } from '../../src/session/connected-peer.js';
import { until } from '../support/core-waiting.js';

/** A callback of the tests. */
export type Step = (n: number) => unknown;

export class Counter extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming noted(_sender: Sender, _args: { text: string }): void {}
  @incoming({ stream: true }) upTo(_sender: Sender, _args: { n: number }): Stream<number> {}
}

@reference
export class Basket {
  readonly #items: string[] = [];
  put(item: string): number {
    return this.#items.push(item);
  }
  list(): string[] {
    return [...this.#items];
  }
  async *each(): AsyncGenerator<string> {
    yield* this.#items;
  }
  _hidden(): string {
    return 'hidden';
  }
}

/** The spec of the tests: methods for everything that a function, an object or a side can be passed in. */
export class Work extends RemoteAPI {
  @incoming({ hasReply: true }) count(_sender: Sender, _args: { to: number; step: Step }): Reply<number> {}
  @incoming({ hasReply: true }) hold(_sender: Sender, _args: { step: Step }): Reply<unknown> {}
  @incoming({ hasReply: true }) take(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming({ hasReply: true }) fire(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true }) back(_sender: Sender, _args: { step: Step }): Reply<Step> {}
  @incoming({ hasReply: true }) basket(_sender: Sender): Reply<Far<Basket>> {}
  @incoming({ hasReply: true }) fill(_sender: Sender, _args: { basket: Far<Basket> }): Reply<string[]> {}
  @incoming({ hasReply: true }) counting(
    _sender: Sender,
    _args: { counter: Remote<Inverted<Counter>> },
  ): Reply<number> {}
  @incoming({ stream: true }) items(_sender: Sender): Stream<unknown> {}
  @incoming told(_sender: Sender, _args: { step: Step }): void {}
}

export interface Sides {
  readonly server: Side<Work>;
  readonly client: Side<Inverted<Work>>;
}

const open: { close(): Promise<void> }[] = [];

/** Closes it after the test. */
export function closing<T extends { close(): Promise<void> }>(side: T): T {
  open.push(side);
  return side;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

/** The transports and codecs of the tests: a name, an address to serve at, and a codec. */
export const ways = [
  ['memory:references', 'jrpc'],
  ['tcp://127.0.0.1:0', 'jrpc'],
  ['tcp://127.0.0.1:0', 'msgpack'],
  ['ws://127.0.0.1:0', 'jrpc'],
] as const;

/** One side of each kind; `serving` and `calling` are their options. */
export async function sides(
  url: string = 'memory:references',
  codec = 'jrpc',
  serving: Options = {},
  calling: Options = {},
): Promise<Sides> {
  const server = closing(await Work.serve(url, { codec, logger: null, ...serving }));
  const client = closing(await Work.invert().connect(server.address, { codec, logger: null, ...calling }));
  await until(() => server.peers.size === 1);
  return { server, client };
}

/** How many references a side holds, in both directions. */
export function sizeOf(side: object): number {
  return [...endpointOf(side).peerRegistry.peers.values()].reduce(
    (sum, peer) => sum + referencesOf((peer as ConnectedPeer).session).size,
    0,
  );
}

/** Resolves when neither side holds a reference any more. */
export function nothingLeft({ server, client }: { readonly server: object; readonly client: object }): Promise<void> {
  return until(() => sizeOf(server) === 0 && sizeOf(client) === 0);
}

/** A promise, and what settles it. */
export function gate<T = void>(): { readonly passed: Promise<T>; open(value: T): void } {
  let open!: (value: T) => void;
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
