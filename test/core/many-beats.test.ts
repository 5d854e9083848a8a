import { afterEach, expect, it } from 'vitest';
import { stopClock } from '../../src/testing/clock.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';
import { clear, serve } from '../support/gates.js';

afterEach(clear);

const LINKS = 1_100;

it('the questions to many silent links do not all leave at once, and each link is asked', async () => {
  using clock = stopClock();
  const { server } = await serve('tcp://127.0.0.1:0', { beat: 8_000 });
  const raws = await Promise.all(Array.from({ length: LINKS }, () => RawClient.connect(server.address)));
  try {
    const fields = { obverse: 1, codec: 'jrpc', beat: 8_000 };
    for (const raw of raws) raw.write({ jsonrpc: '2.0', method: 'rpc.hello', params: fields });
    await Promise.all(raws.map((raw) => raw.answers(1)));
    const asked = (): number => raws.filter(({ lines }) => lines.length > 1).length;
    const { framesSent } = server.stats();
    const leaving: number[] = [];
    let before = framesSent;
    // Two looks, at half a beat each: nobody has a sign of life at the second one.
    for (let ms = 0; ms < 8_000; ms += 500) {
      await clock.turn(500);
      const { framesSent: now } = server.stats();
      leaving.push(now - before);
      before = now;
    }
    expect(leaving.reduce((sum, count) => sum + count)).toBe(LINKS);
    expect(Math.max(...leaving)).toBeLessThanOrEqual(512);
    await until(() => asked() === LINKS);
  } finally {
    for (const raw of raws) raw[Symbol.dispose]();
  }
  await until(() => server.peers.size === 0);
});
