import { afterEach, describe, expect, it } from 'vitest';
import { Aborted, type ConnectionLost, type Options, TimeoutError } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { turn } from '../support/core-played.js';
import { failure } from '../support/core-waiting.js';
import { BYTES, dialing } from './played-servers.js';
import { ack, cut, hello, listening } from './played-visitors.js';
import { atEnd, clear } from './resuming.js';

afterEach(clear);

const text = 'x'.repeat(10 * 1024);
const asked = (id: number, n = id) => ({ jsonrpc: '2.0', id, method: 'ask', params: { n } });
const security = {
  seal: (payload: unknown) => ({ info: { n: 1 }, payload }),
  open: (payload: unknown) => payload,
} as unknown as Options['security'];

describe('a call that ends before a connection was given it is never sent', () => {
  it('while its session has no link: not when it is cancelled, nor when its time is over; the others are', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { first, begun, dial } = await dialing();
    const client = await begun();
    await cut(first);
    const stop = new AbortController();
    const metadata = { page: 1 };
    const open = [client.remote.ask({ n: 1 })];
    const late = failure(client.to(null, { timeout: 50 }).ask({ n: 2 }));
    client.remote.note({ n: 3 });
    const cancelled = failure(client.to(null, { signal: stop.signal, metadata }).ask({ n: 3 }));
    open.push(client.to(null, { metadata }).ask({ n: 4 }));
    await clock.turn(60);
    stop.abort();
    expect([await late, await cancelled]).toEqual([expect.any(TimeoutError), expect.any(Aborted)]);
    const second = dial();
    await turn();
    expect(second.heard[0].params.resume).toMatchObject({ got: 0, sent: 0 });
    second.say(hello({ dial: 2, got: 0, sent: 0 }));
    await turn();
    expect(second.heard.slice(1)).toEqual([
      asked(1),
      expect.objectContaining({ method: 'note' }),
      expect.objectContaining({ method: 'rpc.about' }),
      asked(4),
    ]);
    second.say({ jsonrpc: '2.0', id: 1, result: 2 }, { jsonrpc: '2.0', id: 4, result: 8 });
    expect(await Promise.all(open)).toEqual([2, 8]);
  });

  it('in the turn in which it is made', async () => {
    const { first, begun } = await dialing();
    const client = await begun();
    const stop = new AbortController();
    const cancelled = failure(client.to(null, { signal: stop.signal }).ask({ n: 1 }));
    stop.abort();
    await cancelled;
    await turn();
    expect(first.heard.length).toBe(2);
  });

  it('afterwards, rpc.cancel takes its turn', async () => {
    const { first, begun, dial } = await dialing();
    const client = await begun();
    const stop = new AbortController();
    const cancelled = failure(client.to(null, { signal: stop.signal }).ask({ n: 1 }));
    await turn();
    await cut(first);
    const next = client.remote.ask({ n: 2 });
    stop.abort();
    await cancelled;
    const second = dial();
    await turn();
    second.say(hello({ dial: 2, got: 1, sent: 0 }));
    await turn();
    expect(second.heard.slice(1)).toEqual([asked(2), expect.objectContaining({ method: 'rpc.cancel' })]);
    second.say({ jsonrpc: '2.0', id: 2, result: 4 });
    expect(await next).toBe(4);
  });

  it.each([
    ['without a security', undefined],
    ['under a security', security],
  ])('while the window of its session is full, %s', async (_name, given) => {
    const { server, begun, events } = await listening({ resume: { bytes: 64 * 1024 }, security: given });
    const { link } = await begun();
    const sent = () => link.heard.filter(({ method }) => method === 'confirm' || method === 'rpc.cancel');
    const stop = new AbortController();
    const calls: Promise<unknown>[] = [];
    for (let n = 1; n <= 12; n++) {
      const signal = n % 2 === 0 ? { signal: stop.signal } : {};
      calls.push(failure(server.to(null, signal).confirm({ n, text } as never)).catch(() => undefined));
      await turn();
    }
    const before = sent().length;
    expect(before).toBeGreaterThan(4);
    expect(before).toBeLessThan(8);
    stop.abort();
    await turn();
    link.say(ack(before, 0));
    await turn();
    expect(events).toEqual(['connect far']);
    const numbers = sent()
      .filter(({ method }) => method === 'confirm')
      .map(({ params }) => params.n);
    expect(numbers.filter((n) => n > before)).toEqual([7, 9, 11].filter((n) => n > before));
    for (const { id } of sent().filter(({ method }) => method === 'confirm'))
      link.say({ jsonrpc: '2.0', id, error: { code: 1, message: 'no' } });
    expect((await Promise.all(calls)).length).toBe(12);
  });

  it('at the end that listens, while its peer has no link', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { server, begun, visit } = await listening();
    const { link, token } = await begun();
    await cut(link);
    const late = failure(server.to([...server.peers.values()][0]!, { timeout: 50 }).confirm({ n: 1 }));
    void server.remote.confirm({ n: 2 }).catch(() => {});
    await clock.turn(60);
    expect(await late).toBeInstanceOf(TimeoutError);
    const back = await visit({ dial: 2, token, got: 0, sent: 0 });
    expect(back.link.heard.slice(1).map(({ method, params }) => [method, params.n])).toEqual([['confirm', 2]]);
  });

  it('and whether the others may have been carried out is known all the same', async () => {
    const far = await dialing();
    const client = await far.begun();
    await cut(far.first);
    const stop = new AbortController();
    const cancelled = [1, 2, 3].map((n) => failure(client.to(null, { signal: stop.signal }).ask({ n })));
    const come = failure<ConnectionLost>(client.remote.ask({ n: 4 }));
    const notCome = client.remote.ask({ n: 5 });
    stop.abort();
    await Promise.all(cancelled);
    const second = far.dial();
    await turn();
    second.say(hello({ dial: 2, got: 0, sent: 0 }));
    await turn();
    await cut(second);
    const third = far.dial();
    await turn();
    expect(third.heard[0].params.resume).toMatchObject({ sent: 2 });
    third.say(hello({ dial: 3, token: 'two', ms: 5_000, bytes: BYTES, fresh: 'expired', got: 1 }));
    await turn();
    expect(await come).toMatchObject({ maybeExecuted: true });
    expect(third.heard.slice(1)).toEqual([ack(0, 0), asked(5)]);
    third.say({ jsonrpc: '2.0', id: 5, result: 10 });
    expect(await notCome).toBe(10);
  });
});
