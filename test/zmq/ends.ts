import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/** What is called in the tests of ZeroMQ. */
export class Work extends RemoteAPI {
  @incoming({ hasReply: true }) who(sender: Sender): Reply<string> {}
  @incoming({ hasReply: true }) wait(sender: Sender, args: { n: number }): Reply<string> {}
  @incoming({ hasReply: true }) size(sender: Sender, args: { text: string }): Reply<number> {}
  @incoming note(sender: Sender, args: { text: string }): void {}
  @outgoing said(receivers: Receivers, args: { text: string }): void {}
}

/** An endpoint that nobody has, by scheme. */
export const freeEndpoints: Readonly<Record<string, () => string>> = {
  'zmq+tcp': () => 'zmq+tcp://127.0.0.1:*',
  'zmq+ipc': () => `zmq+ipc://${join(tmpdir(), `obverse-${randomUUID().slice(0, 8)}.sock`)}`,
  'zmq+inproc': () => `zmq+inproc://${randomUUID()}`,
};

const open: AsyncDisposable[] = [];

/** Closes a side when the test ends. */
export function closing<S extends AsyncDisposable>(side: S): S {
  open.push(side);
  return side;
}

export async function closeAll(): Promise<void> {
  for (const side of open.splice(0).reverse()) await side[Symbol.asyncDispose]();
}

/** A server that is called by its name. */
export async function serveWork(name: string, address = 'zmq+tcp://127.0.0.1:*') {
  const side = closing(await Work.serve(address, { logger: null }));
  const waiting: number[] = [];
  side.who.connect(() => name);
  side.size.connect((_sender, { text }) => text.length);
  side.wait.connect((_sender, { n }) => {
    waiting.push(n);
    return new Promise<string>(() => {});
  });
  return { side, waiting };
}

/** One that calls the servers of these addresses. */
export async function connectWork(addresses: readonly string[]) {
  const [first = '', ...others] = addresses;
  return closing(
    await Work.invert().connect([first, ...others.map((each) => each.replace('zmq+', ''))].join(','), { logger: null }),
  );
}
