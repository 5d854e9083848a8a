import { request as nodeRequest } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { afterEach } from 'vitest';
import {
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';

/** The spec of the tests of `http:`. */
export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { text: string }): Reply<string> {}
  @incoming({ hasReply: true }) wait(_sender: Sender): Reply<number> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming note(_sender: Sender, _args: { text: string }): void {}
  @outgoing said(_receivers: Receivers, _args: { text: string }): void {}
}

const sides: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const side of sides.splice(0).reverse()) await side.close();
});

/** Closes something with the test. */
export function closing<S extends { close(): Promise<unknown> }>(side: S): S {
  sides.push(side);
  return side;
}

export const quiet = { warn: (): void => {}, error: (): void => {} };

/** A side that serves `Desk`. What waits does so until it is aborted, or until `finish` is called. */
export async function serveDesk(options: Record<string, unknown> = {}, side: Options = {}) {
  const desk = closing(await Desk.serve({ url: 'http://127.0.0.1:0/rpc', ...options }, { logger: quiet, ...side }));
  const notes: string[] = [];
  const waiting: { finish(): void; readonly aborted: Promise<Error> }[] = [];
  const waiters: (() => void)[] = [];
  desk.add.connect((_sender, { a, b }) => a + b);
  desk.echo.connect(async (sender, { text }) => {
    sender.progress({ length: text.length });
    return text;
  });
  desk.note.connect((_sender, { text }) => {
    notes.push(text);
  });
  desk.count.connect(async function* (_sender, { to }) {
    for (let n = 1; n <= to; n++) yield n;
  });
  desk.wait.connect(
    ({ signal }) =>
      new Promise((resolve, reject) => {
        const aborted = new Promise<Error>((tell) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason);
            tell(signal.reason);
          });
        });
        waiting.push({ finish: () => resolve(1), aborted });
        for (const waiter of waiters.splice(0)) waiter();
      }),
  );
  /** Resolves when so many calls of `wait` are at work. */
  const atWork = async (count: number): Promise<void> => {
    while (waiting.length < count) await new Promise<void>((resolve) => waiters.push(resolve));
  };
  return { desk, address: desk.address as string, notes, waiting, atWork };
}

/** A call of JSON-RPC. */
export const call = (method: string, params?: unknown, id: number | undefined = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

export interface Answered {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly text: string;
}

/** Posts a body. */
export async function post(
  address: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answered> {
  return ask(address, {
    method: 'POST',
    body: body as string,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

export async function ask(address: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(address, init);
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), headers, text: await response.text() };
}

/** A request with these headers, byte for byte: `fetch` sets some of them itself. */
export function raw(
  address: string,
  headers: Record<string, string>,
  body: string = call('add', { a: 1, b: 2 }),
  method = 'POST',
): Promise<{ readonly status: number; readonly headers: Record<string, unknown>; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const all = { 'content-type': 'application/json', ...headers };
    nodeRequest(address, { method, headers: all, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode as number, headers: response.headers, text }));
    })
      .on('error', reject)
      .end(method === 'POST' ? body : undefined);
  });
}

/** Writes bytes, and resolves with everything that comes until the connection ends. */
export function wire(address: string, ...pieces: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    let came = '';
    const socket = connectSocket(Number(port), hostname, () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket
      .setEncoding('utf8')
      .on('data', (text: string) => {
        came += text;
      })
      .on('error', reject)
      .on('close', () => resolve(came));
  });
}

/** The data of the events in a text. */
export const eventsIn = (text: string): unknown[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data as string));
