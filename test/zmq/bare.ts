import { Dealer, type Push } from 'zeromq';
import { closing } from './ends.js';

/* Peers that are not Obverse: sockets of the bare package. */

export const ANYWHERE = 'zmq+tcp://127.0.0.1:*';

/** Where the sockets of the package reach a side. */
export const endpointOf = ({ address }: { readonly address: string }): string =>
  address.replace('zmq+', '').replace(/\?.*/, '');

interface Closable {
  linger: number;
  readonly closed: boolean;
  close(): void;
}

/** Closes a socket; what it has not sent is lost. */
export function leave(socket: Closable): void {
  if (socket.closed) return;
  socket.linger = 0;
  socket.close();
}

/** A socket of the bare package, which is closed at the end of the test. */
export function bare<S extends Closable>(socket: S): S {
  closing({
    async [Symbol.asyncDispose]() {
      leave(socket);
    },
  });
  return socket;
}

export function attack(endpoint: string, options: ConstructorParameters<typeof Dealer>[0] = {}): Dealer {
  const socket = bare(new Dealer({ sendTimeout: 0, ...options }));
  socket.connect(endpoint);
  return socket;
}

/** Sends as fast as ZeroMQ takes it, without leaving the event loop for long. */
export async function flood(socket: Dealer | Push, count: number, message: (n: number) => (string | Uint8Array)[]) {
  for (let n = 0; n < count; n++) {
    while (!socket.writable) await new Promise<void>((resolve) => setImmediate(resolve));
    await socket.send(message(n) as string[]);
  }
}

export const call = (id: number | string, method = 'who', params: object = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });
