import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost, incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { failure } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
}
const Client = Spec.invert();
const limits = { connectMs: 100 };

const servers: [Server, Set<Socket>][] = [];
afterEach(async () => {
  for (const [server, sockets] of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that accepts connections and sends nothing. */
async function silent(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push([server, sockets]);
  return (server.address() as { port: number }).port;
}

describe('connect takes no longer than connectMs', () => {
  it('with a transport that neither opens nor closes', async () => {
    const never = () => ({
      address: 'never:',
      open: () => new Promise<void>(() => {}),
      close: () => new Promise<void>(() => {}),
    });
    const error = await failure(Client.connect(never, { limits }));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.message).toBe('never: was not connected within 100 ms (limits.connectMs)');
  });

  it('with a mux of which one part does not open', async () => {
    const never = () => ({ address: 'never:', open: () => new Promise<void>(() => {}), close: async () => {} });
    const error = await failure(Client.connect([never, 'tcp-server://127.0.0.1:0'], { limits }));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.message).toMatch('was not connected within 100 ms');
  });

  it.each(['ws', 'native'] as const)('with a WebSocket server that does not answer, by client: %s', async (client) => {
    if (client === 'native' && globalThis.WebSocket === undefined) {
      console.warn('skipped: this runtime has no WebSocket');
      return;
    }
    const error = await failure(Client.connect({ url: `ws://127.0.0.1:${await silent()}`, client }, { limits }));
    expect(error.message).toMatch(/did not complete the handshake within 100 ms \(limits.connectMs\); check that/);
  });

  it('with a mux of a WebSocket server that does not answer: the error names the part', async () => {
    const error = await failure(Client.connect([`ws://127.0.0.1:${await silent()}`], { limits }));
    expect(error.message).toMatch(/did not complete the handshake within 100 ms/);
  });

  it('while a transport is changed', async () => {
    await using server = await Spec.serve('memory:connecting');
    server.ask.connect(() => 'here');
    const client = await Client.connect('memory:connecting', { limits });
    const error = await failure(client.changeTransport(`ws://127.0.0.1:${await silent()}`));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(await client.remote.ask({})).toBe('here');
    await client.close();
  });
});

describe('a failed connection reports where, what happened, and what to check', () => {
  const nowhere = join(tmpdir(), `obverse-nowhere-${process.pid}`);
  it.each([
    ['tcp://127.0.0.1:9', /cannot connect to tcp:\/\/127.0.0.1:9: nobody listens there; .*check the address/],
    [`unix:${nowhere}`, /cannot connect to unix:.*nowhere.*: there is no such file; .*check the path/],
    [
      'ws://127.0.0.1:9',
      /cannot connect to ws:\/\/127.0.0.1:9: .*(check the address|check that a server listens there)/,
    ],
    [{ url: 'ws://127.0.0.1:9', client: 'ws' }, /cannot connect to ws:\/\/127.0.0.1:9: nobody listens there; .*check/],
    ['memory:nobody', /nobody serves memory:nobody; .*check the name/],
    ['process:there-is-no-such-program', /cannot start "there-is-no-such-program": .*check its name and the PATH/],
    ['worker:/nowhere.js', /worker/],
  ] as const)('%j', async (transport, text) => {
    const error = await failure(Client.connect(transport, { logger: null }));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.message).toMatch(text);
  });
});
