import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost, UsageError } from '../../src/index.js';
import { zmq } from '../../transports/zmq.js';
import { until } from '../support/core-waiting.js';
import { freePort } from '../support/engines.js';
import { ANYWHERE } from './bare.js';
import { closeAll, closing, connectWork, freeEndpoints, serveWork, Work } from './ends.js';

afterEach(closeAll);

const ROLES = ['rpc', 'pipeline', 'pubsub'];

describe.each(ROLES)('in the role %s', (role) => {
  const query = role === 'rpc' ? '' : `?role=${role}`;
  const file = (): string => freeEndpoints['zmq+ipc']?.() ?? '';

  it('a second side at the same path of zmq+ipc: is refused, and the first one keeps its callers', async () => {
    const address = file();
    const first = closing(await Work.serve(`${address}${query}`, { logger: null }));
    first.who.connect(() => 'first');
    const second = Work.serve(`${address}${query}`, { logger: null });
    await expect(second).rejects.toThrow(ConnectionLost);
    await expect(second).rejects.toThrow(/^zmq\+ipc:.* is already served; end that program, or use another path$/);
    const endpoints = zmq(`${ANYWHERE}${query}`);
    closing(await Work.serve(endpoints, { logger: null }));
    await expect(endpoints.add(address)).rejects.toThrow(/is already served/);
    if (role === 'rpc') expect(await (await connectWork([address])).remote.who()).toBe('first');
  });

  it('of two sides that serve the same path at the same time, one is refused', async () => {
    const address = `${file()}${query}`;
    const made = await Promise.allSettled([1, 2].map(() => Work.serve(address, { logger: null })));
    const sides = made.flatMap((each) => (each.status === 'fulfilled' ? [closing(each.value)] : []));
    expect(sides).toHaveLength(1);
    const [refused] = made.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(refused).toBeInstanceOf(ConnectionLost);
    expect(String(refused)).toMatch(/is already served|is in use/);
  });

  it('a file that is no socket is not removed', async () => {
    const address = file();
    const path = address.replace('zmq+ipc://', '');
    writeFileSync(path, 'precious');
    try {
      await expect(Work.serve(`${address}${query}`, { logger: null })).rejects.toThrow(/exists and is not a socket/);
      expect(existsSync(path)).toBe(true);
    } finally {
      rmSync(path);
    }
  });

  it('an endpoint of IPv6 is added to one of IPv4', async () => {
    const endpoints = zmq(`${ANYWHERE}${query}`);
    const side = closing(await Work.serve(endpoints, { logger: null }));
    await endpoints.add('zmq+tcp://[::1]:*');
    const [, added = ''] = side.address.replace(/\?.*/, '').split(',');
    expect(added).toMatch(/^\[::1\]:\d+$/);
    side.who.connect(() => 'six');
    if (role === 'rpc') expect(await (await connectWork([`zmq+tcp://${added}`])).remote.who()).toBe('six');
  });

  it('an endpoint is removed by the name by which it was added', async () => {
    const endpoints = zmq(`${ANYWHERE}${query}`);
    const side = closing(await Work.serve(endpoints, { logger: null }));
    const before = side.address;
    for (const name of [`zmq+tcp://localhost:${await freePort()}`, `zmq+tcp://*:${await freePort()}`]) {
      await endpoints.add(name);
      await expect(endpoints.add(name)).rejects.toThrow(/ already$/);
      await endpoints.remove(name);
      expect(side.address).toBe(before);
    }
    await endpoints.add('zmq+tcp://127.0.0.1:*');
    await endpoints.add('zmq+tcp://127.0.0.1:*');
    await expect(endpoints.remove('zmq+tcp://127.0.0.1:*')).rejects.toThrow(/is none of the endpoints/);
  });

  it.each(['serve', 'connect'])('a side of %s that is closed refuses changes', async (which) => {
    const server = closing(await Work.serve(`${ANYWHERE}${query}`, { logger: null }));
    const endpoints = zmq(which === 'serve' ? `${ANYWHERE}${query}` : server.address);
    const made =
      which === 'serve' ? Work.serve(endpoints, { logger: null }) : Work.invert().connect(endpoints, { logger: null });
    const { address } = closing(await made);
    await (await made).close();
    const [own = ''] = address.replace(/\?.*/, '').split(',');
    for (const change of [endpoints.add('zmq+tcp://127.0.0.1:1'), endpoints.remove(own)]) {
      await expect(change).rejects.toThrow(ConnectionLost);
      await expect(change).rejects.toThrow(/ is closed$/);
    }
  });
});

const LONG = `zmq+ipc:///${'l'.repeat(120)}`;
const KEY = 'a'.repeat(40);

