import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { endpointOf } from '../../src/api/side-class.js';
import type { Frame, Options, Sealed, Security, SecurityInfo } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { until } from '../support/core-waiting.js';
import { atEnd, clear, Desk, dial, meet, serve } from './resuming.js';

afterEach(clear);

/** Signs each message, and counts those that it has verified. */
class Signed implements Security {
  opened = 0;
  seal(payload: Frame): Sealed {
    return { info: { signature: sign(payload) } };
  }
  open(payload: Frame, { signature }: SecurityInfo): Frame {
    if (signature !== sign(payload)) throw new Error('the signature does not fit');
    this.opened++;
    return payload;
  }
}

function sign(payload: Frame): string {
  return createHmac('sha256', 'secret')
    .update(payload as string)
    .digest('hex');
}

const ways = ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/'].flatMap((address) =>
  ['jrpc', 'msgpack'].map((codec): [string, string, Options] => [
    `${codec} over ${address.slice(0, 3)}`,
    address,
    { codec },
  ]),
);
const connections = (side: object) => [...endpointOf(side).connections()];
const sealed = () => ({ security: new Signed(), requireSecurityInfo: true });

describe.each(ways)('under a security, with %s', (_way, address, { codec }) => {
  it('a session goes on over another link', async () => {
    const options = { codec };
    const { client, server, proxy, seen, release } = await meet(
      address,
      { ...options, ...sealed(), resume: true },
      { ...options, ...sealed() },
    );
    const open = client.remote.ask({ n: 1_000 });
    await until(() => release.length === 1);
    const [peer] = [...server.peers.values()];
    proxy.cut('rst');
    await until(() => seen.server.includes('resumed') && seen.client.includes('resumed'));
    expect(await client.remote.ask({ n: 4 })).toBe(8);
    for (const each of release) each();
    expect(await open).toBe(2_000);
    expect(await server.remote.confirm({ n: 5 })).toBe(15);
    expect([...server.peers.values()]).toEqual([peer]);
    expect([seen.server, seen.client]).toEqual([['connect', 'resumed'], ['resumed']]);
    expect(seen.ran.get(1_000)).toBe(1);
  });

  it('an idle link has a heartbeat', async () => {
    using clock = stopClock();
    const { server, seen } = await serve(address, { codec, ...sealed() });
    const security = new Signed();
    const client = await dial(server.address, seen, { codec, security });
    await until(() => connections(client).every((one) => one.agreed && one.saidHello));
    await until(() => connections(server).every((one) => one.agreed && one.saidHello));
    const before = security.opened;
    for (let n = 0; n < 8; n++) {
      await clock.turn(7_500);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until(() => security.opened > before);
    expect([server.peers.size, client.peers.size]).toEqual([1, 1]);
    expect(await client.remote.ask({ n: 1 })).toBe(2);
  });

  it('each end learns how large a frame the other one reads', async () => {
    const { server, seen } = await serve(address, { codec, ...sealed(), limits: { frameBytes: 70_000 } });
    const client = await dial(server.address, seen, { codec, ...sealed(), limits: { frameBytes: 80_000 } });
    await until(() => [...connections(client), ...connections(server)].every((one) => one.agreed && one.saidHello));
    await until(() => connections(client)[0]?.limit === 70_000 && connections(server)[0]?.limit === 80_000);
    const large = client.remote.ask({ n: 1, text: 'x'.repeat(75_000) });
    await expect(large).rejects.toThrow(/70000|70,000/);
    expect(await client.remote.ask({ n: 2 })).toBe(4);
  });
});

describe('under a security, over ws, a peer that is not Obverse', () => {
  it.each<[string, string[]]>([
    ['without subprotocols', []],
    ['with the subprotocol of the codec', ['jrpc']],
  ])('that dials hears no hello: %s', async (_what, protocols) => {
    const { server } = await serve('ws://127.0.0.1:0/', { security: 'user?user=shop', resume: true });
    const heard: unknown[] = [];
    const far = new WebSocket(server.address, protocols);
    atEnd(() => far.terminate());
    far.on('message', (data) => void heard.push(JSON.parse(String(data))));
    await once(far, 'open');
    far.send('{"jsonrpc":"2.0","method":"rpc.secinfo","params":{"user":"ann"}}');
    far.send('{"jsonrpc":"2.0","id":1,"method":"ask","params":{"n":2}}');
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      { jsonrpc: '2.0', method: 'rpc.secinfo', params: { user: 'shop' } },
      { jsonrpc: '2.0', id: 1, result: 4 },
    ]);
  });

  it.each<[string, (names: Set<string>) => string | false]>([
    ['takes no subprotocol', () => false],
    ['takes the first one', (names) => [...names][0] ?? false],
  ])('that listens and %s hears no hello', async (_what, handleProtocols) => {
    const heard: string[] = [];
    const far = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols });
    atEnd(() => far.close());
    far.on('connection', (socket) => {
      socket.on('message', (data) => {
        heard.push(String(data));
        const { id } = JSON.parse(String(data));
        if (id !== undefined) socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: 7 }));
      });
    });
    await until(() => far.address() !== null);
    const { port } = far.address() as { port: number };
    const client = await Desk.invert().connect(`ws://127.0.0.1:${port}`, { security: 'user?user=ann', logger: null });
    atEnd(() => client.close());
    expect(await client.remote.ask({ n: 1 })).toBe(7);
    expect(heard.map((text) => JSON.parse(text).method)).toEqual(['rpc.secinfo', 'ask']);
  });
});
