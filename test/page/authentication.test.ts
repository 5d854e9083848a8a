import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Handshake } from '../../src/types/authentication.js';
import { chromium } from '../package/chromium.js';
import { until } from '../support/core-waiting.js';
import { between, clear, type Page, talkingPage, untilPage } from './talking/sides.js';

/* A page in Chromium that says who it is. */

if (chromium === undefined) console.log('skipped: no Chromium, so no page says who it is');
describe.skipIf(chromium === undefined)('a page in Chromium', () => {
  let page: Page;
  beforeAll(async () => {
    page = await talkingPage();
  });
  afterAll(() => page?.[Symbol.asyncDispose]());
  afterEach(async () => {
    await page.talk.close().catch(() => {});
    await page.reload();
    await clear();
  });

  it.each(['jrpc', 'msgpack'])(
    'brings its credentials, with each link and when they have run out: %s',
    async (codec) => {
      const shakes: Handshake[] = [];
      const authenticate = (shake: Handshake): unknown => {
        shakes.push(shake);
        const { token } = (shake.credentials ?? {}) as { token?: string };
        return token === 't0ken' && { id: 'ann' };
      };
      const { proxy, server } = await between({ resume: true, codec, authenticate });
      const options = { codec, credentials: { token: 't0ken' }, reconnect: { delay: 1 } };
      expect(await page.talk.connect(proxy.url, options, true)).toBe('open');
      await until(() => server.peers.size === 1);
      const [peer] = [...server.peers.values()];
      expect(peer?.user).toEqual({ id: 'ann' });
      proxy.cut('rst');
      await untilPage(page, ({ events }) => events.includes('resumed'));
      expect([...server.peers.values()]).toEqual([peer]);
      expect(shakes.length).toBe(2);
      shakes[1]?.expireIn(0);
      await until(() => shakes.length === 3);
      expect(shakes[2]?.user).toEqual({ id: 'ann' });
      await page.talk.start('ask', 4);
      const { settled } = await untilPage(page, ({ settled }) => 'ask 4' in settled);
      expect(settled['ask 4']).toEqual([{ value: 8 }]);
      // A page says where it comes from: its cookies would be here, too.
      expect(shakes[0]?.info).toMatchObject({ headers: { origin: new URL(page.url).origin } });
    },
  );

  it.each<[string, object]>([
    ['with wrong credentials', { credentials: 'guessed' }],
    ['with wrong credentials, and reconnect', { credentials: 'guessed', reconnect: { delay: 1 } }],
  ])('is refused %s', async (_what, options) => {
    let asked = 0;
    const { server, proxy } = await between({ authenticate: () => void asked++ });
    const opened = await page.talk.connect(proxy.url, options, false);
    expect(opened).toContain('the credentials were refused');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([asked, server.peers.size]).toEqual([1, 0]);
  });

  it('without credentials of its own, but with reconnect, is refused once: it does not dial again', async () => {
    let asked = 0;
    const { proxy } = await between({ authenticate: () => void asked++ });
    const opened = await page.talk.connect(proxy.url, { reconnect: { delay: 1 } }, false);
    expect(opened).toMatch(/no credentials were sent/);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(asked).toBe(1);
  });
});
