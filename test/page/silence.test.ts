import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromium } from '../package/chromium.js';
import { failure, until } from '../support/core-waiting.js';
import { ENDLESS } from './talking/server.js';
import { between, clear, type Page, serveApart, talkingPage, untilPage } from './talking/sides.js';

/* What a page in Chromium and its server notice of a link that falls silent, and of a server that is stopped or killed. */

const beat = 1_000;
const lost = { name: 'ConnectionLost', error: expect.any(String) };

if (chromium === undefined) console.log('skipped: no Chromium, so no page loses its server');
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

  it.each(['jrpc', 'msgpack'])('continues its session after a silent link, with %s', async (codec) => {
    const { proxy, seen, server } = await between({ resume: true, codec, beat });
    expect(await page.talk.connect(proxy.url, { codec, beat, reconnect: { delay: 1 } }, true)).toBe('open');
    await page.talk.start('hold', 1);
    await until(() => seen.held.size === 1);
    const confirmed = server.remote.confirm({ n: 1_000 });
    await untilPage(page, ({ ran }) => ran[1_000] === 1);
    proxy.cut('silence');
    // Both are given to a link that carries nothing.
    await page.talk.start('ask', 2);
    const other = server.remote.confirm({ n: 2 });
    const { waits } = await untilPage(page, ({ settled }) => 'ask 2' in settled);
    expect(waits.map(({ reason }) => reason)[0]).toMatch(/nothing has arrived from|continues over another|was lost/);
    expect(await other).toBe(6);
    seen.held.get(1)?.release();
    const { settled, ran, aborted } = await untilPage(page, ({ settled }) => 'hold 1' in settled);
    expect(settled).toEqual({ 'hold 1': [{ value: 2 }], 'ask 2': [{ value: 4 }] });
    expect(Object.fromEntries(seen.ran)).toEqual({ 'ask 0': 1, 'ask 2': 1, 'hold 1': 1 });
    expect([ran, aborted]).toEqual([{ 2: 1, 1000: 1 }, []]);
    expect(seen.held.get(1)?.signal.aborted).toBe(false);
    expect(seen.events.filter((event) => event !== 'resumed')).toEqual(['connect']);
    const end = failure(confirmed);
    await page.talk.close();
    await end;
  });

  it('ends what a silent link had in both directions, where the server keeps no sessions', async () => {
    const { proxy, seen, server } = await between({ beat });
    expect(await page.talk.connect(proxy.url, { beat, reconnect: { delay: 1 } }, true)).toBe('open');
    await page.talk.start('hold', 1);
    await page.talk.start('price', 2);
    await page.talk.count(ENDLESS);
    const confirmed = failure<Error & { maybeExecuted: boolean }>(server.remote.confirm({ n: 1_000 }));
    await untilPage(page, ({ ran, items }) => ran[1_000] === 1 && items[`count ${ENDLESS}`]?.length === ENDLESS - 1);
    await until(() => seen.held.size === 2);
    const { signal } = seen.held.get(1) ?? {};
    proxy.cut('silence');
    expect(await confirmed).toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
    await until(() => signal?.aborted === true && seen.ran.get('price 2') === 2);
    for (const { release } of seen.held.values()) release();
    const { settled, aborted, events } = await untilPage(page, ({ settled }) => Object.keys(settled).length === 3);
    expect(settled).toEqual({
      'hold 1': [{ ...lost, maybeExecuted: true }],
      'price 2': [{ value: 4 }],
      [`count ${ENDLESS}`]: [{ ...lost, maybeExecuted: expect.any(Boolean) }],
    });
    expect(aborted).toEqual([1_000]);
    expect(events.filter((event) => !event.startsWith('reconnecting'))).toEqual([
      'connect',
      'begin',
      'disconnect',
      'connect',
      'begin',
      'reconnected',
    ]);
    expect(Object.fromEntries(seen.ran)).toMatchObject({ 'ask 0': 2, 'hold 1': 1, 'price 2': 2 });
  });

  it('continues its session when a server that was stopped goes on', async () => {
    const { url, kill, release } = await serveApart('ws://127.0.0.1:0', { resume: true, beat });
    expect(await page.talk.connect(url, { beat, reconnect: { delay: 1 } }, true)).toBe('open');
    await page.talk.start('hold', 1);
    await page.talk.start('ask', 2);
    await untilPage(page, ({ settled }) => 'ask 2' in settled);
    kill('SIGSTOP');
    await page.talk.start('ask', 3);
    const { isAway } = await untilPage(page, ({ waits }) => waits.length > 0);
    expect(isAway).toBe(true);
    kill('SIGCONT');
    await untilPage(page, ({ settled }) => 'ask 3' in settled);
    expect(await release()).toEqual({ 'ask 0': 1, 'ask 2': 1, 'ask 3': 1, 'hold 1': 1 });
    const { settled, events } = await untilPage(page, ({ settled }) => 'hold 1' in settled);
    expect(settled).toEqual({ 'hold 1': [{ value: 2 }], 'ask 2': [{ value: 4 }], 'ask 3': [{ value: 6 }] });
    expect(new Set(events.filter((event) => !event.startsWith('reconnecting')))).toEqual(
      new Set(['connect', 'begin', 'resumed']),
    );
  });

  it('begins another session with a server that was killed and started again', async () => {
    const first = await serveApart('ws://127.0.0.1:0', { resume: true });
    expect(await page.talk.connect(first.url, { reconnect: { delay: 1 } }, true)).toBe('open');
    await page.talk.start('hold', 1);
    await page.talk.start('price', 2);
    await page.talk.start('ask', 3);
    await untilPage(page, ({ settled }) => 'ask 3' in settled);
    first.kill('SIGKILL');
    await untilPage(page, ({ waits }) => waits.length > 0);
    await page.talk.start('ask', 4);
    const second = await serveApart(first.url, { resume: true });
    await untilPage(page, ({ events, settled }) => events.includes('reconnected') && 'ask 4' in settled);
    expect(await second.release()).toEqual({ 'ask 0': 1, 'ask 4': 1, 'price 2': 1 });
    const { settled, events } = await untilPage(page, ({ settled }) => Object.keys(settled).length === 4);
    expect(settled).toEqual({
      'hold 1': [{ ...lost, maybeExecuted: true }],
      'price 2': [{ value: 4 }],
      'ask 3': [{ value: 6 }],
      'ask 4': [{ value: 8 }],
    });
    expect(events.filter((event) => !event.startsWith('reconnecting'))).toEqual([
      'connect',
      'begin',
      'disconnect',
      'connect',
      'begin',
      'reconnected',
    ]);
  });

  it('rejects what it has not sent when it stops dialing, as not carried out, and begins again when it is told to', async () => {
    const first = await serveApart('ws://127.0.0.1:0', { resume: true });
    expect(await page.talk.connect(first.url, { reconnect: { delay: 300, tries: 2 } }, true)).toBe('open');
    first.kill('SIGKILL');
    await untilPage(page, ({ isAway }) => isAway === true);
    await page.talk.start('ask', 1);
    const { settled } = await untilPage(page, ({ events }) => events.includes('lost'));
    expect(settled).toEqual({ 'ask 1': [{ ...lost, maybeExecuted: false }] });
    const second = await serveApart(first.url, { resume: true });
    await page.talk.reconnect();
    await page.talk.start('ask', 2);
    await untilPage(page, ({ settled }) => 'ask 2' in settled);
    expect(await second.release()).toEqual({ 'ask 0': 1, 'ask 2': 1 });
  });
});
