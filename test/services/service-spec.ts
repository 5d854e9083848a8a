import { afterEach } from 'vitest';
import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type Stream,
  standardTypes,
} from '../../src/index.js';
import type { Inverted } from '../../src/types/derived.js';
import type { Options } from '../../src/types/options.js';

/** What the tests of services call. */
export class Jobs extends RemoteAPI {
  @incoming({ hasReply: true }) who(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true }) slow(_sender: Sender, _args: { n: number }): Reply<string> {}
  @incoming({ hasReply: true }) meet(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true }) each(_sender: Sender, _args: { step: (n: number) => unknown }): Reply<string> {}
  @incoming({ hasReply: true }) sum(_sender: Sender, _args: { of: AsyncIterable<number> }): Reply<number> {}
  @incoming({ hasReply: true }) when(_sender: Sender, _args: { at: bigint }): Reply<bigint> {}
  @incoming({ hasReply: true }) counter(_sender: Sender): Reply<() => number> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming told(_sender: Sender, _args: { text: string }): void {}
  @outgoing({ hasReply: true }) name(_receivers: Receivers): Reply<string> {}
  @outgoing news(_receivers: Receivers, _args: { text: string }): void {}
}

export type Worker = Side<Jobs>;
export type Caller = Side<Inverted<Jobs>>;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

let rooms = 0;
/** The address of a service that nobody else has. */
export function room(options = ''): string {
  return `memory:jobs${++rooms}?service${options}`;
}

/** A worker that is closed after the test. */
export async function worker(url: string, options: Options = {}): Promise<Worker> {
  const side = await Jobs.serve(url, { logger: null, types: standardTypes, ...options });
  open.push(side);
  return side;
}

/** One that calls the service, closed after the test. */
export async function caller(url: string, options: Options = {}): Promise<Caller> {
  const side = await Jobs.invert().connect(url, { logger: null, types: standardTypes, ...options });
  open.unshift(side);
  return side;
}
