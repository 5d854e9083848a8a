import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { chromium } from '../package/chromium.js';
import { authority } from '../support/certificates.js';
import { nats, startNatsForPages } from '../support/nats-server.js';
import { openPage } from './chromium-page.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true }) meet(_sender: Sender): Reply<string> {}
  @outgoing({ hasReply: true }) name(_receivers: Receivers): Reply<string> {}
}

/** The core learns to call services in a folder of its own. */
const servicesExist = existsSync(new URL('../../src/extensions/services', import.meta.url));

if (chromium === undefined) console.log('skipped: no Chromium, so no page calls over NATS');
describe.skipIf(chromium === undefined || nats.absent || !servicesExist)(`a page in Chromium${nats.why}`, () => {
  const identity = authority().issue({ name: 'server', usage: 'server' });

  it.each(['ws', 'wss'])('calls a worker over NATS by nats+%s:, and is called back', async (web) => {
    const { engine, webPort } = await startNatsForPages(web === 'wss' ? identity : undefined);
    const desk = await Desk.serve(`nats://127.0.0.1:${engine.port}/desk`, { logger: null });
    desk.add.connect((_sender, { a, b }) => a + b);
    desk.meet.connect(async (sender) => `met ${await desk.name(sender)}`);
    const page = await openPage<{ run(url: string): unknown }>('nats-page.ts', [], trusting(identity));
    try {
      expect(await page.talk.run(`nats+${web}://127.0.0.1:${webPort}/desk`)).toEqual({
        sum: 42,
        met: 'met a page',
        error: expect.stringContaining('nobody serves nats:desk'),
      });
    } finally {
      await page[Symbol.asyncDispose]();
      await desk.close();
      await engine.end();
    }
  });
});

/** The option with which Chromium accepts a certificate. */
function trusting({ cert }: { readonly cert: string }): string {
  const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return `--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`;
}
