import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost, UsageError } from '../../src/index.js';
import { zmq } from '../../transports/zmq.js';
import { until } from '../support/core-waiting.js';
import { freePort } from '../support/engines.js';
import { closeAll, closing, connectWork, freeEndpoints, serveWork, Work } from './ends.js';

afterEach(closeAll);

describe.each(Object.entries(freeEndpoints))('over %s', (_scheme, endpoint) => {
  it('gives calls to several servers in turn', async () => {
    const servers = await Promise.all(['a', 'b', 'c'].map((name) => serveWork(name, endpoint())));
    const client = await connectWork(servers.map(({ side }) => side.address));
    const names = await Promise.all(Array.from({ length: 30 }, () => client.remote.who()));
    for (const name of ['a', 'b', 'c']) expect(names.filter((each) => each === name)).toHaveLength(10);
    expect(client.peers.size).toBe(1);
  });

  it('rejects connect where nobody serves', async () => {
    const port = await freePort();
    const address = endpoint().replace('*', String(port));
    await expect(Work.invert().connect(address)).rejects.toThrow(ConnectionLost);
    await expect(Work.invert().connect(address)).rejects.toThrow(/^nobody serves (tcp|ipc|inproc):/);
  });

  it('serves again at the address of a server that was closed, and the client finds it', async () => {
    const first = await serveWork('first', endpoint());
    const { address } = first.side;
    const client = await connectWork([address]);
    expect(await client.remote.who()).toBe('first');
    await first.side.close();
    // ZeroMQ releases an address some time after the end of its socket.
    await succeeds(() => serveWork('second', address));
    await succeeds(async () => expect(await client.remote.who()).toBe('second'));
  });
});

