import { afterEach, describe, expect, it } from 'vitest';
import { stopClock } from '../../src/testing/clock.js';
import { turn } from '../support/core-played.js';
import { failure, until } from '../support/core-waiting.js';
import { BYTES, bye, dialing } from './played-servers.js';
import { ack, cut, hello, note } from './played-visitors.js';
import { atEnd, clear } from './resuming.js';

afterEach(clear);

describe('who dials again', () => {
  it('sends nothing but its hello before that is answered, confirms the session, and then calls', async () => {
    const { first, begun } = await dialing();
    expect(first.heard.length).toBe(1);
    expect(first.heard[0].params).toEqual({ obverse: 1, codec: 'jrpc', resume: { v: 1, dial: 1, bytes: BYTES } });
    const client = await begun();
    void client.remote.ask({ n: 1 }).catch(() => {});
    await turn();
    expect(first.heard.slice(1)).toEqual([ack(0, 0), { jsonrpc: '2.0', id: 1, method: 'ask', params: { n: 1 } }]);
  });

  it('goes on with its session: sends again what has not come, then what was waiting; its calls settle', async () => {
    const { first, begun, dial, asked, events, told } = await dialing();
    const client = await begun();
    const answers = [client.remote.ask({ n: 1 }), client.remote.ask({ n: 2 })];
    await turn();
    first.say({ jsonrpc: '2.0', id: 1, result: 2 }, note(0));
    await cut(first);
    answers.push(client.remote.ask({ n: 3 }));
    expect([...client.peers.values()].map(({ id }) => id)).toEqual(['far']);
    const second = dial();
    await turn();
    expect(asked(second)).toEqual({ v: 1, dial: 2, token: 'one', got: 2, sent: 2 });
    expect(second.heard.length).toBe(1);
    second.say(hello({ dial: 2, got: 1, sent: 3 }), { jsonrpc: '2.0', method: 'told', params: { n: 5 } });
    await turn();
    expect(second.heard.slice(1).map(({ params }) => params.n)).toEqual([2, 3]);
    for (const { id, params } of second.heard.slice(1)) second.say({ jsonrpc: '2.0', id, result: params.n * 2 });
    expect(await Promise.all(answers)).toEqual([2, 4, 6]);
    expect([told, events]).toEqual([[5], ['resumed']]);
  });

  it.each(['unknown', 'expired', 'evicted', 'overrun', 'closed'])(
    'begins another session in the place of one that is %s: its open calls fail',
    async (fresh) => {
      const { first, begun, dial, events } = await dialing();
      const client = await begun();
      const lost = failure(client.remote.ask({ n: 1 }));
      await turn();
      await cut(first);
      const second = dial();
      await turn();
      second.say(hello({ dial: 2, token: 'two', ms: 5_000, bytes: BYTES, fresh, got: 1 }));
      expect(await lost).toMatchObject({ name: 'ConnectionLost', message: expect.stringContaining(fresh) });
      await turn();
      expect(second.heard[1]).toEqual(ack(0, 0));
      expect(events).toEqual(['disconnect', 'connect']);
      await cut(second);
      const third = dial();
      await turn();
      expect(third.heard[0].params.resume).toEqual({ v: 1, dial: 3, token: 'two', got: 0, sent: 0 });
    },
  );

  it('ends a session that is refused as stale, and begins another one with its next link', async () => {
    const { first, begun, dial, asked, log } = await dialing();
    const client = await begun();
    const lost = failure(client.remote.ask({ n: 1 }));
    await turn();
    await cut(first);
    const second = dial();
    await turn();
    second.say(hello({ dial: 2, refused: 'stale' }));
    expect(await lost).toMatchObject({ name: 'ConnectionLost' });
    await turn();
    expect(second.closes.length).toBe(1);
    expect(String(log.warnings)).toContain('has refused to continue the session: stale');
    const third = dial();
    await turn();
    expect(asked(third)).toEqual({ v: 1, dial: 3, bytes: BYTES });
  });

  it('keeps nothing where the answer has no such field, and asks later links for nothing', async () => {
    const { first, dial, opened } = await dialing();
    first.say({ jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc' } });
    const client = await opened();
    const lost = failure(client.remote.ask({ n: 1 }));
    await turn();
    expect(first.heard.map(({ method }) => method)).toEqual(['rpc.hello', 'ask']);
    await cut(first);
    expect(await lost).toMatchObject({ name: 'ConnectionLost' });
    const second = dial();
    await turn();
    expect(second.heard).toEqual([{ jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc' } }]);
    expect(client.peers.size).toBe(1);
  });

  it('waits two seconds for the answer, and then calls', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { first, opened } = await dialing();
    await clock.turn(2_000);
    const client = await opened();
    const answer = client.remote.ask({ n: 1 });
    await turn();
    expect(first.heard.map(({ method }) => method)).toEqual(['rpc.hello', 'ask']);
    first.say({ jsonrpc: '2.0', id: 1, result: 2 });
    expect(await answer).toBe(2);
  });

  it('gives a session up that was without a link for longer than it is kept; it is over before another one begins', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { first, begun, dial, asked, events } = await dialing();
    const client = await begun();
    const lost = failure(client.remote.ask({ n: 1 }));
    await turn();
    await cut(first);
    await clock.turn(5_000);
    expect(await lost).toMatchObject({ name: 'ConnectionLost', message: expect.stringContaining('5000 ms') });
    expect(events).toEqual(['disconnect']);
    const second = dial();
    await turn();
    expect(asked(second)).toEqual({ v: 1, dial: 2, token: 'one', over: true, bytes: BYTES });
  });

  it('ends a session whose ends count differently, at the next acknowledgement, and says that it is over', async () => {
    const { first, begun, dial, asked, events, log } = await dialing();
    await begun();
    first.say({ jsonrpc: '2.0', method: 'told', params: { n: 1 } }, ack(0, 2));
    await turn();
    expect(events).toEqual(['disconnect']);
    expect(String(log.warnings)).toContain('count their messages differently');
    const second = dial();
    await turn();
    expect(asked(second)).toMatchObject({ token: 'one', over: true });
  });

  it('ignores the answer to a hello over a link that it has left', async () => {
    const { first, begun, dial, asked, events } = await dialing();
    const client = await begun();
    const answer = client.remote.ask({ n: 1 });
    await turn();
    await cut(first);
    const second = dial();
    await turn();
    await cut(second);
    const third = dial();
    await turn();
    second.say(hello({ dial: 2, token: 'two', ms: 1, bytes: 1, fresh: 'unknown' }));
    expect(asked(third)).toEqual({ v: 1, dial: 3, token: 'one', got: 0, sent: 1 });
    third.say(hello({ dial: 3, got: 1, sent: 0 }), { jsonrpc: '2.0', id: 1, result: 2 });
    expect(await answer).toBe(2);
    expect(events).toEqual(['resumed']);
  });

  it.each([true, false])('ends its session when the other side says so; whether it dials again: %s', async (again) => {
    const { first, begun, dial, asked, events } = await dialing();
    await begun();
    first.say(bye(again));
    await turn();
    expect(events).toEqual(again ? ['disconnect'] : ['dials no more', 'disconnect']);
    const second = dial();
    await turn();
    expect(asked(second)).toEqual({ v: 1, dial: 2, bytes: BYTES });
  });

  it('says rpc.bye when it is closed, so that its session does not lie without a link', async () => {
    const { first, begun } = await dialing();
    const client = await begun();
    client.note(null, { n: 1 });
    await client.close();
    expect(first.heard.slice(-2)).toEqual([{ jsonrpc: '2.0', method: 'note', params: { n: 1 } }, bye(false)]);
  });

  it('acknowledges what has come: after a quarter of what the other side keeps', async () => {
    const { first, begun, told } = await dialing();
    await begun();
    const text = 'x'.repeat(100 * 1024);
    for (let n = 1; n <= 5; n++) {
      first.say({ jsonrpc: '2.0', method: 'told', params: { n, text } });
      await turn();
    }
    expect(told).toEqual([1, 2, 3, 4, 5]);
    expect(first.heard.slice(1)).toEqual([ack(0, 0), ack(3, 0)]);
  });

  it('acknowledges what one turn brings together, at its end', async () => {
    // Where that takes long, the turn would end before all of it is dispatched.
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { first, begun } = await dialing();
    await begun();
    const text = 'x'.repeat(100 * 1024);
    for (let n = 1; n <= 5; n++) first.say({ jsonrpc: '2.0', method: 'told', params: { n, text } });
    await turn();
    expect(first.heard.slice(1)).toEqual([ack(0, 0), ack(5, 0)]);
  });

  it('acknowledges the last message of a frame too, although it takes several turns to serve it', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { first, begun, told } = await dialing();
    await begun();
    const text = 'x'.repeat(150);
    const frame = Array.from({ length: 3_000 }, (_, n) => ({ jsonrpc: '2.0', method: 'told', params: { n, text } }));
    first.say(frame);
    await until(() => told.length === 3_000);
    await turn();
    const acks = first.heard.slice(1).map(({ params }) => params[0]);
    expect(acks.at(-1)).toBe(3_000);
    expect(acks.length).toBeGreaterThan(2);
  });

  it('acknowledges what little has come after five seconds', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { first, begun } = await dialing();
    await begun();
    first.say({ jsonrpc: '2.0', method: 'told', params: { n: 1 } });
    await clock.turn(5_000);
    expect(first.heard.slice(1)).toEqual([ack(0, 0), ack(1, 0)]);
  });
});
