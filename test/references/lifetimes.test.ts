import { describe, expect, it } from 'vitest';
import {
  Aborted,
  ConnectionLost,
  type Frame,
  keep,
  type RpcError,
  release,
  revoke,
  TimeoutError,
  UsageError,
} from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { Basket, closing, gate, nothingLeft, type Step, sides, sizeOf, Work, ways } from './sides.js';

const double: Step = (n) => n * 2;

describe.each(ways)('over %s with %s', (url, codec) => {
  it('a cancelled call frees what it has passed, also if its handler keeps it later', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    const gone = gate();
    const kept = gate<Step>();
    server.hold.connect(async (sender, { step }) => {
      sender.signal.addEventListener('abort', () => gone.open());
      await gone.passed;
      keep(step);
      kept.open(step);
    });
    const controller = new AbortController();
    const call = client.to(null, { signal: controller.signal }).hold({ step: double });
    controller.abort();
    await expect(call).rejects.toThrow(Aborted);
    expect(sizeOf(client)).toBe(0);
    const step = await kept.passed;
    await expect(step(1)).rejects.toThrow(/^the reference \d+ is not held: it was released, or never passed$/);
    release(step);
    await nothingLeft(both);
  });

  it('a call that times out ends for its handler, which can then keep nothing', async () => {
    const both = await sides(url, codec, { handlerTimeout: 20 });
    const { server, client } = both;
    const refused = gate<unknown>();
    server.hold.connect(async (sender, { step }) => {
      await new Promise((resolve) => sender.signal.addEventListener('abort', resolve));
      await new Promise((resolve) => setImmediate(resolve));
      try {
        keep(step);
      } catch (error) {
        refused.open(error);
      }
    });
    await expect(client.hold(null, { step: double })).rejects.toThrow(TimeoutError);
    expect(await refused.passed).toMatchObject({
      message: expect.stringContaining('it was passed with hold, which has ended'),
    });
    await nothingLeft(both);
  });

  it('references in an answer that nobody awaits any more are returned', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    const late = gate();
    // The caller cannot find its own function any more: the other reference must be returned nevertheless.
    server.take.connect(async (_sender, { value }) => {
      await late.passed;
      return [value, double, new Basket()];
    });
    const controller = new AbortController();
    const call = client.to(null, { signal: controller.signal }).take({ value: () => 1 });
    controller.abort();
    await expect(call).rejects.toThrow(Aborted);
    late.open();
    await client.fire(null).catch(() => {});
    await nothingLeft(both);
  });

  it('references in a refused call are returned', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    // It has no handlers.
    await expect(client.hold(null, { step: double })).rejects.toThrow('nobody handles');
    client.told(null, { step: double });
    await expect(client.fire(null)).rejects.toThrow('nobody handles');
    server.told.connect(() => {
      throw new Error('no');
    });
    client.told(null, { step: double });
    await nothingLeft(both);
  });

  it('a call that cannot be sent holds nothing', async () => {
    const both = await sides(url, codec, {}, { limits: { sentFrameBytes: 10_000, pendingCalls: 1 } });
    const { server, client } = both;
    const large = 'x'.repeat(20_000);
    await expect(client.take(null, { value: [double, large] })).rejects.toThrow('larger than');
    expect(() => client.told(null, { step: double, large } as never)).toThrow('larger than');
    await expect(client.take(null, { value: [double, 5n] })).rejects.toThrow();
    const stream = new ReadableStream();
    expect(() => client.told(null, { step: double, stream } as never)).toThrow('a stream can only be an argument');
    expect(sizeOf(client)).toBe(0);
    const going = gate();
    server.hold.connect(() => going.passed);
    const first = client.hold(null, { step: double });
    expect(sizeOf(client)).toBe(1);
    await expect(client.hold(null, { step: () => 0 })).rejects.toThrow('busy');
    expect(sizeOf(client)).toBe(1);
    going.open();
    await first;
    await nothingLeft(both);
  });

  it('a result that cannot be sent holds nothing', async () => {
    const both = await sides(url, codec, { limits: { sentFrameBytes: 10_000 } });
    const { server, client } = both;
    server.take.connect(() => [double, new Basket(), 'x'.repeat(20_000)]);
    await expect(client.take(null, { value: 1 })).rejects.toThrow('larger than');
    expect([sizeOf(client), sizeOf(server)]).toEqual([0, 0]);
  });

  it('all references end with the link, and their errors report it', async () => {
    const { server, client } = await sides(url, codec);
    let kept: Step | undefined;
    server.hold.connect((_sender, { step }) => {
      keep(step);
      kept = step;
    });
    await client.hold(null, { step: double });
    await client.close();
    await until(() => server.peers.size === 0);
    const error = await failure<RpcError>(kept?.(1) as Promise<unknown>);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(() => keep(kept as Step)).toThrow(ConnectionLost);
    release(kept as Step);
  });

  it('a revoked function is not passed back', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    server.back.connect(async (_sender, { step }) => {
      await step(1);
      return step;
    });
    const step: Step = () => revoke(step);
    await expect(client.back(null, { step })).rejects.toThrow(/^the reference \d+ was revoked by its owner$/);
    await nothingLeft(both);
    // Passed again, it is a new reference.
    server.count.connect(async (_sender, { step: again }) => (await again(5)) as number);
    expect(await client.count(null, { to: 1, step })).toBeNull();
    revoke(() => 'never passed');
  });

  it('everyone who keeps a reference holds it independently', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    const holds: { release(): void }[] = [];
    let stub: Step | undefined;
    server.hold.connect((_sender, { step }) => {
      holds.push(keep(step));
      stub = step;
    });
    await Promise.all([client.hold(null, { step: double }), client.hold(null, { step: double })]);
    await client.hold(null, { step: double });
    const [first, second, third] = holds;
    first?.release();
    first?.release();
    second?.release();
    expect(await stub?.(4)).toBe(8);
    third?.release();
    await expect(stub?.(4)).rejects.toThrow(/can no longer be called: it was released at .*lifetimes\.test\.ts:\d+/);
    await nothingLeft(both);
    // After release() for all, it is not released once more.
    await client.hold(null, { step: double });
    const [, , , fourth] = holds;
    release(stub as Step);
    await client.hold(null, { step: double });
    fourth?.release();
    expect(await stub?.(5)).toBe(10);
    release(stub as Step);
    await nothingLeft(both);
  });

  it('two calls that have passed a reference each hold it', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    const doors = [gate(), gate()];
    const stubs: Step[] = [];
    server.hold.connect(async (_sender, { step }) => {
      const door = doors[stubs.push(step) - 1];
      await door?.passed;
      return step(1);
    });
    const calls = [client.hold(null, { step: double }), client.hold(null, { step: double })];
    await until(() => stubs.length === 2);
    expect(stubs[0]).toBe(stubs[1]);
    doors[0]?.open();
    expect(await calls[0]).toBe(2);
    doors[1]?.open();
    expect(await calls[1]).toBe(2);
    await nothingLeft(both);
  });

  it('a reference that is released for all and kept anew belongs to its new holders only', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    let stub: Step | undefined;
    server.hold.connect((_sender, { step }) => {
      const before = keep(step);
      release(step);
      keep(step);
      before.release();
      stub = step;
    });
    await client.hold(null, { step: double });
    expect(await stub?.(3)).toBe(6);
    release(stub as Step);
    await nothingLeft(both);
  });

  it('a result is held until it is released, however often it arrives', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    const mine = new Basket();
    server.basket.connect(() => mine);
    const all = await Promise.all([client.basket(null), client.basket(null), client.basket(null)]);
    expect(new Set(all).size).toBe(1);
    const [basket] = all;
    expect(sizeOf(server)).toBe(1);
    {
      using _kept = keep(basket);
      expect(await basket.put('a')).toBe(1);
    }
    await expect(basket.put('b')).rejects.toThrow('it was released');
    await nothingLeft(both);
    const again = await client.basket(null);
    expect(again).not.toBe(basket);
    expect(await again.list()).toEqual(['a']);
    release(again);
    release(again);
    await nothingLeft(both);
  });
});

