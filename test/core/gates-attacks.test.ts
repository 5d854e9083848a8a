import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { endpointOf } from '../../src/api/side-class.js';
import { stopClock } from '../../src/testing/clock.js';
import { Played, turn } from '../support/core-played.js';
import { RawClient } from '../support/core-raw.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { clear, Desk, gate, gated, meet, serve } from '../support/gates.js';

afterEach(clear);

const never = new Promise<undefined>(() => {});
const connections = (side: object) => [...endpointOf(side).connections()];
const call = (id: number, text = '') => ({ jsonrpc: '2.0', id, method: 'ask', params: { n: id, text } });

describe('a hostile peer that is being admitted', () => {
  it('stays silent: its link ends after connectMs, and nothing of it stays', async () => {
    using clock = stopClock();
    const log = new Log();
    gate(() => ({ patience: () => Number.POSITIVE_INFINITY, admit: () => undefined }));
    const { server, peers } = await serve('tcp://127.0.0.1:0', { ...gated, logger: log, limits: { connectMs: 5_000 } });
    using raw = await RawClient.connect(server.address);
    await until(() => connections(server).length === 1);
    await clock.turn(4_999);
    expect([raw.over, connections(server).length]).toEqual([false, 1]);
    await clock.turn(1);
    await raw.ended();
    expect([connections(server).length, peers, endpointOf(server).load.peers.size]).toEqual([0, [], 0]);
    expect(String(log.warnings[0])).toContain('the session has not begun within 5000 ms (limits.connectMs)');
  });

  it('keeps the gate busy for ever: the same', async () => {
    using clock = stopClock();
    gate(() => ({ admit: () => never }));
    const { server, peers } = await serve('tcp://127.0.0.1:0', { ...gated, limits: { connectMs: 5_000 } });
    using raw = await RawClient.connect(server.address);
    raw.write(call(1));
    await until(() => connections(server).length === 1);
    await clock.turn(5_000);
    await raw.ended();
    expect([connections(server).length, peers, endpointOf(server).load.total]).toEqual([0, [], 0]);
  });

  it('floods with calls: it is read no further than 64 KiB and a chunk of the socket', async () => {
    let served = 0;
    gate(() => ({ admit: () => never }));
    const { server } = await serve('tcp://127.0.0.1:0');
    server.ask.connect(() => ++served);
    using raw = await RawClient.connect(server.address);
    const text = 'x'.repeat(1_000);
    for (let n = 0; n < 20_000; n++) raw.write(call(n, text));
    const { load } = endpointOf(server);
    await until(() => load.traffic.bytesReceived > 50_000);
    for (let before = -1; before !== load.traffic.bytesReceived; ) {
      before = load.traffic.bytesReceived;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(load.traffic.bytesReceived).toBeLessThan(1024 * 1024);
    expect([served, server.peers.size, raw.lines]).toEqual([0, 0, []]);
    // What waits counts for the side.
    expect(load.total).toBeGreaterThan(64 * 1024);
  });

  it('floods over a link that cannot be paused: it is cut at bufferedBytes', async () => {
    const log = new Log();
    gate(() => ({ admit: () => never }));
    const played = new Played();
    const far = played.visit('far', {});
    const side = await Desk.connect(played.maker, { ...gated, logger: log, limits: { bufferedBytes: 100_000 } });
    await turn();
    for (let n = 0; n < 200 && far.closes.length === 0; n++) far.say(call(n, 'x'.repeat(1_000)));
    expect(far.closes.length).toBe(1);
    await turn();
    expect(String(log.warnings[0])).toMatch(/it has sent 10\d{4} bytes before the session began/);
    expect([connections(side).length, endpointOf(side).load.total]).toEqual([0, 0]);
    await side.close();
  });

  it('floods with the smallest messages of one packet: what they cost decoded counts for the side', async () => {
    gate(() => ({ admit: () => never }));
    const { server } = await serve('tcp://127.0.0.1:0', { ...gated, limits: { totalBytes: 1_000_000 } });
    using raw = await RawClient.connect(server.address);
    raw.write(`[${Array.from({ length: 40_000 }, () => '{"method":"told"}').join(',')}]\n`);
    await raw.ended();
    expect([connections(server).length, endpointOf(server).load.total]).toEqual([0, 0]);
  });

  it('floods with messages of the connection: nothing of them is kept, and the gate is asked once', async () => {
    let asked = 0;
    gate(() => ({
      patience: () => 60_000,
      admit: () => {
        asked++;
        return never;
      },
    }));
    const { server } = await serve('tcp://127.0.0.1:0');
    using raw = await RawClient.connect(server.address);
    const hello = { jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc' } };
    for (let n = 0; n < 10_000; n++) raw.write(hello);
    const { load } = endpointOf(server);
    await until(() => load.traffic.framesReceived === 10_000);
    expect([asked, load.total, raw.lines]).toEqual([1, 0, []]);
  });

  it('sends what cannot be read: that waits, too', async () => {
    gate(() => ({ admit: () => never }));
    const { server } = await serve('tcp://127.0.0.1:0');
    using raw = await RawClient.connect(server.address);
    for (let n = 0; n < 100; n++) raw.write('nonsense\n');
    // Its messages wait: they are counted when it is admitted, and are few bytes until then.
    await until(() => endpointOf(server).load.traffic.framesReceived === 100);
    expect(endpointOf(server).load.total).toBeLessThan(10_000);
  });

  it('sends a message and leaves, again and again: what waits of those that have gone counts in limits.peers, too', async () => {
    gate(() => ({ admit: () => never }));
    const { server } = await serve('ws://127.0.0.1:0/', { ...gated, limits: { peers: 5 } });
    for (let n = 1; n <= 20; n++) {
      const socket = new WebSocket(server.address);
      await once(socket, 'open');
      socket.send(JSON.stringify(call(n)));
      await until(() => endpointOf(server).load.traffic.framesReceived === n);
      socket.close();
      await once(socket, 'close');
    }
    await until(() => connections(server).length <= 5);
    expect(endpointOf(server).load.peers.size).toBe(connections(server).length);
  });

  it('speaks another codec: its link ends', async () => {
    gate(() => ({ patience: () => 60_000, admit: () => undefined }));
    const { server, peers } = await serve('tcp://127.0.0.1:0');
    using raw = await RawClient.connect(server.address);
    raw.write({ jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'msgpack' } });
    await raw.ended();
    expect(peers).toEqual([]);
  });

  it('ends its half of the link without a message: the link ends', async () => {
    gate(() => ({ patience: () => 60_000, admit: () => undefined }));
    const { server, peers } = await serve('tcp://127.0.0.1:0');
    using raw = await RawClient.connect(server.address);
    await until(() => connections(server).length === 1);
    raw.socket.end();
    await raw.ended();
    expect([connections(server).length, peers]).toEqual([0, []]);
  });

  it('throws in a message of the connection: that is reported within the limits of reports', async () => {
    const log = new Log();
    gate(() => ({ admit: () => never }), {
      'rpc.test': () => {
        throw new Error('it throws');
      },
    });
    const { server } = await serve('tcp://127.0.0.1:0', { ...gated, logger: log });
    using raw = await RawClient.connect(server.address);
    for (let n = 0; n < 1_000; n++) raw.write({ jsonrpc: '2.0', method: 'rpc.test', params: [] });
    await until(() => endpointOf(server).load.traffic.framesReceived === 1_000);
    expect(log.warnings.length).toBeGreaterThan(0);
    expect(log.warnings.length).toBeLessThanOrEqual(101);
    expect(connections(server).length).toBe(1);
  });

  it('comes in numbers: it counts in limits.peers as any other', async () => {
    gate(() => ({ admit: () => never }));
    const { server } = await serve('tcp://127.0.0.1:0', { ...gated, limits: { peers: 2 } });
    using one = await RawClient.connect(server.address);
    using two = await RawClient.connect(server.address);
    await until(() => connections(server).length === 2);
    const three = await RawClient.connect(server.address).catch(() => undefined);
    if (three !== undefined) await three.ended();
    expect([one.over, two.over, connections(server).length]).toEqual([false, false, 2]);
  });
});

it('what it has sent and ended is still carried out once it is admitted', async () => {
  let admit!: () => void;
  gate(() => ({
    admit: () =>
      new Promise((resolve) => {
        admit = () => resolve(undefined);
      }),
  }));
  const { server, told } = await serve('tcp://127.0.0.1:0');
  using raw = await RawClient.connect(server.address);
  raw.write({ jsonrpc: '2.0', method: 'told', params: { n: 1 } }, { jsonrpc: '2.0', method: 'told', params: { n: 2 } });
  raw.socket.end();
  await until(() => endpointOf(server).load.traffic.framesReceived === 2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(told).toEqual([]);
  admit();
  await until(() => told.length === 2);
  await raw.ended();
});

it('a gate whose session has ended meanwhile refuses the connection', async () => {
  const hosts = gate((host) => ({
    admit: async (connection) => {
      const session = host.begin(undefined, undefined, 'x');
      session.end(new Error('over'));
      expect(connection.ended).toBe(false);
      return session;
    },
  }));
  const { client, server } = await meet('tcp://127.0.0.1:0');
  await until(() => client.peers.size === 0);
  expect([server.peers.size, hosts.length]).toEqual([0, 1]);
  expect((await failure(client.remote.ask({ n: 1 }))).name).toBe('ConnectionLost');
});
