import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ConnectionLost,
  incoming,
  RemoteAPI,
  type Reply,
  type Sender,
  UsageError,
  type WebSocketOptions,
} from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { RawClient } from '../support/ws-raw.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
}
const Client = Spec.invert();

const proxies: { stop(): void }[] = [];
afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.stop();
});

/** A proxy that forwards everything until it falls silent, and keeps the connections open. */
async function proxyTo(address: string) {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect(Number(new URL(address).port), '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}));
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = {
    address: `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    fallSilent(): void {
      for (const socket of sockets) socket.unpipe().pause();
    },
    stop(): void {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  proxies.push(proxy);
  return proxy;
}

describe('keepAlive', () => {
  it('disconnects a peer that does not answer a ping: its calls are aborted', async () => {
    await using server = await Spec.serve({ url: 'ws://127.0.0.1:0', keepAlive: 50 }, { logger: null });
    const signals: AbortSignal[] = [];
    server.ask.connect((sender) => {
      signals.push(sender.signal as AbortSignal);
      return new Promise(() => {});
    });
    const client = await RawClient.dial(server.address);
    client.frame(1, '{"jsonrpc":"2.0","id":1,"method":"ask","params":{}}');
    await until(() => signals.length === 1 && server.peers.size === 0);
    expect(signals[0]?.reason).toBeInstanceOf(ConnectionLost);
    expect(String(signals[0]?.reason)).toMatch('it did not answer a ping within 50 ms (keepAlive)');
  });

  it('of a dialing side settles its calls when the other side falls silent', async () => {
    await using server = await Spec.serve('ws://127.0.0.1:0', { logger: null });
    server.ask.connect(() => new Promise(() => {}));
    const proxy = await proxyTo(server.address);
    const client = await Client.connect({ url: proxy.address, keepAlive: 50 });
    const asked = failure(client.remote.ask({}));
    await until(() => server.peers.size === 1);
    proxy.fallSilent();
    expect((await asked).message).toMatch('it did not answer a ping within 50 ms (keepAlive)');
    await client.close();
  });

  it('keeps a peer that answers pings and sends nothing else', async () => {
    await using server = await Spec.serve({ url: 'ws://127.0.0.1:0', keepAlive: 50 }, { logger: null });
    server.ask.connect(() => new Promise(() => {}));
    await using client = await Client.connect({ url: server.address, keepAlive: 50 });
    void client.remote.ask({}).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect([server.peers.size, client.peers.size]).toEqual([1, 1]);
  });

  it('keeps a peer from which nothing is read for a while', async () => {
    await using server = await Spec.serve({ url: 'ws://127.0.0.1:0', keepAlive: 50 }, { logger: null });
    let answer = (): void => {};
    const end = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let begun = 0;
    server.ask.connect(() => {
      begun++;
      return end;
    });
    await using client = await Client.connect({ url: server.address });
    const calls = Array.from({ length: 5_000 }, () => client.remote.ask({}));
    await until(() => begun === 256);
    await new Promise((resolve) => setTimeout(resolve, 600));
    answer();
    expect(await Promise.all(calls)).toHaveLength(5_000);
  });

  it.each<[options: WebSocketOptions, text: string]>([
    [{ keepAlive: 0 }, 'must be a positive number of milliseconds, not 0'],
    [{ keepAlive: 100, client: 'native' }, 'does not support "keepAlive"; set client: "ws"'],
  ])('is refused where it has no effect: %j', async (options, text) => {
    const error = await failure(Client.connect({ url: 'ws://127.0.0.1:9', ...options }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(text);
  });
});