it('a value that is not a reference can be neither kept nor released', () => {
  expect(() => keep(() => {})).toThrow(UsageError);
  expect(() => release({})).toThrow('only what a peer has passed by reference');
});

it.each<[what: string, prepare: () => unknown]>([
  ['stacks are not strings', () => []],
  ['what prepares stacks throws', () => explode()],
])('a reference can be kept and released also if %s', async (_what, prepareStackTrace) => {
  const both = await sides('memory:lifetimes-stacks', 'clone');
  const { server, client } = both;
  const before = Error.prepareStackTrace;
  let held: { release(): void } | undefined;
  let stub: Step | undefined;
  server.hold.connect((_sender, { step }) => {
    held = keep(step);
    keep(step);
    stub = step;
  });
  await client.hold(null, { step: double });
  Object.assign(Error, { prepareStackTrace });
  try {
    held?.release();
    release(stub as Step);
  } finally {
    Object.assign(Error, { prepareStackTrace: before });
  }
  await expect(stub?.(4)).rejects.toThrow('it was released');
  await nothingLeft(both);
});
function explode(): never {
  throw new Error('no stacks');
}

describe('a security that refuses a message asynchronously', () => {
  const security = {
    seal: async (payload: Frame) => {
      if (String(payload).includes('secret')) throw new Error('no');
      return { info: {}, payload };
    },
    open: (payload: Frame) => payload,
  };

  it('leaves no reference of the message held', async () => {
    const both = await sides('tcp://127.0.0.1:0', 'jrpc', { security }, { security });
    const { server, client } = both;
    server.take.connect((_sender, { value }) => (value === 'ask' ? [double, 'secret'] : value));
    await expect(client.take(null, { value: 'ask' })).rejects.toThrow('could not be sealed');
    client.told(null, { step: double, text: 'secret' } as never);
    await expect(client.take(null, { value: [double, 'secret'] })).rejects.toThrow('no');
    await nothingLeft(both);
    expect(await client.take(null, { value: double })).toBe(double);
    await nothingLeft(both);
  });
});

