import { afterEach, describe, expect, it } from 'vitest';
import type { Frame, Security } from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { clear, meet, turn } from './resuming.js';

afterEach(clear);

/** A security that takes its time, or does not, and then refuses to seal each message with this text. */
function refusing(isLate: boolean): Security {
  const seal = (payload: Frame) => {
    if (String(payload).includes('refuse me')) throw new Error('not this one');
    return { info: { n: 1 }, payload };
  };
  const later = async (payload: Frame) => {
    await turn();
    return seal(payload);
  };
  return { seal: isLate ? later : seal, open: (payload: Frame) => payload } as Security;
}

// No message says that a number is not used: what is refused has none, and what waits behind it moves up.
describe.each([true, false])('a message that the security refuses to seal, later: %s', (isLate) => {
  it('has no number: both ends go on counting alike, over this link and the next; its call rejects', async () => {
    const security = refusing(isLate);
    const { client, server, proxy, seen } = await meet('tcp://127.0.0.1:0', { resume: true, security }, { security });
    let n = 0;
    for (let round = 1; round <= 6; round++) {
      const isAway = round % 3 === 0;
      if (isAway) {
        const away = new Promise<void>((resolve) => void client.on('reconnecting', () => resolve()));
        proxy.cut('rst');
        await away;
      }
      const good = [client.remote.ask({ n: ++n }), client.remote.ask({ n: ++n })];
      const bad = failure(client.remote.ask({ n: 900 + round, text: 'refuse me' }));
      if (isLate || isAway) client.note(null, { n: 900, text: 'refuse me' });
      client.note(null, { n: round });
      server.told(null, { n: round });
      good.push(client.remote.ask({ n: ++n }));
      // What waits to be sealed is taken back, and sealed for the next link.
      if (round % 3 === 1) proxy.cut('rst');
      expect(await Promise.all(good)).toEqual([2 * (n - 2), 2 * (n - 1), 2 * n]);
      expect(await bad).toMatchObject({ message: expect.stringContaining('not this one') });
    }
    // Each end says how far it is with the hello of the next link: there, other counts would end the session.
    const { resumed } = client.stats();
    proxy.cut('rst');
    await until(() => client.stats().resumed > resumed && server.stats().resumed === client.stats().resumed);
    await until(() => seen.told.length === 6);
    expect(seen.notes).toEqual([1, 2, 3, 4, 5, 6]);
    expect(seen.told).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...seen.ran]).toEqual(Array.from({ length: n }, (_, at) => [at + 1, 1]));
    expect([client.stats().pendingCalls, client.stats().keptMessages, server.stats().keptMessages]).toEqual([0, 0, 0]);
    expect([[...new Set(seen.client)], [...new Set(seen.server)]]).toEqual([['resumed'], ['connect', 'resumed']]);
  });
});

it.each([true, false])(
  'a call that is taken back is not another one, which waits behind a refused one: %s',
  async (isLate) => {
    const security = refusing(isLate);
    const { client, proxy, seen } = await meet('tcp://127.0.0.1:0', { resume: true, security }, { security });
    const leave = async (): Promise<void> => {
      const away = new Promise<void>((resolve) => void client.on('reconnecting', () => resolve()));
      proxy.cut('rst');
      await away;
    };
    await leave();
    const stop = new AbortController();
    const bad = failure(client.remote.ask({ n: 1, text: 'refuse me' }));
    const open = failure(client.with({ signal: stop.signal }).remote.ask({ n: 1_000 }));
    await bad;
    await until(() => seen.ran.has(1_000));
    await leave();
    const next = client.remote.ask({ n: 2 });
    stop.abort();
    await open;
    expect(await next).toBe(4);
  },
);