/** Makes attempts until one of them succeeds. */
async function succeeds(attempt: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await attempt();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

it('rejects the calls of a server whose process is killed at once, and the others go on', async () => {
  const child = fork(new URL('./worker.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  const [address] = (await once(child, 'message')) as [string];
  const other = await serveWork('other');
  const client = await connectWork([address, other.side.address]);
  const calls = Array.from({ length: 4 }, (_, n) => client.remote.wait({ n }).catch((error: unknown) => error));
  await until(() => other.waiting.length === 2);
  await client.remote.who();
  await client.remote.who();
  child.kill('SIGKILL');
  const ended = (await Promise.race([calls[0], calls[1]])) as ConnectionLost;
  expect(ended).toBeInstanceOf(ConnectionLost);
  expect(ended.maybeExecuted).toBe(true);
  const [first] = await Promise.all([Promise.race([calls[2], calls[3]])]);
  expect(first).toBeInstanceOf(ConnectionLost);
  expect(await client.remote.who()).toBe('other');
  expect(await client.remote.who()).toBe('other');
  expect(client.pendingCalls()).toHaveLength(2);
});

it('notifies all clients of what a server sends to null, and each answers its own calls', async () => {
  const server = await serveWork('server');
  const clients = await Promise.all([1, 2, 3].map(() => connectWork([server.side.address])));
  const heard: string[] = [];
  for (const [at, client] of clients.entries()) {
    client.said.connect((_sender, { text }) => void heard.push(`${at} ${text}`));
    await client.remote.who();
  }
  expect(server.side.peers.size).toBe(3);
  server.side.said(null, { text: 'hello' });
  await until(() => heard.length === 3);
  expect(heard.sort()).toEqual(['0 hello', '1 hello', '2 hello']);
  await clients[0]?.close();
  await until(() => server.side.peers.size === 2);
});

it('counts calls once in its statistics, whichever server has them', async () => {
  const servers = await Promise.all(['a', 'b', 'c'].map((name) => serveWork(name)));
  const client = await connectWork(servers.map(({ side }) => side.address));
  for (let n = 0; n < 6; n++) client.remote.wait({ n }).catch(() => {});
  await until(() => servers.every(({ waiting }) => waiting.length === 2));
  expect(client.stats()).toMatchObject({ peers: 1, pendingCalls: 6, activeCalls: 0, queuedCalls: 0 });
  for (const { side } of servers) expect(side.stats()).toMatchObject({ peers: 1, pendingCalls: 0, activeCalls: 2 });
  expect(await client.queueStats()).toEqual({ waiting: 0 });
  expect(await servers[0]?.side.queueStats()).toEqual({ waiting: 0 });
});

it('adds and removes servers while it is open', async () => {
  const [one, two] = [await serveWork('one'), await serveWork('two')];
  const endpoints = zmq(one.side.address);
  await expect(endpoints.add(two.side.address)).rejects.toThrow(UsageError);
  const client = closing(await Work.invert().connect(endpoints));
  const names = async (): Promise<string> =>
    [...new Set(await Promise.all(Array.from({ length: 10 }, () => client.remote.who())))].sort().join();
  expect(await names()).toBe('one');
  await endpoints.add(two.side.address);
  expect(await names()).toBe('one,two');
  await endpoints.remove(one.side.address);
  expect(await names()).toBe('two');
  await expect(endpoints.remove(one.side.address)).rejects.toThrow(UsageError);
  await endpoints.add(one.side.address);
  expect(await names()).toBe('one,two');
  await expect(endpoints.add('tcp:nothing')).rejects.toThrow(/no endpoint of ZeroMQ/);
});

it('answers calls that arrive while an endpoint is added or removed', async () => {
  const endpoints = zmq('zmq+tcp://127.0.0.1:*');
  const side = closing(await Work.serve(endpoints, { logger: null }));
  side.who.connect(() => 'here');
  const client = await connectWork([side.address]);
  await client.remote.who();
  for (let round = 0; round < 10; round++) {
    const port = await freePort();
    const calls = Array.from({ length: 20 }, () => client.remote.who());
    await client.flush();
    // Nothing reports that they have arrived.
    for (const end = performance.now() + 20; performance.now() < end; );
    const added = endpoints.add(`zmq+tcp://127.0.0.1:${port}`);
    calls.push(client.remote.who());
    await added;
    await endpoints.remove(`zmq+tcp://127.0.0.1:${port}`);
    for (const call of calls) expect(await call).toBe('here');
  }
  await expect(endpoints.add(side.address)).rejects.toThrow(/has tcp:.* already/);
});

it('binds another endpoint while it is open', async () => {
  const endpoints = zmq('zmq+tcp://127.0.0.1:*');
  const side = closing(await Work.serve(endpoints, { logger: null }));
  side.who.connect(() => 'here');
  const port = await freePort();
  await endpoints.add(`zmq+tcp://127.0.0.1:${port}`);
  const client = await connectWork([`zmq+tcp://127.0.0.1:${port}`]);
  expect(await client.remote.who()).toBe('here');
});

it.each([
  ['zmq+tcp://127.0.0.1', /is no endpoint of ZeroMQ: expected/],
  ['zmq://127.0.0.1:1', /is no address of ZeroMQ: expected/],
  ['zmq+tcp://127.0.0.1:1?role=queue', /the option "role" must be rpc or pipeline or pubsub/],
  ['zmq+tcp://127.0.0.1:1?bind=on', /the option "bind" is for pipeline and pubsub/],
  ['zmq+tcp://127.0.0.1:1?topics=a', /the option "topics" is for the side that serves in the role pubsub/],
  ['zmq+tcp://127.0.0.1:1?beat=-1', /the option "beat" must be a whole number from 1 to/],
  ['zmq+tcp://127.0.0.1:1?rol=rpc', /has no option "rol"/],
])('%s is refused', async (address, text) => {
  const connecting = Work.invert().connect(address as 'tcp://');
  await expect(connecting).rejects.toThrow(UsageError);
  await expect(connecting).rejects.toThrow(text);
});

it('names the endpoint that is in use', async () => {
  const { side } = await serveWork('one');
  await expect(Work.serve(side.address)).rejects.toThrow(/^zmq: cannot bind tcp:.*: it is in use$/);
});