describe('over datagrams', () => {
  it('functions are passed and released as elsewhere', async () => {
    const server = closing(await Work.serve('udp-server://127.0.0.1:0', { logger: null }));
    const client = closing(await Work.invert().connect(server.address.replace('udp-server', 'udp'), { logger: null }));
    server.count.connect(async (_sender, { to, step }) => (await step(to)) as number);
    server.back.connect((_sender, { step }) => step);
    server.basket.connect(() => new Basket());
    expect(await client.count(null, { to: 4, step: double })).toBe(8);
    expect(await client.back(null, { step: double })).toBe(double);
    const basket = await client.basket(null);
    expect(await basket.put('a')).toBe(1);
    release(basket);
    await nothingLeft({ server, client });
  });
});

describe('several receivers', () => {
  it('each hold a reference for themselves, and all of them are freed', async () => {
    const server = closing(await Work.invert().serve('tcp://127.0.0.1:0', { logger: null }));
    const clients = await Promise.all(
      [1, 2, 3].map(async (n) => {
        const client = closing(await Work.connect(server.address, { logger: null }));
        client.count.connect(async (_sender, { to, step }) => ((await step(to)) as number) * n);
        client.told.connect(async (_sender, { step }) => void (await step(n)));
        return client;
      }),
    );
    await until(() => server.peers.size === 3);
    const all = await server.gather(null).count({ to: 2, step: double });
    expect(all.map((one) => one.status === 'fulfilled' && one.value).sort()).toEqual([12, 4, 8]);
    expect([4, 8, 12]).toContain(await server.count(null, { to: 2, step: double }));
    const told = new Set<number>();
    server.told(null, { step: (n) => told.add(n) });
    await until(() => told.size === 3);
    await until(() => [server, ...clients].every((side) => sizeOf(side) === 0));
  });

  it('are reached although one of them holds too many references', async () => {
    const server = closing(await Work.invert().serve('tcp://127.0.0.1:0', { logger: null, limits: { references: 1 } }));
    const told: number[] = [];
    for (const n of [1, 2]) {
      const client = closing(await Work.connect(server.address, { logger: null }));
      client.told.connect((_sender, { step }) => {
        keep(step);
        told.push(n);
      });
      await until(() => server.peers.size === n);
    }
    const [first] = [...server.peers.values()];
    server.told(first ?? null, { step: double });
    await until(() => told.length === 1);
    server.told(null, { step: () => 'another' });
    await until(() => told.length === 2);
    expect(told).toEqual([1, 2]);
  });
});
