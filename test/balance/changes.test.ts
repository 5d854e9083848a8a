import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/index.js';
import { balance } from '../../transports/balance.js';
import { failure, until } from '../support/core-waiting.js';
import { allUp, atEnd, balanced, connect, counts, serve, serveAll } from './sides.js';

/** Calls without a pause until it is stopped; resolves with the answers. */
function load(client: Awaited<ReturnType<typeof connect>>, lanes = 8) {
  const names: string[] = [];
  let isOver = false;
  const lane = async (): Promise<void> => {
    while (!isOver) names.push(await client.remote.who());
  };
  const done = Promise.all(Array.from({ length: lanes }, lane));
  return {
    names,
    async stop(): Promise<string[]> {
      isOver = true;
      await done;
      return names;
    },
  };
}

describe('parts that are added and removed', () => {
  it('while calls go on, lose none of them', async () => {
    const all = await serveAll(4);
    const { client, servers } = await balanced(all.slice(0, 2));
    const calls = load(client);
    for (let n = 0; n < 10; n++) {
      const added = all[(n + 2) % 4]!;
      const removed = all[n % 4]!;
      await servers.add(added.address);
      await allUp(servers);
      await servers.remove(removed.address);
      expect(removed.peers.size).toBe(0);
      const { length } = calls.names;
      await until(() => calls.names.length > length + 20);
    }
    expect(Object.keys(counts(await calls.stop())).sort()).toEqual(['s0', 's1', 's2', 's3']);
    expect(client.pendingCalls()).toEqual([]);
  });

  it('let their open calls finish, and get no new ones', async () => {
    const all = await serveAll(2);
    const { client, servers } = await balanced(all);
    let release: () => void = () => {};
    const waits = new Promise<void>((resolve) => (release = resolve));
    for (const [n, server] of all.entries())
      server.slow.connect(async () => {
        await waits;
        return `s${n}`;
      });
    const calls = [client.remote.slow({ n: 0 }), client.remote.slow({ n: 1 })];
    await client.flush();
    let isRemoved = false;
    const removing = servers.remove(all[0]!.address).then(() => {
      isRemoved = true;
    });
    expect(servers.parts.map(({ address }) => address)).toEqual([all[1]?.address]);
    for (let n = 0; n < 6; n++) expect(await client.remote.who()).toBe('s1');
    expect(isRemoved).toBe(false);
    release();
    expect((await Promise.all(calls)).sort()).toEqual(['s0', 's1']);
    await removing;
    await until(() => all[0]?.peers.size === 0);
  });

  it('can be all of them: calls reject until one is added', async () => {
    const [server] = await serveAll(1);
    const servers = balance([], { delay: [1, 20] });
    const client = await connect(servers);
    expect(client.peers.size).toBe(0);
    await servers.add(server!.address);
    await allUp(servers);
    expect(await client.remote.who()).toBe('s0');
    await servers.remove(servers.parts[0]!);
    expect((await failure(client.remote.who())).message).toBe('balance: has no parts: add one');
    await servers.add(server!.address);
    await allUp(servers);
    expect(await client.remote.who()).toBe('s0');
  });

  it('are refused if they do not fit, or are not there', async () => {
    const [server] = await serveAll(1);
    const { client, servers } = await balanced([server!]);
    await expect(servers.add('tcp://127.0.0.1:1?frmaing=nul')).rejects.toThrow(UsageError);
    await expect(servers.remove('tcp://127.0.0.1:1')).rejects.toThrow(
      `this balance has no such part; there are ${server?.address}`,
    );
    expect(servers.parts).toHaveLength(1);
    expect(await client.remote.who()).toBe('s0');
    await expect(connect(servers)).rejects.toThrow('this balance is the transport of another side');
  });

  it('that cannot be reached when they are added join when they can', async () => {
    const all = await serveAll(1);
    const { client, servers } = await balanced(all);
    const part = await servers.add('memory:later-balance');
    await until(() => part.why !== undefined);
    expect([part.isUp, part.why?.message]).toEqual([false, expect.stringContaining('nobody serves')]);
    await serve('later', 'memory:later-balance');
    await allUp(servers);
    expect(new Set([await client.remote.who(), await client.remote.who()])).toEqual(new Set(['s0', 'later']));
  });
});

describe('servers that are replaced', () => {
  it.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0'])(
    'one after the other under load, over %s, lose no call',
    async (address) => {
      const all = [await serve('a0', address), await serve('b0', address)];
      const { client, servers } = await balanced(all);
      const calls = load(client);
      for (let n = 1; n <= 3; n++)
        for (const [at, letter] of ['a', 'b'].entries()) {
          const old = all[at]!;
          const { address: where } = old;
          const closed = old.close({ drain: 2_000 });
          await until(() => servers.parts[at]?.isUp === true);
          let next: (typeof all)[0] | undefined;
          while (next === undefined) {
            await new Promise((resolve) => setTimeout(resolve, 1));
            next = await serve(`${letter}${n}`, where).catch(() => undefined);
          }
          all[at] = next;
          const { length } = calls.names;
          await until(() => calls.names.indexOf(`${letter}${n}`, length) >= 0);
          await closed;
        }
      const names = Object.keys(counts(await calls.stop())).sort();
      expect(names).toEqual(['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'b2', 'b3']);
      expect(client.pendingCalls()).toEqual([]);
    },
  );

  it('finish their open calls, and get no new ones while another one is up', async () => {
    const all = await serveAll(2);
    let release: () => void = () => {};
    const waits = new Promise<void>((resolve) => (release = resolve));
    let begun = 0;
    for (const [n, server] of all.entries())
      server.slow.connect(async () => {
        begun++;
        await waits;
        return `s${n}`;
      });
    const { client, servers } = await balanced(all);
    const calls = [client.remote.slow({ n: 0 }), client.remote.slow({ n: 1 })];
    await until(() => begun === 2);
    const closed = all[0]!.close({ drain: 60_000 });
    const names: string[] = [];
    // What was sent before the server has said so is still served.
    await until(() => {
      void client.remote.who().then((name) => names.push(name));
      return names.slice(-6).every((name) => name === 's1') && names.length > 20;
    });
    release();
    expect((await Promise.all(calls)).sort()).toEqual(['s0', 's1']);
    // Its client ends the link, so it need not wait until that is quiet.
    await closed;
    expect(servers.parts[1]?.isUp).toBe(true);
  });

  it('get calls until they close where no other one is up', async () => {
    const only = await serve('s0');
    const { client } = await balanced([only]);
    let release: () => void = () => {};
    only.slow.connect(() => new Promise((resolve) => (release = () => resolve('done'))));
    const call = client.remote.slow({ n: 1 });
    await client.flush();
    const closed = only.close({ drain: 60_000 });
    expect(await client.remote.who()).toBe('s0');
    release();
    expect(await call).toBe('done');
    void client.close();
    await closed;
    atEnd({ close: async () => {} });
  });
});
