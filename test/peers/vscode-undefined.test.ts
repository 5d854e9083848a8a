import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';
import { afterEach, describe, expect, it } from 'vitest';
import { createMessageConnection, type MessageConnection } from 'vscode-jsonrpc/node';
import { RawClient } from '../support/core-raw.js';
import { Log, until } from '../support/core-waiting.js';

/** Methods that take their arguments in each supported way. */
class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_from: Sender): Reply<string> {}
  @incoming({ hasReply: true }) object(_from: Sender, _args: { a?: number }): Reply<string> {}
  @incoming({ hasReply: true, params: ['a', 'b'] }) named(_from: Sender, _a?: number, _b?: number): Reply<string> {}
  @incoming({ hasReply: true, allowPositionalArgs: true }) placed(_from: Sender, _a?: unknown): Reply<string> {}
  @incoming({ hasReply: true, params: ['a'], allowPositionalArgs: true })
  both(_from: Sender, _a?: unknown): Reply<string> {}
  @incoming note(_from: Sender, _args: { a?: number }): void {}
  @outgoing({ hasReply: true }) help(_to: Receivers): Reply<string> {}
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(codec: string) {
  const log = new Log();
  const noted: unknown[] = [];
  const desk = await Desk.serve('tcp://127.0.0.1:0', { codec, logger: log });
  ends.push(() => desk.close());
  const shown = (_sender: Sender, ...args: unknown[]): string => JSON.stringify(args);
  desk.ask.connect(shown);
  desk.object.connect(shown);
  desk.named.connect(shown);
  desk.placed.connect(shown);
  desk.both.connect(shown);
  desk.note.connect((_sender, ...args) => void noted.push(args));
  return { desk, log, noted, port: Number(new URL(desk.address).port) };
}

async function speak(port: number): Promise<MessageConnection> {
  const socket = connect(port, '127.0.0.1');
  ends.push(() => socket.destroy());
  const far = createMessageConnection(socket, socket);
  far.listen();
  return far;
}

describe('the list with null that vscode-jsonrpc writes for undefined and null', () => {
  it.each([undefined, null])('means no arguments for a method without positional arguments: %s', async (nothing) => {
    const { port } = await serve('jrpc?dialect=lsp');
    const far = await speak(port);
    expect(await far.sendRequest('ask', nothing)).toBe('[]');
    expect(await far.sendRequest('object', nothing)).toBe('[{}]');
    expect(await far.sendRequest('named', nothing)).toBe('[]');
  });

  it('means the same in a notification', async () => {
    const { port, noted, log } = await serve('jrpc?dialect=lsp');
    const far = await speak(port);
    await far.sendNotification('note', undefined);
    await until(() => noted.length === 1);
    expect(noted).toEqual([[{}]]);
    expect(log.texts).toEqual([]);
  });

  it('is one argument for a method with positional arguments', async () => {
    const { port } = await serve('jrpc?dialect=lsp');
    const far = await speak(port);
    expect(await far.sendRequest('placed', undefined)).toBe('[null]');
    expect(await far.sendRequest('both', undefined)).toBe('[null]');
  });

  it('reaches a handler that no spec declares unchanged', async () => {
    const { desk, port } = await serve('jrpc?dialect=lsp');
    desk.setHandler('other', (_sender, ...args) => JSON.stringify(args));
    desk.setHandler('wild.*', (_sender, args) => JSON.stringify(args));
    const far = await speak(port);
    expect(await far.sendRequest('other', undefined)).toBe('[null]');
    expect(await far.sendRequest('wild.any', undefined)).toBe('[null]');
  });

  it('is not confused with any other list, which is refused', async () => {
    const { port } = await serve('jrpc?dialect=lsp');
    const far = await speak(port);
    for (const given of [[1], [null, null], [[null]]] as const)
      await expect(far.sendRequest('ask', ...given)).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining('ask takes its arguments by name'),
      });
  });

  it('shows no arguments to an interceptor and a guard', async () => {
    const { desk, port } = await serve('jrpc?dialect=lsp');
    const seen: unknown[] = [];
    desk.use((call, next) => {
      seen.push(call.args);
      return next();
    });
    const far = await speak(port);
    await far.sendRequest('object', undefined);
    expect(seen).toEqual([[{}]]);
  });

  it('has no such meaning in JSON-RPC itself, nor in the other dialects', async () => {
    for (const codec of ['jrpc', 'jrpc?dialect=mcp']) {
      const { port } = await serve(codec);
      using far = await RawClient.connect(`tcp://127.0.0.1:${port}`);
      far.write({ jsonrpc: '2.0', id: 1, method: 'ask', params: [null] });
      expect(await far.answers(1)).toMatchObject([{ id: 1, error: { code: -32602 } }]);
    }
  });
});

it('a handler of vscode-jsonrpc is called without params if there are no arguments', async () => {
  const heard: unknown[][] = [];
  const server = createServer((socket) => {
    const far = createMessageConnection(socket, socket);
    far.onRequest('help', (...given: unknown[]) => {
      heard.push(given.slice(0, -1));
      return 'helped';
    });
    far.listen();
  }).listen(0, '127.0.0.1');
  ends.push(() => server.close());
  await once(server, 'listening');
  const desk = await Desk.connect(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    codec: 'jrpc?dialect=lsp',
  });
  ends.push(() => desk.close());
  expect(await desk.remote.help()).toBe('helped');
  expect(heard).toEqual([[]]);
});
