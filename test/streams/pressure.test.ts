import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';
import { all, type Meeting, meet, upTo } from './spec.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Nothing more is produced. */
async function settled(seen: { produced: number }): Promise<number> {
  for (;;) {
    const { produced } = seen;
    await pause(60);
    if (seen.produced === produced) return produced;
  }
}

describe.each([
  ['memory:', 'jrpc'],
  ['tcp:', 'jrpc'],
  ['tcp:', 'msgpack'],
  ['ws:', 'jrpc'],
  ['port:', 'clone'],
])('over %s with %s', (link, codec) => {
  it.each(['generator', 'async', 'web', 'node'] as const)(
    'a producer that never waits is as far ahead as the window allows (%s)',
    async (kind) => {
      await using meeting = await meet(link, { codec });
      const { calling, seen } = meeting;
      const stream = calling.remote.count({ to: 1e9, kind });
      // These sources read ahead by themselves.
      const ahead = kind === 'node' ? 256 + 32 : kind === 'web' ? 256 + 1 : 256;
      let taken = 0;
      for (let portion = 0; portion < 20; portion++) {
        for (let n = 0; n < 37; n++) expect(await stream.next()).toEqual({ done: false, value: taken++ });
        expect(seen.produced - taken).toBeLessThanOrEqual(ahead);
        await pause(1);
      }
      expect((await settled(seen)) - taken).toBeLessThanOrEqual(ahead);
      expect(seen.produced - taken).toBeGreaterThan(100);
      await stream.return();
    },
  );

  it('the window is the one that the caller requests', async () => {
    await using meeting = await meet(link, { codec });
    for (const items of [1, 2, 7, 1_000]) {
      const before = meeting.seen.produced;
      const stream = meeting.calling.to(null, { window: { items } }).count({ to: 1e9 });
      expect((await settled(meeting.seen)) - before).toBe(items);
      for (const n of upTo(3 * items)) expect((await stream.next()).value).toBe(n);
      expect((await settled(meeting.seen)) - before).toBeLessThanOrEqual(4 * items);
      await stream.return();
    }
  });

  it('the window in bytes is respected, and one larger item is sent alone', async () => {
    await using meeting = await meet(link, { codec });
    const { calling, seen } = meeting;
    const view = calling.to(null, { window: { bytes: 100_000 } });
    const large = view.large({ size: 30_000, count: 20 });
    // The fourth one fills it.
    expect(await settled(seen)).toBe(4);
    expect((await all(large)).items.map((item) => item.length)).toEqual(upTo(20).map(() => 30_000));
    seen.produced = 0;
    const alone = view.large({ size: 500_000, count: 5 });
    expect(await settled(seen)).toBe(1);
    await alone.next();
    expect(await settled(seen)).toBe(2);
    expect((await all(alone)).items).toHaveLength(4);
  });

  it('a consumer that stops reading stops its producer', async () => {
    await using meeting = await meet(link, { codec });
    const { calling, seen } = meeting;
    calling.remote.count({ to: 1e9 });
    calling.remote.count({ to: 1e9, kind: 'async' });
    expect(await settled(seen)).toBe(2 * 256);
  });

  it('a list does not block the event loop', async () => {
    await using meeting = await meet(link, { codec });
    const { calling } = meeting;
    let turns = 0;
    let over = false;
    const tick = (): void => {
      turns++;
      if (!over) setImmediate(tick);
    };
    setImmediate(tick);
    const { items } = await all(calling.to(null, { window: { items: 60_000 } }).count({ to: 60_000 }));
    over = true;
    expect(items).toHaveLength(60_000);
    expect(turns).toBeGreaterThan(20);
  });
});

describe('a peer that does not read', () => {
  const asks = async (far: RawClient, handles: Meeting): Promise<void> => {
    const params = { call: 1, window: [60_000, 60_000_000] };
    far.write({ jsonrpc: '2.0', method: 'rpc.about', params });
    far.write({ jsonrpc: '2.0', id: 1, method: 'large', params: { size: 10_000, count: 1e9 } });
    await until(() => handles.seen.produced > 0);
  };

  it('receives no more of a stream than its link accepts, however large the window is', async () => {
    await using meeting = await meet('tcp:');
    const { handling, seen } = meeting;
    using far = await RawClient.connect(handling.address);
    await asks(far, meeting);
    far.socket.pause();
    // After a second it is clear that it answers no marks.
    await until(() => seen.produced > 10);
    const produced = await settled(seen);
    // What the systems of both ends buffer, and a little more; the window would be many times that.
    expect(produced * 10_000).toBeLessThan(16_000_000);
    expect(handling.peers.size).toBe(2);
    far.socket.resume();
    await until(() => seen.produced > produced);
  });

  it('receives only a few messages as long as it has sent nothing', async () => {
    await using meeting = await meet('tcp:');
    using far = await RawClient.connect(meeting.handling.address);
    await asks(far, meeting);
    expect(await settled(meeting.seen)).toBeLessThan(10);
  });

  it('receives the whole stream if it pulls, but knows no marks', async () => {
    await using meeting = await meet('tcp:');
    using far = await RawClient.connect(meeting.handling.address);
    far.write({ jsonrpc: '2.0', method: 'rpc.about', params: { call: 1, window: [8, 1_000_000] } });
    far.write({ jsonrpc: '2.0', id: 1, method: 'count', params: { to: 2_000 } });
    const items: number[] = [];
    let read = 0;
    await far.until(() => {
      for (; read < far.lines.length; read++) {
        const { id, params } = JSON.parse(far.lines[read] as string);
        if (id === 1) return true;
        if (params?.[0] !== 1) continue;
        items.push(...params[1]);
        far.write({ jsonrpc: '2.0', method: 'rpc.pull', params: [1, params[1].length] });
      }
      return false;
    });
    expect(items).toEqual(upTo(2_000));
  });
});

describe('chunks that the caller joins', () => {
  it('arrive as parts of one result, in order, and none is missing', async () => {
    await using meeting = await meet('tcp:');
    let text = '';
    for await (const chunk of meeting.calling.remote.large({ size: 1_000, count: 500 })) text += chunk;
    expect(text).toBe(
      upTo(500)
        .map((n) => String(n % 10).repeat(1_000))
        .join(''),
    );
  });
});
