import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ChaosCut } from '../../src/testing/chaos-proxy.js';
import { Random } from '../../src/testing/random.js';
import { chromium } from '../package/chromium.js';
import { until } from '../support/core-waiting.js';
import { between, clear, type Page, talkingPage, untilPage } from './talking/sides.js';

const CUTS = 50;

/* A page in Chromium whose links are cut again and again, half of the next ones while they are dialed or greeted. */

if (chromium === undefined) console.log('skipped: no Chromium, so no page is cut');
describe.skipIf(chromium === undefined)(`a page in Chromium and its server, over ${CUTS} cuts`, () => {
  let page: Page;
  beforeAll(async () => {
    page = await talkingPage();
  });
  afterAll(() => page?.[Symbol.asyncDispose]());
  afterEach(clear);

  it.each(['jrpc', 'msgpack'])('lose nothing, and carry nothing out twice: %s', { timeout: 400_000 }, async (codec) => {
    const random = new Random(5);
    const { proxy, seen, server } = await between({ resume: true, codec, beat: 1_000 });
    expect(await page.talk.connect(proxy.url, { codec, beat: 1_000, reconnect: { delay: 1 } }, true)).toBe('open');
    const confirmed: Promise<number>[] = [];
    const expected: number[] = [];
    const kinds: [ChaosCut, ...ChaosCut[]] = ['rst', 'fin', 'silence'];
    let cuts = 0;
    for (let n = 1; cuts < CUTS; n++) {
      confirmed.push(server.remote.confirm({ n }));
      await page.talk.start('ask', n);
      await page.talk.note(n);
      server.told(null, { n });
      expected.push(n);
      const { accepted } = proxy.stats();
      proxy.cut(cuts < CUTS / 2 ? random.of(kinds) : random.of(['rst', 'fin'] as [ChaosCut, ChaosCut]));
      cuts++;
      await until(() => proxy.stats().accepted > accepted);
      if (random.next() < 0.5) {
        await new Promise((resolve) => setTimeout(resolve, random.int(0, 10)));
        proxy.cut('rst');
        cuts++;
      }
      const resumed = seen.events.length;
      await until(() => seen.events.length > resumed || [...server.peers.values()].every(({ isAway }) => !isAway));
    }
    const state = await untilPage(
      page,
      ({ settled, told }) => expected.every((n) => settled[`ask ${n}`] !== undefined) && told.length >= expected.length,
    );
    for (const n of expected) expect(state.settled[`ask ${n}`]).toEqual([{ value: 2 * n }]);
    expect(state.told).toEqual(expected);
    expect(await Promise.all(confirmed)).toEqual(expected.map((n) => 3 * n));
    await until(() => seen.notes.length >= expected.length);
    expect(seen.notes).toEqual(expected);
    expect(new Set(seen.ran.values())).toEqual(new Set([1]));
    expect(new Set(Object.values(state.ran))).toEqual(new Set([1]));
    expect(seen.events.filter((event) => event !== 'resumed')).toEqual(['connect']);
    await page.talk.close();
    await page.reload();
  });
});
