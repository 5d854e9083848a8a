import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import { moveTime, time } from '../../src/base/time.js';
import type { Options } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { RawClient } from '../support/core-raw.js';
import { failure, until } from '../support/core-waiting.js';
import { atEnd, clear, connect, meet, serve } from '../support/gates.js';
import { Silent } from '../support/heartbeat-spec.js';

afterEach(clear);

const socketPath = (): string => `unix:${join(mkdtempSync(join(tmpdir(), 'beat-')), 's')}`;
const connections = (side: object) => [...endpointOf(side).connections()];
const received = (side: object) => endpointOf(side).load.traffic.framesReceived;
const beat = (...args: unknown[]) => ({ jsonrpc: '2.0', method: 'rpc.beat', params: args });
const hello = (fields: object) => ({
  jsonrpc: '2.0',
  method: 'rpc.hello',
  params: { obverse: 1, codec: 'jrpc', ...fields },
});

const ways: [string, () => string, Options][] = [
  ['tcp', () => 'tcp://127.0.0.1:0', {}],
  ['tcp and msgpack', () => 'tcp://127.0.0.1:0', { codec: 'msgpack' }],
  ['unix', socketPath, {}],
  ['ws', () => 'ws://127.0.0.1:0/', {}],
  ['ws and msgpack', () => 'ws://127.0.0.1:0/', { codec: 'msgpack' }],
  [
    'tcp under a security',
    () => 'tcp://127.0.0.1:0',
    { security: { seal: async (payload) => ({ info: { n: 1 }, payload }), open: async (payload) => payload } },
  ],
];