it.each<[string | { url: string }, RegExp]>([
  ['zmq+tcp://127.0.0.1:70000', /70000 is no port, which is a number from 0 to 65535, or \* for a free one/],
  ['zmq+tcp://127.0.0.1:65536', /65536 is no port/],
  ['zmq+tcp://127.0.0.1:1,127.0.0.1:99999', /99999 is no port/],
  [LONG, /the path of a socket has at most \d+ bytes, but .* has 121; use a shorter one/],
  ['zmq+tcp://127.0.0.1:*?queue=0.5', /the option "queue" must be a whole number from 1 to 2147483647, not 0.5/],
  ['zmq+tcp://127.0.0.1:*?queue=0', /the option "queue" must be a whole number/],
  ['zmq+tcp://127.0.0.1:*?queue=1e10', /the option "queue" must be a whole number/],
  ['zmq+tcp://127.0.0.1:*?queue=Infinity', /the option "queue" must be a whole number/],
  ['zmq+tcp://127.0.0.1:*?role=pipeline&inFlight=1.5', /the option "inFlight" must be a whole number/],
  ['zmq+tcp://127.0.0.1:*?beat=0.4', /the option "beat" must be a whole number/],
  ['zmq+tcp://127.0.0.1:*?beat=1e12', /the option "beat" must be a whole number from 1 to 1000000000/],
  ['zmq+tcp://127.0.0.1:*?forget=1e12', /the option "forget" must be a positive number up to 4000000/],
  ['zmq+tcp://127.0.0.1:*?role=pubsub&topics=news,', /the option "topics" has an empty name beside others/],
  ['zmq+tcp://127.0.0.1:*?curvePublicKey=abc', /the option "curvePublicKey" must be a key of 40 characters/],
  ['zmq+tcp://127.0.0.1:*?curveServer=on&curveSecretKey=abc', /the option "curveSecretKey" must be a key/],
  ['zmq+tcp://127.0.0.1:*?curveServer=on', /"curveServer" needs the option "curveSecretKey"/],
  [`zmq+tcp://127.0.0.1:*?curveSecretKey=${KEY}`, /the keys of this side encrypt nothing without/],
  [`zmq+tcp://127.0.0.1:*?curveServerKey=${KEY}`, /"curveServerKey" needs the options "curvePublicKey" and/],
  [`zmq+tcp://127.0.0.1:*?curveServer=on&curveServerKey=${KEY}`, /exclude each other/],
])('%s is refused', async (address, text) => {
  const serving = Work.serve(address, { logger: null });
  await expect(serving).rejects.toThrow(UsageError);
  await expect(serving).rejects.toThrow(text);
});

it('an endpoint that is added while connect is under way gets calls', async () => {
  const [one, two] = [await serveWork('one'), await serveWork('two')];
  const port = Number(/\d+$/.exec(one.side.address)?.[0]);
  // The first server is reached when the second one is known.
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const asked = new Promise<void>((resolve) => {
    const proxy = net.createServer((socket) => {
      resolve();
      socket.on('error', () => {});
      void released.then(() => {
        const on = net.connect(port, '127.0.0.1');
        on.on('error', () => {});
        socket.pipe(on).pipe(socket);
      });
    });
    proxy.listen(0, '127.0.0.1', () => {
      endpoints = zmq(`zmq+tcp://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`);
      connecting = Work.invert().connect(endpoints, { logger: null });
    });
    closing({ [Symbol.asyncDispose]: async () => void proxy.close() });
  });
  let endpoints!: ReturnType<typeof zmq>;
  let connecting!: ReturnType<ReturnType<typeof Work.invert>['connect']>;
  await asked;
  await endpoints.add(two.side.address);
  release();
  const client = closing(await connecting) as Awaited<ReturnType<typeof connectWork>>;
  const names = await Promise.all(Array.from({ length: 10 }, () => client.remote.who()));
  expect([...new Set(names)].sort()).toEqual(['one', 'two']);
});

it('a call whose server is removed on this side rejects with that reason', async () => {
  const [one, two] = [await serveWork('one'), await serveWork('two')];
  const endpoints = zmq(one.side.address);
  const client = closing(await Work.invert().connect(endpoints, { logger: null }));
  const pending = client.remote.wait({ n: 1 });
  pending.catch(() => {});
  await until(() => one.waiting.length === 1);
  await endpoints.add(two.side.address);
  await endpoints.remove(one.side.address);
  await expect(pending).rejects.toThrow(/was removed on this side/);
  await expect(pending).rejects.toThrow(ConnectionLost);
  // The server hears of it, too.
  await until(() => one.side.peers.size === 0);
  expect(await client.remote.who()).toBe('two');
});

it('a socket file without a process is replaced', async () => {
  const path = join(tmpdir(), `obverse-${randomUUID().slice(0, 8)}.sock`);
  const old = net.createServer().listen(path);
  await until(() => old.listening);
  // Unlike `close` of Node, the end of a process leaves the file.
  renameSync(path, `${path}.kept`);
  await new Promise((resolve) => old.close(resolve));
  renameSync(`${path}.kept`, path);
  const side = closing(await Work.serve(`zmq+ipc://${path}`, { logger: null }));
  side.who.connect(() => 'new');
  expect(await (await connectWork([side.address])).remote.who()).toBe('new');
});
