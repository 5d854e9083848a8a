import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ChaosCut } from '../../src/testing/chaos-proxy.js';
import { chromium } from '../package/chromium.js';
import { until } from '../support/core-waiting.js';
import { between, clear, type Page, talkingPage, untilPage } from './talking/sides.js';

/* A page in Chromium whose session with a server goes on when its link is cut. */

if (chromium === undefined) console.log('skipped: no Chromium, so no page continues a session');
describe.skipIf(chromium === undefined)('the session of a page in Chromium', () => {
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

  it.each([
    ['jrpc', 'rst'],
    ['jrpc', 'fin'],
    ['msgpack', 'rst'],
  ] as [string, ChaosCut][])('goes on over the next link: %s, %s', async (codec, how) => {
    const { proxy, seen, server } = await between({ resume: true, codec });
    expect(await page.talk.connect(proxy.url, { codec, reconnect: { delay: 1 } }, true)).toBe('open');
    const peer = [...server.peers.values()][0];
    await page.talk.each(300);
    await page.talk.count(3_000);
    await page.talk.start('hold', 1, 2, 3);
    const feed = (async () => {
      const got: number[] = [];
      for await (const n of server.remote.feed({ to: 2_000 })) got.push(n);
      return got;
    })();
    const confirmed: Promise<number>[] = [];
    const asked: number[] = [];
    for (let n = 1; n <= 12; n++) {
      confirmed.push(server.remote.confirm({ n }));
      await page.talk.start('ask', n);
      await page.talk.note(n);
      asked.push(n);
      server.told(null, { n });
      proxy.cut(how);
      await untilPage(page, ({ events }) => events.filter((event) => event === 'resumed').length >= n);
    }
    for (const { release } of seen.held.values()) release();
    const names = [...asked.map((n) => `ask ${n}`), 'each 300', 'count 3000', 'hold 1', 'hold 2', 'hold 3'];
    const state = await untilPage(page, ({ settled }) => names.every((name) => settled[name] !== undefined));
    expect(Object.fromEntries(names.map((name) => [name, state.settled[name]]))).toEqual({
      ...Object.fromEntries(asked.map((n) => [`ask ${n}`, [{ value: n * 2 }]])),
      'each 300': [{ value: 45_150 }],
      'count 3000': [{ value: 3_000 }],
      'hold 1': [{ value: 2 }],
      'hold 2': [{ value: 4 }],
      'hold 3': [{ value: 6 }],
    });
    const counted = (to: number): number[] => Array.from({ length: to }, (_, at) => at + 1);
    expect(state.items['count 3000']).toEqual(counted(3_000));
    expect(state.said).toEqual(counted(300));
    expect(await feed).toEqual(counted(2_000));
    expect(await Promise.all(confirmed)).toEqual(asked.map((n) => n * 3));
    await until(() => seen.notes.length === asked.length);
    expect(seen.notes).toEqual(asked);
    expect((await untilPage(page, ({ told }) => told.length === asked.length)).told).toEqual(asked);
    expect(new Set(seen.ran.values())).toEqual(new Set([1]));
    expect(new Set(Object.values(state.ran))).toEqual(new Set([1]));
    expect([...server.peers.values()]).toEqual([peer]);
    expect(seen.events.filter((event) => event !== 'resumed')).toEqual(['connect']);
    expect(state.events.filter((event) => !/resumed|reconnecting/.test(event))).toEqual(['connect', 'begin']);
  });

  it('goes on over a slow network, whose hello arrives when other peers would be taken for ones without sessions', async () => {
    const { proxy, seen } = await between({ resume: true }, { delay: 400 });
    expect(await page.talk.connect(proxy.url, { reconnect: { delay: 1 } }, true)).toBe('open');
    await page.talk.start('hold', 1);
    await until(() => seen.held.size === 1);
    proxy.cut();
    seen.held.get(1)?.release();
    const { settled, events } = await untilPage(page, ({ settled }) => 'hold 1' in settled);
    expect(settled['hold 1']).toEqual([{ value: 2 }]);
    expect(events).toContain('resumed');
    expect(seen.events).toEqual(['connect', 'resumed']);
  });

  it('is a new one with each worker, whose `worker:` address reconnects', async () => {
    expect(await page.talk.connect('worker:./worker.js', { reconnect: { delay: 1 } }, true)).toBe('open');
    await page.talk.start('ask', 1);
    await page.talk.start('hold', 2);
    await untilPage(page, ({ events }) => events.includes('reconnected'));
    await page.talk.start('ask', 3);
    const { settled, events } = await untilPage(page, ({ settled }) => 'ask 3' in settled);
    const lost = { name: 'ConnectionLost', error: expect.any(String), maybeExecuted: true };
    expect(settled).toEqual({ 'ask 1': [{ value: 2 }], 'hold 2': [lost], 'ask 3': [{ value: 6 }] });
    expect(events.filter((event) => event === 'begin')).toHaveLength(2);
    expect(events).not.toContain('resumed');
  });

  it.each(['jrpc', 'msgpack'])('belongs to the user whose credentials it has brought, with %s', async (codec) => {
    const asked: unknown[] = [];
    const authenticate = ({ credentials }: { readonly credentials: unknown }) => {
      asked.push(credentials);
      return credentials === 'a token' ? { name: 'ann' } : undefined;
    };
    const { proxy, seen, server } = await between({ resume: true, codec, authenticate });
    const refused = { codec, credentials: 'another', reconnect: { delay: 1 } };
    expect(await page.talk.connect(proxy.url, refused, true)).toMatch(/Error: /);
    const options = { codec, credentials: 'a token', reconnect: { delay: 1 } };
    expect(await page.talk.connect(proxy.url, options, true)).toBe('open');
    await page.talk.start('hold', 1);
    await until(() => seen.held.size === 1);
    proxy.cut();
    await untilPage(page, ({ events }) => events.includes('resumed'));
    seen.held.get(1)?.release();
    const { settled } = await untilPage(page, ({ settled }) => 'hold 1' in settled);
    expect(settled['hold 1']).toEqual([{ value: 2 }]);
    expect([...server.peers.values()].map(({ user }) => user)).toEqual([{ name: 'ann' }]);
    expect(new Set(asked)).toEqual(new Set(['another', 'a token']));
    expect(seen.events).toEqual(['connect', 'resumed']);
  });
});