describe.each(ways)('an idle link over %s', (_way, address, options) => {
  it('has a heartbeat, answered, and stays', async () => {
    using clock = stopClock();
    const { server, client, peers } = await meet(address(), options, options);
    await until(() => server.peers.size === 1 && connections(client).every((one) => one.agreed));
    // Over `ws:` both have agreed before.
    await until(() => received(server) > 0 && received(client) > 0);
    const before = received(server) + received(client);
    for (let n = 0; n < 8; n++) {
      await clock.turn(7_500);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect([server.peers.size, client.peers.size, peers.length]).toEqual([1, 1, 1]);
    // In a minute four beats at most, and an answer to each; with their headers under a security.
    const frames = received(server) + received(client) - before;
    expect(frames).toBeGreaterThan(0);
    expect(frames).toBeLessThanOrEqual(4 * 2 * 2 * 2);
    expect(await client.remote.ask({ n: 1 })).toBe(2);
  });
});

/** A proxy between two sides that can be made silent: then it takes everything and passes on nothing. */
async function between(address: string) {
  const { port } = new URL(address.replace(/^\w+:/, 'http:'));
  let isSilent = false;
  const sockets: net.Socket[] = [];
  const proxy = net.createServer((near) => {
    const far = net.connect(Number(port), '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.push(one);
      one.on('data', (chunk) => void (isSilent || other.write(chunk)));
      one.on('error', () => {});
      one.on('close', () => void (isSilent || other.destroy()));
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return {
    address: address.replace(port, String((proxy.address() as net.AddressInfo).port)),
    silence: () => {
      isSilent = true;
    },
  };
}

it.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/'])(
  'a dead link over %s is found by both ends in 1.5 to 2 beats',
  async (address) => {
    using clock = stopClock();
    const { server, peers } = await serve(address, {});
    const proxy = await between(server.address);
    const client = await connect(proxy.address, { timeout: Number.POSITIVE_INFINITY });
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    await until(() => connections(client).every((one) => one.agreed));
    const lost = failure(client.remote.ask({ n: 1 }));
    proxy.silence();
    server.ask.connect(() => new Promise<number>(() => {}));
    await clock.turn(15_000);
    expect([client.peers.size, server.peers.size]).toEqual([1, 1]);
    await clock.turn(15_000);
    await until(() => client.peers.size === 0 && server.peers.size === 0);
    expect((await lost).message).toContain('nothing has arrived from');
    expect(peers.length).toBe(2);
  },
);

it.each<[string, Options, Options, number]>([
  ['the shorter of both', { beat: 4_000 }, { beat: 60_000 }, 8_000],
  ['the shorter of both, the other way', { beat: 60_000 }, { beat: 4_000 }, 8_000],
])('%s holds', async (_what, near, far, by) => {
  using clock = stopClock();
  const { server } = await serve('tcp://127.0.0.1:0', far);
  const proxy = await between(server.address);
  const client = await connect(proxy.address, near);
  await client.remote.ask({ n: 1 });
  await until(() => connections(client).every((one) => one.agreed));
  proxy.silence();
  await clock.turn(by);
  await until(() => client.peers.size === 0 && server.peers.size === 0);
});

it.each<[string, Options, Options, readonly number[]]>([
  ['this side checks one that has turned its own off', { beat: 4_000 }, { beat: Number.POSITIVE_INFINITY }, [0, 1]],
  ['a side that has turned its own off is checked', { beat: Number.POSITIVE_INFINITY }, { beat: 4_000 }, [1, 0]],
])('%s', async (_what, near, far, connected) => {
  using clock = stopClock();
  const { server } = await serve('tcp://127.0.0.1:0', far);
  const proxy = await between(server.address);
  const client = await connect(proxy.address, near);
  await client.remote.ask({ n: 1 });
  await until(() => connections(client).every((one) => one.agreed));
  // It answers, so nothing happens.
  for (let n = 0; n < 8; n++) {
    await clock.turn(2_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect([client.peers.size, server.peers.size]).toEqual([1, 1]);
  proxy.silence();
  await clock.turn(8_000);
  await until(() => client.peers.size + server.peers.size === 1);
  expect([client.peers.size, server.peers.size]).toEqual(connected);
});

it('there is none with beat: Infinity on both sides', async () => {
  using clock = stopClock();
  const off = { beat: Number.POSITIVE_INFINITY };
  const { server, client } = await meet('tcp://127.0.0.1:0', off, off);
  await until(() => connections(client).every((one) => one.agreed));
  const before = [received(server), received(client)];
  await clock.turn(600_000);
  expect([received(server), received(client)]).toEqual(before);
});

it.each(['memory:heartbeat', 'tcp://127.0.0.1:0'])(
  'a peer that is not Obverse, or not beyond a network, is sent none: %s',
  async (address) => {
    using clock = stopClock();
    if (address.startsWith('memory')) {
      const { server, client } = await meet(address, {}, {});
      await until(() => connections(client).every((one) => one.agreed));
      const before = [received(server), received(client)];
      await clock.turn(600_000);
      expect([received(server), received(client), server.peers.size]).toEqual([...before, 1]);
      return;
    }
    const { server } = await serve(address, {});
    using raw = await RawClient.connect(server.address);
    using other = await RawClient.connect(server.address);
    other.write(hello({}));
    await other.answers(1);
    await until(() => server.peers.size === 2);
    await clock.turn(600_000);
    expect([raw.lines, other.lines.length, server.peers.size]).toEqual([[], 1, 2]);
  },
);

it('a beat of less than a second is refused, and one of a peer is taken as a second', async () => {
  await expect(serve('tcp://127.0.0.1:0', { beat: 999 })).rejects.toThrow(/"beat".*from 1,000/);
  using clock = stopClock();
  const { server } = await serve('tcp://127.0.0.1:0', {});
  using raw = await RawClient.connect(server.address);
  raw.write(hello({ beat: 0.001 }));
  await raw.answers(1);
  await clock.turn(1_000);
  expect(raw.lines.length).toBeLessThanOrEqual(3);
  expect(server.peers.size).toBe(1);
});

it('many different beats of hostile peers become few looks', async () => {
  using clock = stopClock();
  const { server } = await serve('tcp://127.0.0.1:0', {});
  const raws = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(server.address)));
  for (const [n, raw] of raws.entries()) raw.write(hello({ beat: n === 0 ? 'x' : n === 1 ? -5 : 1_000 + n / 100 }));
  await Promise.all(raws.map((raw) => raw.answers(1)));
  const { groupsByBeat } = await import('../../src/extensions/heartbeat/silent-peers.js');
  expect([...groupsByBeat.keys()]).toEqual([1_000]);
  for (const raw of raws) raw[Symbol.dispose]();
  await until(() => server.peers.size === 0);
  expect(groupsByBeat.size).toBe(0);
  await clock.turn(1);
});

it('a peer that says hello again and again, with another time each time, is not kept when it has gone', async () => {
  const { server } = await serve('tcp://127.0.0.1:0', { beat: 15_000 });
  const { groupsByBeat } = await import('../../src/extensions/heartbeat/silent-peers.js');
  const raw = await RawClient.connect(server.address);
  for (let seconds = 15; seconds > 0; seconds--) raw.write(hello({ beat: seconds * 1_000 }));
  await until(() => received(server) === 15);
  expect([...groupsByBeat.keys()]).toEqual([1_000]);
  raw[Symbol.dispose]();
  await until(() => server.peers.size === 0);
  expect(groupsByBeat.size).toBe(0);
});

it('a question is answered once a turn: a flood of them is not answered one by one', async () => {
  const { server } = await serve('tcp://127.0.0.1:0', {});
  using raw = await RawClient.connect(server.address);
  raw.write(...Array.from({ length: 2_000 }, () => beat()), beat(true));
  await until(() => received(server) === 2_001);
  await raw.until(() => raw.lines.length > 0);
  raw.write({ jsonrpc: '2.0', id: 1, method: 'ask', params: { n: 1 } });
  await raw.until(() => raw.lines.some((line) => line.includes('result')));
  expect(raw.lines[0]).toBe(JSON.stringify(beat(true)));
  expect(raw.lines.length).toBeLessThan(100);
});

it('a late look judges nobody: the process was stopped, or the computer asleep', async () => {
  using clock = stopClock();
  const { server, client } = await meet('tcp://127.0.0.1:0', {}, {});
  await until(() => server.peers.size === 1 && connections(client).every((one) => one.agreed));
  for (let n = 0; n < 10; n++) {
    moveTime(time() + 3_600_000);
    await clock.turn(0);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect([server.peers.size, client.peers.size]).toEqual([1, 1]);
  expect(await client.remote.ask({ n: 1 })).toBe(2);
});

it('a side that does not read, as it has enough to do, shows that it lives, and is not cut', async () => {
  using clock = stopClock();
  const { server } = await serve('tcp://127.0.0.1:0', {
    limits: { queuedCalls: 2 },
    concurrency: 1,
    handlerTimeout: Number.POSITIVE_INFINITY,
  });
  const client = await connect(server.address, { timeout: Number.POSITIVE_INFINITY });
  await client.remote.ask({ n: 1 });
  await until(() => connections(client).every((one) => one.agreed));
  const release: (() => void)[] = [];
  server.ask.connect(() => new Promise<number>((resolve) => void release.push(() => resolve(7))));
  for (let n = 1; n <= 6; n++) void client.remote.ask({ n }).catch(() => {});
  await until(() => connections(server)[0]?.isPaused === true);
  for (let n = 0; n < 12; n++) {
    await clock.turn(7_500);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect([server.peers.size, client.peers.size, connections(server)[0]?.isPaused]).toEqual([1, 1, true]);
});

it('a large frame that arrives slowly is a sign of life', async () => {
  using clock = stopClock();
  const { server } = await serve('tcp://127.0.0.1:0', {});
  using raw = await RawClient.connect(server.address);
  raw.write(hello({ beat: 15_000 }));
  await raw.answers(1);
  await until(() => server.peers.size === 1);
  for (let n = 0; n < 12; n++) {
    raw.write(n === 0 ? '{"jsonrpc":"2.0","id":1,"method":"ask","params":{"n":1,"x":"' : 'x'.repeat(100));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await clock.turn(7_500);
  }
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(server.peers.size).toBe(1);
  raw.write('"}}\n');
  await raw.until(() => raw.lines.some((line) => line.includes('"result":2')));
});

it.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/'])(
  'a process that is stopped: calls to it, its streams and the handlers of its calls end at the other end, over %s',
  async (at) => {
    const program = fileURLToPath(new URL('../support/heartbeat-program.ts', import.meta.url));
    const child = fork(program, [at], { execArgv: ['--import', 'tsx'] });
    atEnd(() => child.kill('SIGKILL'));
    const [address] = (await once(child, 'message')) as [string];
    const client = await Silent.invert().connect(address, { logger: null, beat: 1_000 });
    atEnd(() => client.close());
    let aborted = false;
    let begun = false;
    client.serve.connect((sender) => {
      begun = true;
      sender.signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    const call = failure(client.remote.forever());
    const items: number[] = [];
    const stream = failure(
      (async () => {
        for await (const n of client.remote.numbers()) items.push(n);
      })(),
    );
    await until(() => begun && items.length === 2);
    child.kill('SIGSTOP');
    for (const error of await Promise.all([call, stream])) {
      expect([error.name, error.message]).toEqual([
        'ConnectionLost',
        expect.stringContaining('option "beat": 1000 ms'),
      ]);
    }
    await until(() => aborted && client.peers.size === 0);
  },
);
