import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromium } from '../package/chromium.js';
import type { Talking } from './channel/page.js';
import { type ChromiumPage, openPage } from './chromium-page.js';

/* A data channel between two peers in one page of Chromium. */

if (chromium === undefined) console.log('skipped: no Chromium, so nothing runs over a data channel');
describe.skipIf(chromium === undefined)('an RTCDataChannel', () => {
  let page: ChromiumPage<Talking>;
  beforeAll(async () => {
    page = await openPage<Talking>('channel/page.ts');
  }, 60_000);
  afterAll(() => page?.[Symbol.asyncDispose]());

  it.each(['jrpc', 'msgpack'])(
    'carries calls both ways, more than it buffers, and refuses a larger message than it can send: %s',
    async (codec) => {
      expect(await page.talk.all(codec)).toEqual({
        twice: true,
        told: 100,
        sizes: 1,
        tooLarge: 'ProtocolError: the message is larger than 262144 bytes, the most that the link carries',
        after: 8,
        end: 'gone',
      });
    },
    60_000,
  );

  it('reports the end of its connection', async () => {
    expect(await page.talk.cut()).toMatch(/^ConnectionLost: /);
  }, 60_000);

  it('is refused if it may lose messages, or is closed', async () => {
    expect(await page.talk.refused()).toEqual([
      expect.stringMatching(/^UsageError: .*may lose messages/),
      expect.stringMatching(/^UsageError: .*may lose messages/),
      expect.stringMatching(/^UsageError: .*not an object of RTCPeerConnection/),
      expect.stringMatching(/^ConnectionLost: .*closed already/),
    ]);
  });
});
