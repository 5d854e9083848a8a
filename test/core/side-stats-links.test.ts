import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import {
  type Frame,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Security,
  type Sender,
} from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { RawDatagrams } from '../support/udp-raw.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { text: string }): Reply<string> {}
  @incoming({ hasReply: true }) hold(_sender: Sender): Reply<null> {}
  @incoming tell(_sender: Sender, _args: { text: string }): void {}
  @outgoing news(_to: Receivers, _args: { text: string }): void {}
}

const notification = (method: string, text: string) =>
  JSON.stringify({ jsonrpc: '2.0', method, params: { text } }).length;

it('a change of the transport keeps the totals, and counts pending calls on the old one until they end', async () => {
  const release: (() => void)[] = [];
  const serve = async () => {
    const server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, codec: 'jrpc?hello=off' });
    server.echo.connect((_sender, { text }) => text);
    server.hold.connect(() => new Promise<null>((resolve) => release.push(() => resolve(null))));
    return server;
  };
  await using first = await serve();
  await using second = await serve();
  await using client = await Spec.invert().connect(first.address, { logger: null, codec: 'jrpc?hello=off' });
  await client.remote.echo({ text: 'one' });
  const held = client.remote.hold();
  await until(() => release.length === 1);
  const before = client.stats();
  expect(before).toMatchObject({ peers: 1, pendingCalls: 1, framesSent: 2, framesReceived: 1 });
  const changed = client.changeTransport(second.address);
  await until(() => second.peers.size === 1 && [...client.peers.keys()].length === 1);
  const later = client.remote.hold();
  await until(() => release.length === 2);
  // The peer of the old transport is no longer a receiver, and its call is still pending.
  expect(client.stats()).toMatchObject({ peers: 1, pendingCalls: 2, framesSent: 3, framesReceived: 1 });
  for (const done of release) done();
  await Promise.all([held, changed, later]);
  const { framesSent, framesReceived, bytesSent, bytesReceived, ...rest } = client.stats();
  expect(rest).toMatchObject({ peers: 1, pendingCalls: 0, activeCalls: 0, bufferedBytes: 0 });
  expect({ framesSent, framesReceived }).toEqual({ framesSent: 3, framesReceived: 3 });
  const [old, young] = [first.stats(), second.stats()];
  expect(bytesSent).toBe(old.bytesReceived + young.bytesReceived);
  expect(bytesReceived).toBe(old.bytesSent + young.bytesSent);
});

/** Why this machine has no such bus; empty if it has one. */
async function withoutBus(address: string): Promise<string> {
  try {
    await (await Spec.connect(address, { logger: null })).close();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
const BUS = 'udp://127.255.255.255:0?broadcast';
const reason = await withoutBus(BUS);

it.skipIf(reason !== '')(
  `a broadcast counts as one frame, however many peers are known${reason === '' ? '' : ` (n/a: ${reason})`}`,
  async () => {
    const options = { logger: null, codec: 'jrpc' };
    await using side = await Spec.connect(BUS, options);
    side.tell.connect(() => {});
    side.news(null, { text: 'nobody is known' });
    const bytes = notification('news', 'nobody is known');
    expect(side.stats()).toMatchObject({ peers: 0, framesSent: 1, bytesSent: bytes });
    await using one = await Spec.invert().connect(side.address, options);
    await using two = await Spec.invert().connect(side.address, options);
    // A datagram may be lost: it is sent again until it has arrived.
    await until(() => {
      for (const other of [one, two]) other.remote.tell({ text: 'here' });
      return side.peers.size === 2;
    });
    const { framesSent, bytesSent } = side.stats();
    side.news(null, { text: 'to all' });
    expect(side.stats()).toMatchObject({
      framesSent: framesSent + 1,
      bytesSent: bytesSent + notification('news', 'to all'),
    });
  },
);

it('bytes that wait for the hello of a peer are buffered, and count as sent when they leave', async () => {
  const sockets: Socket[] = [];
  const listener = createServer((socket) => sockets.push(socket.resume())).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  await using client = await Spec.invert().connect(`tcp://127.0.0.1:${port}`, { logger: null, codec: 'jrpc' });
  await until(() => sockets.length === 1 && client.stats().framesSent === 1);
  const { bytesSent } = client.stats();
  const text = 'x'.repeat(100_000);
  client.remote.tell({ text });
  await new Promise((resolve) => setImmediate(resolve));
  const bytes = notification('tell', text);
  expect(client.stats()).toMatchObject({ bufferedBytes: bytes, framesSent: 1, bytesSent });
  sockets[0]?.write(
    `${JSON.stringify({ jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc' } })}\n`,
  );
  await until(() => client.stats().bufferedBytes === 0);
  expect(client.stats()).toMatchObject({ framesSent: 2, bytesSent: bytesSent + bytes });
  sockets[0]?.destroy();
  listener.close();
});

/** Seals nothing until it is released. */
class Held implements Security {
  private release: (() => void) | undefined;
  private readonly released = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  async seal(): Promise<{ info: Record<string, unknown> }> {
    await this.released;
    return { info: {} };
  }
  open(payload: Frame): Frame {
    return payload;
  }
  go(): void {
    this.release?.();
  }
}

it('bytes that wait to be sealed are buffered, and count as sent when they leave', async () => {
  const security = new Held();
  await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, codec: 'jrpc?hello=off' });
  const heard: string[] = [];
  server.tell.connect((_sender, { text }) => void heard.push(text));
  await using client = await Spec.invert().connect(server.address, { logger: null, codec: 'jrpc?hello=off', security });
  client.remote.tell({ text: 'one' });
  client.remote.tell({ text: 'two' });
  await new Promise((resolve) => setImmediate(resolve));
  const bytes = 2 * notification('tell', 'one');
  expect(client.stats()).toMatchObject({ bufferedBytes: bytes, framesSent: 0, bytesSent: 0 });
  security.go();
  await until(() => heard.length === 2);
  expect(client.stats()).toMatchObject({ bufferedBytes: 0, framesSent: 2, bytesSent: bytes });
});

it('bytes that wait for a proof of the address are buffered, and count as sent when they leave', async () => {
  await using server = await Spec.serve('udp://127.0.0.1:0', { logger: null, codec: 'jrpc' });
  server.echo.connect((_sender, { text }) => text.repeat(1_000));
  const port = Number(new URL(server.address.replace('udp', 'http')).port);
  using raw = await RawDatagrams.to(port);
  const reply = JSON.stringify({ jsonrpc: '2.0', id: 1, result: 'x'.repeat(10_000) }).length;
  await raw.say({ id: 1, method: 'echo', params: { text: 'x'.repeat(10) } });
  await until(() => raw.tokens.length === 1);
  const { framesSent, bytesSent, bufferedBytes } = server.stats();
  // The request for the proof has left, and the reply waits for it.
  expect({ framesSent, bufferedBytes }).toEqual({ framesSent: 1, bufferedBytes: reply });
  await raw.prove(raw.tokens[0] as string);
  expect((await raw.answered(1)).result).toHaveLength(10_000);
  expect(server.stats()).toMatchObject({ bufferedBytes: 0, framesSent: 2, bytesSent: bytesSent + reply });
});
