import { afterEach, describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import { passed } from '../../src/extensions/references/handles.js';
import { referencesOf } from '../../src/extensions/references/value-mapper.js';
import {
  incoming,
  keep,
  RemoteAPI,
  type Reply,
  reference,
  release,
  revoke,
  type Sender,
  type Side,
} from '../../src/index.js';
import type { ConnectedPeer } from '../../src/session/connected-peer.js';
import type { Inverted, Remote } from '../../src/types/derived.js';

type Step = (n: number) => unknown;

class Counter extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { n: number }): Reply<number> {}
}

@reference
class Basket {
  readonly #items: string[] = [];
  put(item: string): number {
    return this.#items.push(item);
  }
  list(): string[] {
    return [...this.#items];
  }
  _hidden(): string {
    return 'hidden';
  }
}

class Work extends RemoteAPI {
  @incoming({ hasReply: true }) count(_sender: Sender, _args: { to: number; step: Step }): Reply<number> {}
  @incoming({ hasReply: true }) hold(_sender: Sender, _args: { step: Step }): Reply<void> {}
  @incoming({ hasReply: true }) fire(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true }) back(_sender: Sender, _args: { step: Step }): Reply<Step> {}
  @incoming({ hasReply: true }) basket(_sender: Sender): Reply<Basket> {}
  @incoming({ hasReply: true }) fill(_sender: Sender, _args: { basket: Basket }): Reply<string[]> {}
  @incoming({ hasReply: true }) counting(
    _sender: Sender,
    _args: { counter: Remote<Inverted<Counter>> },
  ): Reply<number> {}
  @incoming told(_sender: Sender, _args: { step: Step }): void {}
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

async function sides(url: string, codec: string): Promise<{ server: Side<Work>; client: Side<Inverted<Work>> }> {
  const server = await Work.serve(url, { codec, logger: null });
  const client = await Work.invert().connect(server.address, { codec, logger: null });
  open.push(client, server);
  return { server, client };
}

const sizeOf = (side: object): number =>
  [...endpointOf(side).peerRegistry.peers.values()].reduce(
    (sum, peer) => sum + referencesOf((peer as ConnectedPeer).session).size,
    0,
  );

describe.each([
  ['memory:references', 'jrpc'],
  ['tcp://127.0.0.1:0', 'jrpc'],
  ['tcp://127.0.0.1:0', 'msgpack'],
  ['ws://127.0.0.1:0', 'jrpc'],
])('over %s with %s', (url, codec) => {
  it('a function can be called by the other side while its call is open', async () => {
    const { server, client } = await sides(url, codec);
    let late: Step | undefined;
    server.count.connect(async (_sender, { to, step }) => {
      late = step;
      let sum = 0;
      for (let n = 1; n <= to; n++) sum += (await step(n)) as number;
      return sum;
    });
    expect(await client.count(null, { to: 3, step: (n) => n * 10 })).toBe(60);
    expect([sizeOf(client), sizeOf(server)]).toEqual([0, 0]);
    await expect(late?.(4)).rejects.toThrow(
      'the reference can no longer be called: it was passed with count, which has ended',
    );
  });

  it('an error that it throws arrives as an error', async () => {
    const { server, client } = await sides(url, codec);
    server.count.connect(async (_sender, { step }) => (await step(1)) as number);
    const throwing = (): never => {
      throw new RangeError('too far');
    };
    await expect(client.count(null, { to: 1, step: throwing })).rejects.toThrow('too far');
  });

  it('a kept function lives until it is released', async () => {
    const { server, client } = await sides(url, codec);
    let kept: Step | undefined;
    server.hold.connect((_sender, { step }) => {
      keep(step);
      kept = step;
    });
    server.fire.connect(() => kept?.(7));
    await client.hold(null, { step: (n) => n + 1 });
    expect(await client.fire(null)).toBe(8);
    expect(sizeOf(client)).toBe(1);
    release(kept as Step);
    await expect(client.fire(null)).rejects.toThrow(/it was released.*callbacks\.test/);
    expect([sizeOf(client), sizeOf(server)]).toEqual([0, 0]);
  });

  it('arrives as the original function when it is passed back', async () => {
    const { server, client } = await sides(url, codec);
    server.back.connect((_sender, { step }) => step);
    const step: Step = (n) => n;
    expect(await client.back(null, { step })).toBe(step);
  });

  it('can be revoked by its owner', async () => {
    const { server, client } = await sides(url, codec);
    server.hold.connect((_sender, { step }) => void keep(step));
    let held: Step | undefined;
    server.hold.connect((_sender, args) => {
      held = args.step;
    });
    const step: Step = (n) => n;
    await client.hold(null, { step });
    expect(await held?.(1)).toBe(1);
    revoke(step);
    await expect(held?.(1)).rejects.toThrow('was revoked by its owner');
  });

  it('an object of a decorated class can be called by its methods, and by nothing else', async () => {
    const { server, client } = await sides(url, codec);
    const mine = new Basket();
    server.basket.connect(() => mine);
    const basket = await client.basket(null);
    expect(await basket.put('apple')).toBe(1);
    expect(await basket.list()).toEqual(['apple']);
    expect(mine.list()).toEqual(['apple']);
    expect(Object.keys(basket).sort()).toEqual(['list', 'put']);
    server.fill.connect((_sender, args) => {
      expect(args.basket).toBe(mine);
      return args.basket.list();
    });
    expect(await client.fill(null, { basket })).toEqual(['apple']);
    release(basket);
    await client.fire(null).catch(() => {});
    expect([sizeOf(client), sizeOf(server)]).toEqual([0, 0]);
  });

  it('a side can be called by its incoming methods', async () => {
    const { server, client } = await sides(url, codec);
    server.counting.connect(async (_sender, { counter }) => {
      await counter.add({ n: 2 });
      return await counter.add({ n: 3 });
    });
    const counter = Counter.create();
    let sum = 0;
    counter.add.connect((_sender, { n }) => {
      sum += n;
      return sum;
    });
    expect(await client.counting(null, { counter: passed(counter) })).toBe(5);
  });

  it('stays valid while the handlers of a notification run', async () => {
    const { server, client } = await sides(url, codec);
    const called = new Promise((resolve) => {
      server.told.connect(async (_sender, { step }) => resolve(await step(5)));
    });
    client.told(null, { step: (n) => n * 2 });
    expect(await called).toBe(10);
    await client.fire(null).catch(() => {});
    expect([sizeOf(client), sizeOf(server)]).toEqual([0, 0]);
  });
});
