import { describe, expect, it } from 'vitest';
import { Aborted, type Group, type Sender } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { Spec } from './spec.js';

let place = 0;
const ways = ['memory', 'tcp', 'ws'].flatMap((scheme) => ['jrpc', 'msgpack'].map((codec) => [scheme, codec] as const));

/** What the handler of each client received with the call that it served. */
interface Served {
  readonly name: string;
  readonly sender: Sender;
  answer(value: unknown): void;
}

async function talk(scheme: string, codec: string, names: readonly string[]) {
  const address = scheme === 'memory' ? `memory:many-${place++}` : `${scheme}://127.0.0.1:0`;
  const server = await Spec.serve(address, { codec, logger: null });
  const room: Group = server.group('room');
  server.enter.connect((sender) => room.add(sender).size);
  const served: Served[] = [];
  const ticks: unknown[] = [];
  const clients: { close(): Promise<void> }[] = [];
  for (const name of names) {
    const client = await Spec.invert().connect(server.address, { codec, logger: null });
    client.implement({
      tick: (_server, { n }) => void ticks.push(`${name} ${n}`),
      ask: (sender) => {
        // Created before anything is known: it aborts when the call is cancelled.
        sender.signal.throwIfAborted();
        return new Promise((resolve) => served.push({ name, sender, answer: resolve }));
      },
    });
    await client.remote.enter({ room: 'room' });
    clients.push(client);
  }
  const close = async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server.close();
  };
  const of = (name: string) => served.find((one) => one.name === name) as Served;
  return { server, room, clients, served, ticks, of, [Symbol.asyncDispose]: close };
}

describe.each(ways)('over %s with %s', (scheme, codec) => {
  it('calls that have not been answered are cancelled once the quorum is reached', async () => {
    await using here = await talk(scheme, codec, ['ann', 'ben', 'cat', 'dan']);
    const { server, room, served, of } = here;
    const quorum = server.gather(room).ask({}).quorum(2);
    await until(() => served.length === 4);
    of('dan').answer('d');
    of('ben').answer('b');
    expect(new Set((await quorum).map(({ value }) => value))).toEqual(new Set(['d', 'b']));
    await until(() => of('ann').sender.signal.aborted && of('cat').sender.signal.aborted);
    expect(of('ann').sender.signal.reason).toBeInstanceOf(Aborted);
    expect((of('ann').sender.signal.reason as Error).message).toContain('enough other receivers have answered');
    expect(of('dan').sender.signal.aborted).toBe(false);
    expect(server.pendingCalls()).toEqual([]);
  });

  it('answers are iterated as they arrive, and a disconnected peer is one of them', async () => {
    await using here = await talk(scheme, codec, ['ann', 'ben', 'cat']);
    const { server, room, clients, served, of } = here;
    const seen: string[] = [];
    const loop = (async () => {
      for await (const one of server.gather(room).ask({})) {
        seen.push(one.status === 'fulfilled' ? String(one.value) : one.reason.name);
      }
    })();
    await until(() => served.length === 3);
    of('cat').answer('c');
    await until(() => seen.length === 1);
    await clients[0]?.close();
    await until(() => seen.length === 2);
    of('ben').answer('b');
    await loop;
    expect(seen).toEqual(['c', 'ConnectionLost', 'b']);
    expect(room.size).toBe(2);
  });

  it('a group receives a notification, without its sender', async () => {
    await using here = await talk(scheme, codec, ['ann', 'ben', 'cat']);
    const { server, room, ticks } = here;
    const [ann] = room.peers;
    for (let n = 0; n < 3; n++) server.tick(room.except(ann as never), { n });
    server.tick(room, { n: 'all' });
    await until(() => ticks.length === 9);
    for (const name of ['ben', 'cat']) {
      const own = ticks.filter((tick) => String(tick).startsWith(name));
      expect(own).toEqual([0, 1, 2, 'all'].map((n) => `${name} ${n}`));
    }
    expect(ticks).toContain('ann all');
  });
});
