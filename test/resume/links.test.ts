import { afterEach, describe, expect, it } from 'vitest';
import type { ChaosCut } from '../../src/testing/chaos-proxy.js';
import { until } from '../support/core-waiting.js';
import { clear, meet } from './resuming.js';

afterEach(clear);

describe.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/'])('a session over %s', (address) => {
  it.each<ChaosCut>(['rst', 'fin'])('goes on when its link is cut: %s', async (how) => {
    const { client, server, proxy, seen, release } = await meet(address);
    const open = client.remote.ask({ n: 1_000 });
    await until(() => release.length === 1);
    const [peer] = [...server.peers.values()];
    expect([...server.peers.values(), ...client.peers.values()].map(({ isAway }) => isAway)).toEqual([false, false]);
    proxy.cut(how);
    await until(() => peer?.isAway === true);
    await until(() => seen.server.includes('resumed') && seen.client.includes('resumed'));
    expect(await client.remote.ask({ n: 4 })).toBe(8);
    expect(peer?.isAway).toBe(false);
    for (const each of release) each();
    expect(await open).toBe(2_000);
    expect(await server.remote.confirm({ n: 5 })).toBe(15);
    expect([...server.peers.values()]).toEqual([peer]);
    expect(seen.server).toEqual(['connect', 'resumed']);
    expect(seen.client).toEqual(['resumed']);
    expect(seen.ran.get(1_000)).toBe(1);
  });
});
