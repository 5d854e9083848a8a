import { afterEach, describe, expect, it } from 'vitest';
import { Code, type Options, RpcError } from '../../src/index.js';
import { chaosProxy } from '../../src/testing/chaos-proxy.js';
import type { Handshake } from '../../src/types/authentication.js';
import { until } from '../support/core-waiting.js';
import { atEnd, clear, dial, serve } from './sides.js';

afterEach(clear);

const ways: [string, string, Options][] = [
  ['tcp', 'tcp://127.0.0.1:0', {}],
  ['tcp, msgpack', 'tcp://127.0.0.1:0', { codec: 'msgpack' }],
  ['ws', 'ws://127.0.0.1:0/', {}],
  ['ws, msgpack, under a security', 'ws://127.0.0.1:0/', { codec: 'msgpack', security: 'user?user=x' }],
];

/** `user:n`, each time another token of the same user; `who` decides who that is. */
async function meet(
  address: string,
  options: Options,
  who = (token: string): unknown => ({ id: token.split(':')[0] }),
) {
  const shakes: Handshake[] = [];
  const authenticate = (shake: Handshake): unknown => {
    shakes.push(shake);
    return who(shake.credentials as string);
  };
  const served = await serve(address, { ...options, authenticate, resume: true });
  const proxy = await chaosProxy({ to: served.server.address });
  atEnd(() => proxy.close());
  let n = 0;
  const client = await dial(proxy.url, {
    ...options,
    credentials: async () => `ann:${++n}`,
    reconnect: { delay: 1 },
  });
  // The first session is confirmed.
  await until(() => served.server.peers.size === 1);
  const events: string[] = [];
  for (const event of ['resumed', 'reconnected', 'lost', 'disconnect'] as const)
    client.on(event, () => void events.push(event));
  return { ...served, shakes, proxy, client, events };
}

describe.each(ways)('over %s', (_way, address, options) => {
  it('a session goes on for the same user, whose credentials are asked for again', async () => {
    const { server, seen, shakes, proxy, client, events } = await meet(address, options);
    const [peer] = [...server.peers.values()];
    const { user } = peer!;
    for (let cut = 1; cut <= 3; cut++) {
      proxy.cut('rst');
      await until(() => events.length === cut);
      expect(await client.remote.whoami()).toEqual({ id: 'ann' });
    }
    expect(events).toEqual(['resumed', 'resumed', 'resumed']);
    expect(shakes.map(({ credentials }) => credentials)).toEqual(['ann:1', 'ann:2', 'ann:3', 'ann:4']);
    expect([seen.peers, peer!.user === user]).toEqual([['connect'], true]);
  });

  it('a session does not go on for another user: that one gets a session of its own, and the other stays', async () => {
    const users = ['ann', 'ben', 'ben'];
    const { server, seen, proxy, client, events } = await meet(address, options, () => ({ id: users.shift() }));
    const [ann] = [...server.peers.values()];
    proxy.cut('rst');
    await until(() => events.includes('reconnected'));
    expect(await client.remote.whoami()).toEqual({ id: 'ben' });
    expect(seen.peers).toEqual(['connect', 'connect']);
    expect([...server.peers.values()].map((each) => [each === ann, each.isAway, each.user])).toEqual([
      [true, true, { id: 'ann' }],
      [false, false, { id: 'ben' }],
    ]);
    expect(events).not.toContain('resumed');
  });

  it('a side that is refused does not dial again: what waits is rejected, and lost follows', async () => {
    let isClosed = false;
    const { proxy, client, events, shakes } = await meet(address, options, (token) => {
      if (isClosed) throw new RpcError('the account is closed', 4_003);
      return token.slice(0, 3);
    });
    const lost: Error[] = [];
    client.on('lost', (error) => void lost.push(error));
    isClosed = true;
    proxy.cut('rst');
    await until(() => lost.length === 1);
    expect(lost[0]).toMatchObject({ code: 4_003, message: 'the account is closed' });
    expect(shakes.length).toBe(2);
    await expect(client.remote.whoami()).rejects.toThrow();
    // The program may try again.
    isClosed = false;
    client.reconnect();
    await until(() => client.peers.size === 1 && events.length > 0);
    expect(await client.remote.whoami()).toBe('ann');
  });

  it('a side that cannot be authenticated at the moment (busy) dials again, and its calls wait', async () => {
    let refusals = 0;
    let isBusy = false;
    const { proxy, client, events } = await meet(address, options, (token) => {
      if (isBusy && ++refusals <= 3) throw new RpcError('try again', Code.Busy);
      return token.slice(0, 3);
    });
    isBusy = true;
    proxy.cut('rst');
    await until(() => refusals > 0);
    expect(await client.remote.whoami()).toBe('ann');
    expect(refusals).toBe(4);
    expect(events).not.toContain('lost');
  });
});

it('with start: retry, a side that is told that the server is busy connects as soon as it is not', async () => {
  let asked = 0;
  const { server } = await serve('tcp://127.0.0.1:0', {
    authenticate: () => {
      if (++asked < 3) throw new RpcError('try again', Code.Busy);
      return 'ann';
    },
  });
  const client = await dial(server.address, { credentials: 'x', reconnect: { delay: 1, start: 'retry' } });
  expect(await client.remote.whoami()).toBe('ann');
});

it('changeTransport to a server that refuses the side rejects, and the old one stays', async () => {
  const near = await serve('tcp://127.0.0.1:0', { authenticate: () => 'ann' });
  const far = await serve('tcp://127.0.0.1:0', { authenticate: () => false });
  const client = await dial(near.server.address, { credentials: 'x' });
  await expect(client.changeTransport(far.server.address)).rejects.toMatchObject({ code: Code.Refused });
  expect(await client.remote.whoami()).toBe('ann');
});
