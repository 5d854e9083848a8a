import { describe, expect, it } from 'vitest';
import { currentCall } from '../../src/calls/call-context.js';
import type { CallSender } from '../../src/session/incoming-calls/call-sender.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { until } from '../support/core-waiting.js';
import { heldBy } from './held.js';
import { all, handle, meet, Seen, Streams } from './spec.js';

const note = (method: string, ...params: unknown[]) => ({ jsonrpc: '2.0', method, params });

/** A record of what was sent of a stream: in which turn of the event loop, for which call, and how much. */
interface Sent {
  readonly turn: number;
  readonly call: number;
  readonly items: number;
  readonly bytes: number;
}

/** The producing side, with a far end that answers every mark at the end of the turn and accepts everything. */
class Giving {
  readonly seen = new Seen();
  readonly sent: Sent[] = [];
  private read = 0;
  private turns = 0;

  private constructor(
    readonly api: Awaited<ReturnType<typeof Streams.connect<Streams>>>,
    readonly far: PlayedLink,
  ) {
    handle(api, this.seen);
  }

  static async open(): Promise<Giving> {
    const played = new Played();
    const far = played.visit();
    return new Giving(await Streams.connect(played.maker, { logger: null }), far);
  }

  ask(id: number, method: string, params: object): void {
    const about = { call: id, window: [60_000, 60_000_000] };
    this.far.say({ jsonrpc: '2.0', method: 'rpc.about', params: about }, { jsonrpc: '2.0', id, method, params });
  }

  /** So many turns of the event loop pass. */
  async pass(count: number): Promise<void> {
    for (const end = this.turns + count; this.turns < end; this.turns++) {
      await turn();
      const frames = this.far.sends.flat();
      for (; this.read < frames.length; this.read++) {
        const frame = frames[this.read] as string;
        const { method, params } = JSON.parse(frame);
        if (method !== 'rpc.next') continue;
        const [call, items] = params;
        if (call === null) this.far.say(note('rpc.pull', null, items));
        else this.sent.push({ turn: this.turns, call, items: items.length, bytes: frame.length });
      }
    }
  }
}

describe('the output of the streams of a peer', () => {
  it('is small in each turn of the event loop, however much there is', async () => {
    const giving = await Giving.open();
    for (const id of [1, 2, 3]) giving.ask(id, 'count', { to: 1e9 });
    await giving.pass(200);
    const perTurn = new Map<number, number>();
    for (const { turn, items } of giving.sent) perTurn.set(turn, (perTurn.get(turn) ?? 0) + items);
    // 4 KB and a message, where an item counts as 64 bytes more than its size.
    expect(Math.max(...perTurn.values())).toBeLessThan(200);
    expect(giving.seen.produced).toBeGreaterThan(2_000);
  });

  it('consists of a few messages from one stream, and then from another', async () => {
    const giving = await Giving.open();
    for (const id of [1, 2, 3]) giving.ask(id, 'count', { to: 1e9 });
    await giving.pass(200);
    const runs: { call: number; messages: number }[] = [];
    for (const { call } of giving.sent) {
      const last = runs.at(-1);
      if (last?.call === call) last.messages++;
      else runs.push({ call, messages: 1 });
    }
    expect(runs.length).toBeGreaterThan(10);
    // 16 KB, of which a message of 64 small items is a quarter.
    for (const { messages } of runs.slice(3, -1)) {
      expect(messages).toBeGreaterThanOrEqual(3);
      expect(messages).toBeLessThanOrEqual(5);
    }
    const calls = runs.slice(3, 9).map(({ call }) => call);
    expect(new Set(calls.slice(0, 3)).size).toBe(3);
    expect(calls.slice(3)).toEqual(calls.slice(0, 3));
  });

  it('consists of short messages, though the window is large', async () => {
    const giving = await Giving.open();
    giving.ask(1, 'large', { size: 1_000, count: 1e9 });
    await giving.pass(100);
    expect(giving.sent.length).toBeGreaterThan(10);
    expect(Math.max(...giving.sent.map(({ bytes }) => bytes))).toBeLessThan(16 * 1_024 + 1_100);
  });

  it('waits while the link has not sent what it accepted, and continues when it has', async () => {
    const giving = await Giving.open();
    const { far, seen } = giving;
    far.buffered = 300 * 1_024;
    giving.ask(1, 'count', { to: 1e9 });
    await giving.pass(5);
    expect(seen.produced).toBe(0);
    far.buffered = 0;
    far.receiver.drained();
    await giving.pass(20);
    expect(seen.produced).toBeGreaterThan(100);
    far.buffered = 300 * 1_024;
    await giving.pass(5);
    const { produced } = seen;
    await giving.pass(20);
    expect(seen.produced).toBe(produced);
  });
});

describe('a source', () => {
  it('runs within the deadline of its call', async () => {
    await using meeting = await meet('tcp:');
    const { calling, handling } = meeting;
    handling.any.connect(async function* (sender) {
      for (let n = 0; n < 3; n++) {
        yield currentCall() === (sender as unknown as CallSender);
        await turn();
      }
    });
    expect(await all(calling.to(null, { maxTimeout: 60_000 }).any())).toEqual({
      items: [true, true, true],
      error: undefined,
    });
    expect(await all(calling.remote.any())).toEqual({ items: [false, false, false], error: undefined });
  });

  it('that cannot be obtained ends the stream with the reason', async () => {
    await using meeting = await meet('tcp:');
    const { calling, handling } = meeting;
    const none = 'expected an iterable, an async iterable or a ReadableStream';
    const broken = {
      [Symbol.iterator]: () => {
        throw new RangeError('it does not open');
      },
    };
    const gives: [give: () => unknown, text: string][] = [
      [() => Promise.reject(new RangeError('there is no source')), 'there is no source'],
      [() => Promise.resolve(5), none],
      [() => 5, none],
      [() => Promise.resolve(broken), 'it does not open'],
      [() => broken, 'it does not open'],
    ];
    let next = gives[0] as (typeof gives)[0];
    handling.any.connect(() => next[0]() as Iterable<unknown>);
    for (next of gives) {
      const { items, error } = await all(calling.remote.any());
      expect(items).toEqual([]);
      expect((error as Error).message).toContain(next[1]);
    }
  });

  it('with an item that cannot be sent receives the error, though it has more', async () => {
    await using meeting = await meet('tcp:');
    let ended = 0;
    meeting.handling.any.connect(function* () {
      try {
        yield 1;
        yield 5n;
        for (;;) yield 2;
      } finally {
        ended++;
      }
    });
    const { items, error } = await all(meeting.calling.to(null, { window: { items: 100 } }).any());
    expect(items).toEqual([1]);
    expect((error as Error).message).toContain('BigInt');
    expect(ended).toBe(1);
  });

  it('that cannot be obtained after its stream was cancelled leaves nothing behind', async () => {
    await using meeting = await meet('tcp:');
    const { calling, handling } = meeting;
    let fail: () => void = () => {};
    handling.any.connect(() => new Promise((_, reject) => (fail = () => reject(new RangeError('there is none')))));
    const stream = calling.remote.any();
    await calling.remote.add({ a: 1, b: 1 });
    await stream.return();
    await calling.remote.add({ a: 1, b: 1 });
    expect(heldBy(meeting).handling).toBeGreaterThan(0);
    fail();
    await until(() => heldBy(meeting).handling === 0);
  });
});
