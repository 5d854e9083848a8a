import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Options } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { atEnd, clear, dial, serve } from './resuming.js';

afterEach(clear);

/** Which of the links ends, the first one being 1, after how many bytes of which direction. */
interface Cut {
  readonly link: number;
  readonly bytes: number;
  readonly from: 'client' | 'server';
}

/** Forwards to a server, and ends one of the links in both directions, with a FIN, in the middle of what it forwards. */
async function endingProxy(address: string, { link, bytes, from }: Cut) {
  const port = Number(new URL(address.replace('tcp:', 'http:')).port);
  const pairs: [net.Socket, net.Socket][] = [];
  const proxy = net.createServer((client) => {
    const server = net.connect(port, '127.0.0.1');
    const pair: [net.Socket, net.Socket] = [client, server];
    const isBad = pairs.push(pair) === link;
    let left = bytes;
    const pass = (source: net.Socket, target: net.Socket, cuts: boolean): void => {
      source.on('data', (chunk) => {
        if (!cuts || left > chunk.length) {
          left -= cuts ? chunk.length : 0;
          target.write(chunk);
        } else if (left >= 0) {
          if (left > 0) target.write(chunk.subarray(0, left));
          left = -1;
          client.end();
          server.end();
        }
      });
      source.on('error', () => target.destroy());
      source.on('end', () => target.end());
      source.on('close', () => target.end());
    };
    pass(client, server, isBad && from === 'client');
    pass(server, client, isBad && from === 'server');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const end = (): void => pairs.forEach(([client, server]) => void [client.destroy(), server.destroy()]);
  atEnd(() => [end(), proxy.close()]);
  return { url: `tcp://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`, end, pairs };
}

async function meet(cut: Cut, server: Options, client: Options) {
  const served = await serve('tcp://127.0.0.1:0', server);
  const proxy = await endingProxy(served.server.address, cut);
  const side = await dial(proxy.url, served.seen, client);
  const lost: unknown[] = [];
  side.on('lost', (...args: unknown[]) => void lost.push(args));
  return { ...served, proxy, client: side, lost };
}

describe.each(['jrpc', 'msgpack'] as const)('a link of %s that ends in the middle of a frame', (codec) => {
  it.each(['client', 'server'] as const)('of the %s: the session goes on over the next link', async (from) => {
    const reconnect = { delay: 1 };
    const cut: Cut = { link: 1, bytes: 5_000, from };
    const { client, server, seen, lost } = await meet(cut, { codec, resume: true }, { codec, reconnect });
    const text = 'é'.repeat(20_000);
    if (from === 'client') expect(await client.remote.ask({ n: 4, text })).toBe(8);
    else {
      await until(() => server.peers.size === 1);
      server.told(null, { n: 1, text });
      expect(await client.remote.ask({ n: 4 })).toBe(8);
      await until(() => seen.told.length > 0);
      expect(seen.told).toEqual([1]);
    }
    expect(seen.ran.get(4)).toBe(1);
    expect(seen.server).toEqual(['connect', 'resumed']);
    expect(seen.client).toEqual(['resumed']);
    expect(lost).toEqual([]);
  });

  it.each([1, 3, 20, 60])('in byte %i of the hello of the server: it is dialed again', async (bytes) => {
    const reconnect = { delay: 1, start: 'retry' } as const;
    const cut: Cut = { link: 1, bytes, from: 'server' };
    const { client, seen, proxy } = await meet(cut, { codec, resume: true }, { codec, reconnect });
    expect(await client.remote.ask({ n: 4 })).toBe(8);
    expect(proxy.pairs).toHaveLength(2);
    expect(seen.ran.get(4)).toBe(1);
  });

  it.each([1, 3, 20, 60])('in byte %i of a later hello: the session goes on', async (bytes) => {
    const reconnect = { delay: 1 };
    const cut: Cut = { link: 2, bytes, from: 'server' };
    const { client, seen, release, proxy, lost } = await meet(cut, { codec, resume: true }, { codec, reconnect });
    const open = client.remote.ask({ n: 1_000 });
    await until(() => release.length === 1);
    proxy.end();
    await until(() => seen.client.includes('resumed') || lost.length > 0);
    expect(lost).toEqual([]);
    release[0]?.();
    expect(await open).toBe(2_000);
    expect(await client.remote.ask({ n: 4 })).toBe(8);
    expect(proxy.pairs).toHaveLength(3);
    expect(seen.ran.get(1_000)).toBe(1);
    expect(seen.server.filter((event) => event !== 'connect' && event !== 'resumed')).toEqual([]);
  });

  it('rejects calls where no session is kept: it is not certain that they were carried out', async () => {
    const cut: Cut = { link: 1, bytes: 5_000, from: 'server' };
    const { client, server, seen, release } = await meet(cut, { codec }, { codec });
    const open = client.remote.ask({ n: 1_000 }).then(undefined, (error: unknown) => error);
    await until(() => release.length === 1);
    server.told(null, { n: 1, text: 'x'.repeat(20_000) });
    const error = await open;
    expect(error).toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
    expect((error as Error).message).toMatch(/ask: .*in the middle of a frame/);
    expect(seen.told).toEqual([]);
  });
});
