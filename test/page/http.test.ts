import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLED, serveShelf } from '../http/served/spec.js';
import { chromium } from '../package/chromium.js';
import { type ChromiumPage, openPage } from './chromium-page.js';

interface Talking {
  call(url: string): unknown;
  listen(url: string): unknown;
}

if (chromium === undefined) console.log('skipped: no Chromium, so no page calls over HTTP');
describe.skipIf(chromium === undefined)('a page in Chromium, over HTTP', () => {
  let page: ChromiumPage<Talking>;
  beforeAll(async () => {
    page = await openPage<Talking>('http-page.ts');
  }, 60_000);
  afterAll(() => page?.[Symbol.asyncDispose]());

  it('calls a server of another origin, which lets it in by CORS', async () => {
    const origin = new URL(page.url).origin;
    // Another host than that of the page, so that nothing is let in for the name of the machine.
    const shelf = await serveShelf({ url: 'http://127.0.0.1:0/rpc', cors: origin, origins: 'https://example.com' });
    try {
      expect(await page.talk.call(shelf.address as string)).toEqual(CALLED);
      expect(await page.talk.listen(shelf.address as string)).toMatchObject({
        method: 'news',
        params: { text: 'hello' },
      });
    } finally {
      await shelf.close();
    }
  }, 60_000);

  it('is refused by a server that does not name its origin, and knows that nothing was carried out', async () => {
    const shelf = await serveShelf({ url: 'http://127.0.0.1:0/rpc', origins: 'https://example.com' });
    try {
      expect(await page.talk.call(shelf.address as string)).toMatch(/^ConnectionLost: /);
    } finally {
      await shelf.close();
    }
  }, 60_000);
});
