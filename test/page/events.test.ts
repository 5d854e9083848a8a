import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromium } from '../package/chromium.js';
import { until } from '../support/core-waiting.js';
import { between, clear, type Page, talkingPage, untilPage } from './talking/sides.js';

/* What a page in Chromium does when its network comes and goes, and when it is hidden, left and shown again. */

/** So long, in milliseconds, that only an event can end a wait. */
const LONG = 10_000_000;

if (chromium === undefined) console.log('skipped: no Chromium, so no page sees that its network is gone');
describe.skipIf(chromium === undefined)('a page in Chromium', () => {
  let page: Page;
  beforeAll(async () => {
    page = await talkingPage();
    await page.send('Network.enable');
  });
  afterAll(() => page?.[Symbol.asyncDispose]());
  afterEach(async () => {
    await offline(false);
    await page.talk.close().catch(() => {});
    await page.reload();
    await clear();
  });

  const offline = (is: boolean) =>
    page.send('Network.emulateNetworkConditions', {
      offline: is,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  /** A page that is hidden lies behind another tab. */
  const behind = async (act: () => Promise<unknown>): Promise<void> => {
    const { targetId } = await page.send('Target.createTarget', { url: 'about:blank' });
    await untilPage(page, ({ visibility }) => visibility === 'hidden');
    await act();
    await page.send('Target.closeTarget', { targetId });
    await page.send('Page.bringToFront');
    await untilPage(page, ({ visibility }) => visibility === 'visible');
  };
  const connected = async (options: object, reconnect: object = { delay: LONG }) => {
    const served = await between({ resume: true, ...options });
    expect(await page.talk.connect(served.proxy.url, { reconnect, ...options }, true)).toBe('open');
    await page.talk.start('hold', 1);
    await until(() => served.seen.held.size === 1);
    return served;
  };
  /** The session goes on: its call is answered. */
  const goesOn = async ({ seen }: Awaited<ReturnType<typeof connected>>) => {
    await untilPage(page, ({ events }) => events.includes('resumed'));
    seen.held.get(1)?.release();
    const { settled } = await untilPage(page, ({ settled }) => 'hold 1' in settled);
    expect(settled['hold 1']).toEqual([{ value: 2 }]);
    expect(seen.events).toEqual(['connect', 'resumed']);
  };

  it('dials at once when its network is there again', async () => {
    const served = await connected({});
    await offline(true);
    await untilPage(page, ({ online }) => !online);
    served.proxy.cut();
    await untilPage(page, ({ waits }) => waits.length === 1);
    await offline(false);
    await goesOn(served);
  });

  it('waits 30 s for each attempt while the browser says that it is offline, which may be wrong', async () => {
    const served = await connected({}, { delay: 1 });
    await page.evaluate("void Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })");
    await page.talk.stopClock();
    served.proxy.cut();
    expect((await untilPage(page, ({ waits }) => waits.length === 1)).waits[0]?.ms).toBe(30_000);
    await page.talk.turnClock(29_999);
    expect((await page.talk.state()).events).not.toContain('resumed');
    await page.talk.turnClock(1);
    await goesOn(served);
  });

  it('dials at once when it becomes visible', async () => {
    const served = await connected({});
    await behind(async () => {
      served.proxy.cut();
      await untilPage(page, ({ waits }) => waits.length === 1);
    });
    await goesOn(served);
  });

  it('dials at once when it is shown again by the history, although its link ends only then', async () => {
    const served = await connected({});
    await page.send('Page.navigate', { url: page.elsewhere });
    await page.evaluate('history.back()');
    const { events } = await untilPage(page, ({ events }) => events.includes('resumed'));
    expect(events.filter((event) => event === 'shown again')).toHaveLength(1);
    await goesOn(served);
  });

  it('asks a silent peer at once when it becomes visible, and is sure after one beat', async () => {
    const served = await connected({ beat: 15_000 });
    await page.talk.stopClock();
    await page.talk.start('ask', 1);
    await untilPage(page, ({ settled }) => 'ask 1' in settled);
    served.proxy.cut('silence');
    await behind(async () => {});
    await page.talk.turnClock(7_500);
    expect((await page.talk.state()).waits).toEqual([]);
    await page.talk.turnClock(7_500);
    const { waits } = await untilPage(page, ({ waits }) => waits.length === 1);
    expect(waits[0]?.reason).toContain('nothing has arrived from');
    await page.talk.reconnect();
    await goesOn(served);
  });

  it('does not lose a peer that answers, however often it is shown and hidden', async () => {
    const served = await connected({ beat: 15_000 });
    await page.talk.stopClock();
    for (let n = 0; n < 5; n++) await behind(async () => {});
    const { waits, events } = await page.talk.state();
    expect([waits, events]).toEqual([[], ['connect', 'begin']]);
    expect(served.seen.events).toEqual(['connect']);
  });

  it.each([
    ['another page is opened in its place', () => page.send('Page.navigate', { url: 'about:blank' })],
    ['it is loaded anew', () => page.reload()],
  ])('tells its server that it is gone when %s', async (_how, leave) => {
    // Something that a page cannot be kept with, so that it is not shown again.
    await page.evaluate("addEventListener('unload', () => {})");
    const { server, seen } = await connected({});
    await leave();
    await until(() => seen.events.includes('disconnect'));
    expect(seen.held.get(1)?.signal.aborted).toBe(true);
    expect(server.peers.size).toBe(0);
    await page.reload();
  });
});
