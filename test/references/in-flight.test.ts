import { describe, expect, it } from 'vitest';
import {
  incoming,
  keep,
  type OutgoingCall,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  release,
  type Sender,
  TimeoutError,
} from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { closing, gate, nothingLeft, type Step, sides, sizeOf, ways } from './sides.js';

describe.each(ways)('over %s with %s', (url, codec) => {
  it('a queued call of a function is carried out, although the call that has passed the function is over', async () => {
    const both = await sides(url, codec, {}, { concurrency: 1 });
    const { server, client } = both;
    const calls: Promise<unknown>[] = [];
    server.hold.connect((_sender, { step }) => {
      for (const n of [1, 2, 3]) calls.push(step(n) as Promise<unknown>);
    });
    const doors = [gate(), gate(), gate()];
    const begun: number[] = [];
    await client.hold(null, {
      step: async (n) => {
        begun.push(n);
        await doors[n - 1]?.passed;
        return n * 10;
      },
    });
    await until(() => begun.length === 1);
    for (const door of doors) door.open();
    expect(await Promise.all(calls)).toEqual([10, 20, 30]);
    expect(begun).toEqual([1, 2, 3]);
    await nothingLeft(both);
  });

  it('a queued call that is cancelled frees the function that it would have called', async () => {
    const both = await sides(url, codec, { timeout: 50 }, { concurrency: 1 });
    const { server, client } = both;
    let calls: Promise<unknown>[] = [];
    server.hold.connect((_sender, { step }) => {
      calls = [step(1), step(2)] as Promise<unknown>[];
    });
    const door = gate();
    await client.hold(null, { step: () => door.passed });
    expect(await Promise.all(calls.map((call) => failure(call)))).toEqual([
      expect.any(TimeoutError),
      expect.any(TimeoutError),
    ]);
    door.open();
    await nothingLeft(both);
  });

  it('calls of references have a queue of their own: a running handler can wait for them', async () => {
    const options = { codec, logger: null, concurrency: 1, timeout: 2_000 };
    const server = closing(await Both.serve(url, options));
    const client = closing(await Both.invert().connect(server.address, options));
    await until(() => server.peers.size === 1);
    server.count.connect(async (_sender, { to, step }) => {
      let sum = 0;
      for (let n = 1; n <= to; n++) sum += (await step(n)) as number;
      return sum;
    });
    // The single handler of the client runs while the function that it has passed is called there.
    client.sum.connect((_sender, { to }) => client.count(null, { to, step: async (n) => n }));
    expect(await server.sum(null, { to: 4 })).toBe(10);
    await nothingLeft({ server, client });
  });

  it('a handler can wait for a call of a function that it has passed', async () => {
    const { server, client } = await sides(url, codec, { concurrency: 1 }, { concurrency: 1, timeout: 2_000 });
    server.take.connect(async (_sender, { value }) => {
      const call = value as (step: Step) => Promise<number>;
      return call((n) => n + 1);
    });
    expect(await client.take(null, { value: async (step: Step) => (await (step(5) as Promise<number>)) * 2 })).toBe(12);
  });

  it('works with asynchronous interceptors', async () => {
    const seen: string[] = [];
    const slow = async (call: OutgoingCall | { kind: string; path: string }, next: () => unknown) => {
      if (call.kind === 'callback') await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(`${call.kind} ${call.path}`);
      return next();
    };
    const both = await sides(url, codec, { use: slow as never });
    const { server, client } = both;
    let called: Promise<unknown> | undefined;
    server.hold.connect((_sender, { step }) => {
      called = step(4) as Promise<unknown>;
    });
    await client.hold(null, { step: (n) => n * 3 });
    expect(await called).toBe(12);
    expect(seen).toEqual(['request hold', 'callback callback']);
    await nothingLeft(both);
  });

  it('has the deadline of the call within which it is made', async () => {
    const { server, client } = await sides(url, codec);
    const left: number[] = [];
    server.take.connect((sender) => {
      left.push(sender.timeLeft);
      return undefined;
    });
    server.hold.connect(async (_sender, { step }) => step(1));
    const step: Step = async () => {
      // Calls by the function have the same deadline.
      await client.take(null, { value: 0 });
      return 'done';
    };
    expect(await client.to(null, { timeout: 5_000 }).hold({ step })).toBe('done');
    expect(left).toEqual([expect.any(Number)]);
    expect(left[0]).toBeLessThan(5_000);
    expect(left[0]).toBeGreaterThan(3_000);
    const never = gate();
    const late = failure(client.to(null, { timeout: 60 }).hold({ step: () => never.passed }));
    expect(await late).toBeInstanceOf(TimeoutError);
    never.open();
  });

  it('a released function finishes its open calls', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    const door = gate();
    let call: Promise<unknown> | undefined;
    server.hold.connect(async (_sender, { step }) => {
      keep(step);
      call = step(1) as Promise<unknown>;
      release(step);
    });
    await client.hold(null, { step: () => door.passed.then(() => 'answered') });
    expect(sizeOf(server)).toBe(0);
    door.open();
    expect(await call).toBe('answered');
    await nothingLeft(both);
  });

  it('a value passed as progress or as an item is held until it is released', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    server.take.connect((sender) => {
      sender.progress([(n: number) => n + 1]);
      return 'done';
    });
    const told: Step[] = [];
    await client.to(null, { onProgress: (value) => told.push(...(value as Step[])) }).take({ value: 0 });
    expect(await told[0]?.(1)).toBe(2);
    release(told[0] as Step);
    server.items.connect(function* () {
      for (let n = 0; n < 3; n++) yield (m: number) => m + n;
    });
    const items: Step[] = [];
    for await (const item of client.items(null)) items.push(item as Step);
    expect(await Promise.all(items.map((item) => item(10)))).toEqual([10, 11, 12]);
    for (const item of items) release(item);
    await nothingLeft(both);
  });

  it('late progress and items return the references in them', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    const given = gate();
    server.take.connect(async (sender) => {
      sender.signal.addEventListener('abort', () => given.open());
      sender.progress([(n: number) => n + 1]);
      await given.passed;
    });
    const controller = new AbortController();
    const call = client.to(null, { signal: controller.signal, onProgress: () => {} }).take({ value: 0 });
    controller.abort();
    await failure(call);
    const items = gate();
    server.items.connect(async function* () {
      yield (n: number) => n;
      items.open();
    });
    const stream = client.items(null);
    const first = stream.next();
    await stream.return();
    await first;
    await client.fire(null).catch(() => {});
    // An item that was delivered before the end belongs to the caller.
    const { value } = await first;
    if (value !== undefined) release(value as Step);
    await nothingLeft(both);
  });

  it('an item that cannot be sent holds nothing', async () => {
    const both = await sides(url, codec, { limits: { sentFrameBytes: 10_000 } });
    const { server, client } = both;
    server.items.connect(function* () {
      yield ['x'.repeat(20_000), (n: number) => n];
    });
    await expect(client.items(null).next()).rejects.toThrow('larger than');
    server.take.connect((sender) => {
      sender.progress(['x'.repeat(20_000), (n: number) => n]);
      return 'done';
    });
    expect(await client.to(null, { onProgress: () => {} }).take({ value: 0 })).toBe('done');
    await nothingLeft(both);
  });
});

class Both extends RemoteAPI {
  @incoming({ hasReply: true }) count(_sender: Sender, _args: { to: number; step: Step }): Reply<number> {}
  @outgoing({ hasReply: true }) sum(_to: Receivers, _args: { to: number }): Reply<number> {}
}
