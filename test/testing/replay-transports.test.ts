import { EventEmitter, once } from 'node:events';
import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type TransportSource,
} from 'obverse';
import { record, replay } from 'obverse/testing';
import { afterEach, describe, expect, it } from 'vitest';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true, params: ['n'] }) double(_sender: Sender, _n: number): Reply<number> {}
  @incoming({ params: ['n'] }) tell(_sender: Sender, _n: number): void {}
  @outgoing({ params: ['n'] }) told(_receivers: Receivers, _n: number): void {}
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

/** Doubles numbers, and broadcasts what it received. */
async function desk(transport: TransportSource, codec: string): Promise<Side<Desk>> {
  const side = Desk.create({ transport, codec, logger: null });
  side.double.connect(async (_sender, n) => 2 * n);
  side.tell.connect((_sender, n) => side.told(null, n));
  await side.open();
  open.push(side);
  return side;
}

/** Makes many calls in one turn, and again, and returns what it received too. */
async function visit(transport: TransportSource, codec: string): Promise<number[]> {
  const side = Desk.invert().create({ transport, codec, logger: null });
  const bell = new EventEmitter();
  const heard: number[] = [];
  side.told.connect((_sender, n) => {
    heard.push(n);
    if (heard.length === 4) bell.emit('all');
  });
  await side.open();
  open.push(side);
  const all = once(bell, 'all');
  for (const n of [1, 2]) side.remote.tell(n);
  const first = await Promise.all(Array.from({ length: 20 }, (_, n) => side.remote.double(n)));
  for (const n of [3, 4]) side.remote.tell(n);
  const second = await Promise.all(Array.from({ length: 5 }, (_, n) => side.remote.double(100 + n)));
  await all;
  await side.close();
  return [...first, ...second, ...heard];
}
const expected = [...Array.from({ length: 20 }, (_, n) => 2 * n), ...[200, 202, 204, 206, 208], ...[1, 2, 3, 4]];

describe.each([
  ['ws-server://127.0.0.1:0', 'jrpc'],
  ['ws-server://127.0.0.1:0', 'msgpack'],
  ['tcp-server://127.0.0.1:0', 'terse'],
  ['memory-server:replayed-clone', 'clone'],
  ['udp-server://127.0.0.1:0', 'jrpc'],
] as const)('%s with %s', (url, codec) => {
  it('can be recorded on either side, and replayed to it', async () => {
    const [server, client]: string[][] = [[], []];
    const live = await desk(
      record(url, (line) => server?.push(line)),
      codec,
    );
    expect(
      await visit(
        record(live.address, (line) => client?.push(line)),
        codec,
      ),
    ).toEqual(expected);
    await expect.poll(() => (url.startsWith('udp') ? 0 : live.peers.size)).toBe(0);
    await live.close();

    const asClient = replay(client as string[]);
    expect(await visit(asClient, codec)).toEqual(expected);
    asClient.verify();

    const asServer = replay(server as string[]);
    await desk(asServer, codec);
    await expect.poll(() => verdict(asServer.verify)).toBe('as it was');
  });
});

function verdict(verify: () => void): string {
  try {
    verify();
    return 'as it was';
  } catch (error) {
    return (error as Error).message;
  }
}

describe.each([
  ['a group', 'udp://239.255.77.77:0?interface=127.0.0.1'],
  ['a mux with one', ['udp://239.255.77.77:0?interface=127.0.0.1']],
])('%s', (_what, group) => {
  it('is recorded with the frames for everybody, and for nobody yet', async () => {
    const lines: string[] = [];
    const live = await Desk.serve(record(group, (line) => lines.push(line)));
    live.told(null, 1);
    await live.close();
    expect(lines.map((line) => JSON.parse(line))).toContainEqual({
      at: expect.any(Number),
      out: { text: '{"jsonrpc":"2.0","method":"told","params":{"n":1}}' },
    });
    await expect(
      (async () => {
        const other = replay(lines);
        const side = await Desk.serve(other);
        side.told(null, 2);
        await side.close();
        other.verify();
      })(),
    ).rejects.toThrow('replay: frame 1 to everybody is not the one that was recorded');
    const replayed = replay(lines);
    const again = await Desk.serve(replayed);
    again.told(null, 1);
    await again.close();
    replayed.verify();
  });
});
