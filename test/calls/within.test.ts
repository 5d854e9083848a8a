import { afterEach, describe, expect, it } from 'vitest';
import {
  Aborted,
  type Inverted,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  TimeoutError,
} from '../../src/index.js';
import type { CallSender } from '../../src/session/incoming-calls/call-sender.js';
import { failure, until } from '../support/core-waiting.js';

/** The handlers of the server call the client back: for the client, one call within another. */
class Relay extends RemoteAPI {
  @incoming({ hasReply: true }) run(_sender: Sender, _args: { way: string }): Reply<unknown> {}
  @outgoing({ hasReply: true }) left(_to: Receivers): Reply<number | null> {}
  @outgoing({ hasReply: true }) hang(_to: Receivers): Reply<void> {}
  @outgoing told(_to: Receivers): void {}
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

interface Sides {
  server: Side<Relay>;
  client: Side<Inverted<Relay>>;
  /** What the client was called with, and how the call ended. */
  asked: string[];
  ended: unknown[];
}

async function sides(options: Options = {}): Promise<Sides> {
  const server = await Relay.serve('tcp://127.0.0.1:0', { logger: null, ...options });
  const client = await Relay.invert().connect(server.address, { logger: null });
  open.push(client, server);
  const asked: string[] = [];
  const ended: unknown[] = [];
  client.left.connect((sender) => {
    asked.push('left');
    // JSON cannot represent Infinity.
    return sender.timeLeft === Number.POSITIVE_INFINITY ? null : sender.timeLeft;
  });
  client.hang.connect((sender) => {
    asked.push('hang');
    return new Promise((_, reject) => {
      sender.signal.addEventListener('abort', () => {
        ended.push(sender.signal.reason);
        reject(sender.signal.reason);
      });
    });
  });
  client.told.connect((sender) => {
    asked.push('told');
    ended.push(sender.timeLeft);
  });
  return { server, client, asked, ended };
}

/** A number above `low` and at most `high`. */
function expectWithin(value: unknown, low: number, high: number): void {
  expect(value).toBeGreaterThan(low);
  expect(value).toBeLessThanOrEqual(high);
}

describe('a call that a handler makes', () => {
  it('has no more time than the handler, and sends this limit to its peer, across every await', async () => {
    const { server, client } = await sides();
    server.run.connect(async (sender, { way }) => {
      await new Promise((resolve) => setImmediate(resolve));
      switch (way) {
        case 'plain':
          return server.left(sender);
        case 'longer':
          return server.to(sender, { timeout: 60_000 }).left();
        case 'shorter':
          return server.to(sender, { timeout: 2_000 }).left();
        case 'renewed':
          return server.to(sender, { timeout: 3_000, maxTimeout: 60_000 }).left();
        default:
          return server.to(sender, { timeout: 500, maxTimeout: 4_000 }).left();
      }
    });
    const left = (way: string): Promise<unknown> => client.to(null, { timeout: 10_000 }).run({ way });
    expectWithin(await left('plain'), 5_000, 10_000);
    expectWithin(await left('longer'), 5_000, 10_000);
    expectWithin(await left('shorter'), 1_000, 2_000);
    // With a maxTimeout, that is what is sent.
    expectWithin(await left('renewed'), 5_000, 10_000);
    expectWithin(await left('in all'), 2_000, 4_000);
    expect(await client.run(null, { way: 'plain' })).toBe(null);
  });

  it('has the same limit if it is a notification', async () => {
    const { server, client, ended } = await sides();
    server.run.connect((sender) => server.told(sender));
    await client.to(null, { timeout: 10_000 }).run({ way: '' });
    await until(() => ended.length === 1);
    expectWithin(ended[0], 5_000, 10_000);
  });

  it('fails without being sent once the time of the handler is over', async () => {
    const { server, client, asked } = await sides();
    let late: Promise<Error> | undefined;
    server.run.connect(async (sender) => {
      await until(() => sender.timeLeft === 0);
      late = failure(server.to(sender, { timeout: 5_000 }).left());
      return new Promise(() => {});
    });
    await expect(client.to(null, { timeout: 20 }).run({ way: '' })).rejects.toThrow(TimeoutError);
    await until(() => late !== undefined);
    expect(await late).toMatchObject({
      name: 'TimeoutError',
      message: 'the call that this one is made within has no time left',
    });
    server.run.disconnect(() => '');
    expect(await server.left(null)).toBe(null);
    expect(asked).toEqual(['left']);
  });
});

describe('the time of a handler', () => {
  it('is its own, whichever handlers run at the same time', async () => {
    const { server, client } = await sides();
    let begun = 0;
    server.run.connect(async (sender) => {
      begun++;
      await until(() => begun === 3);
      return server.left(sender);
    });
    const times = [5_000, 20_000, 40_000];
    const left = await Promise.all(times.map((timeout) => client.to(null, { timeout }).run({ way: '' })));
    for (const [at, time] of times.entries()) expectWithin(left[at], time - 4_000, time);
  });

  it('remains over for code that continues after the call was cancelled', async () => {
    const { server, client, asked } = await sides();
    let after: Promise<Error> | undefined;
    server.run.connect(async (sender) => {
      const began = performance.now();
      const answered = async (): Promise<unknown> => {
        // The caller may cancel it before its time is over here.
        await until(() => (sender as unknown as CallSender).done && performance.now() - began > 20);
        return server.to(sender, { timeout: 5_000 }).left();
      };
      after = failure(answered());
      await until(() => sender.signal.aborted);
      throw sender.signal.reason;
    });
    await expect(client.to(null, { timeout: 20 }).run({ way: '' })).rejects.toThrow(TimeoutError);
    expect(await after).toMatchObject({ name: 'TimeoutError', message: expect.stringContaining('no time left') });
    expect(asked).toEqual([]);
  });
});

describe('a call with the option within', () => {
  it('has the time limit of that call, wherever it is made', async () => {
    const { server, client } = await sides();
    const senders: Sender[] = [];
    const ends: (() => void)[] = [];
    server.run.connect((sender, { way }) => {
      if (way === 'within the first') return server.to(sender, { within: senders[0] as Sender }).left();
      senders.push(sender);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
    const first = client.to(null, { timeout: 40_000 }).run({ way: '' });
    await until(() => senders.length === 1);
    const [sender] = senders as [Sender];
    expectWithin(await server.to(sender, { within: sender }).left(), 20_000, 40_000);
    // The option counts, not where the call is made.
    const inside = client.to(null, { timeout: 10_000 }).run({ way: 'within the first' });
    expectWithin(await inside, 20_000, 40_000);
    ends[0]?.();
    await first;
  });

  it('is cancelled with that call, and cannot start after it', async () => {
    const { server, client, asked, ended } = await sides();
    const senders: Sender[] = [];
    const results: Promise<Error>[] = [];
    server.run.connect((sender) => {
      senders.push(sender);
      results.push(failure(server.to(sender, { within: sender }).hang()));
      return new Promise(() => {});
    });
    const gone = new AbortController();
    const outer = failure(client.to(null, { signal: gone.signal }).run({ way: '' }));
    await until(() => asked.length === 1);
    gone.abort(new Error('no use'));
    expect(await outer).toBeInstanceOf(Aborted);
    expect(await results[0]).toMatchObject({ name: 'Aborted', message: expect.stringContaining('no use') });
    await until(() => ended.length === 1);
    expect(ended[0]).toMatchObject({ name: 'Aborted', message: expect.stringContaining('no use') });
    const [sender] = senders as [Sender];
    expect(await failure(server.to(sender, { within: sender }).hang())).toBeInstanceOf(Aborted);
    expect(() => server.to(sender, { within: sender }).told()).toThrow(Aborted);
    expect(await server.left(null)).toBe(null);
    expect(asked).toEqual(['hang', 'left']);
  });
});
