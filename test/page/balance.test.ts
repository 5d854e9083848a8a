import { expect, it } from 'vitest';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from '../../src/index.js';
import { chromium } from '../package/chromium.js';
import { openPage } from './chromium-page.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) who(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true }) meet(_sender: Sender): Reply<string> {}
  @outgoing({ hasReply: true }) name(_receivers: Receivers): Reply<string> {}
}

async function serve(name: string, address: string, origins: string): Promise<Side<Desk>> {
  const desk = await Desk.serve({ url: address, origins } as never, { logger: null });
  desk.who.connect(() => name);
  desk.meet.connect(async (sender) => `${name} met ${await desk.name(sender)}`);
  return desk;
}

if (chromium === undefined) console.log('skipped: no Chromium, so no page balances its calls');
it.skipIf(chromium === undefined)(
  'a page in Chromium shares its calls among the servers that are up, and is called back',
  async () => {
    await using page = await openPage<{
      connect(url: string): string[];
      names(count: number): string[];
      meet(): string;
    }>('balance-page.ts');
    const origin = new URL(page.url).origin;
    let first = await serve('s0', 'ws://127.0.0.1:0', origin);
    const second = await serve('s1', 'ws://127.0.0.1:0', origin);
    const { address } = first;
    try {
      expect(await page.talk.connect(`balance:(${address})(${second.address})?delay=5`)).toEqual(['balance']);
      const untilNames = async (...expected: string[]): Promise<void> => {
        let found: string[] = [];
        while (String(found) !== String(expected)) found = await page.talk.names(8);
      };
      await untilNames('s0', 's1');
      const met = [await page.talk.meet(), await page.talk.meet()].sort();
      expect(met).toEqual(['s0 met a page', 's1 met a page']);
      await first.close();
      await untilNames('s1');
      first = await serve('s2', address, origin);
      await untilNames('s1', 's2');
    } finally {
      await first.close();
      await second.close();
    }
  },
  60_000,
);
