import { createHash, X509Certificate } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browse, chromium } from '../package/chromium.js';
import { remove, scratch } from '../package/packed.js';
import { authority } from '../support/certificates.js';
import { own, tlsOf, tlsSides } from '../support/tls-sides.js';

/* A page in Chromium over wss: with a certificate that the browser is told to accept, and with one that it is not. */

/** The page calls a method with JSON-RPC, and reports the answer. */
const page = `<!doctype html><script>
  const socket = new WebSocket(new URLSearchParams(location.search).get('url'));
  const tell = (text) => fetch('/told', { method: 'POST', body: text });
  socket.onopen = () => socket.send('{"jsonrpc":"2.0","id":1,"method":"ask","params":{"n":1}}');
  socket.onmessage = ({ data }) => tell(data);
  socket.onerror = () => tell('refused');
</script>`;

if (chromium === undefined) console.log('skipped: no Chromium, so no page connects over wss:');
describe.skipIf(chromium === undefined)('a page in Chromium', () => {
  const { serve } = tlsSides('wss');
  let folder = '';
  let told: (text: string) => void = () => {};
  const pages = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    if (request.method !== 'POST') return void response.end(page);
    let body = '';
    request
      .on('data', (chunk) => (body += chunk))
      .on('end', () => {
        response.end();
        told(body);
      });
  });
  beforeAll(async () => {
    folder = await scratch();
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    pages.closeAllConnections();
    pages.close();
    await remove(folder);
  });

  const server = authority().issue({ name: 'server', usage: 'server' });
  const spki = new X509Certificate(server.cert).publicKey.export({ type: 'spki', format: 'der' });
  const accepted = `--ignore-certificate-errors-spki-list=${createHash('sha256').update(spki).digest('base64')}`;

  it.each([
    ['calls over wss: with a certificate that it trusts', [accepted], '{"jsonrpc":"2.0","id":1,"result":2}'],
    ['does not connect to a server whose certificate it does not trust', [], 'refused'],
  ])('%s', async (_what, options, expected) => {
    const { url, server: side } = await serve(own(server));
    const came = new Promise<string>((resolve) => {
      told = resolve;
    });
    let seen: unknown;
    side.on('connect', () => {
      seen = tlsOf(side);
    });
    const { port } = pages.address() as AddressInfo;
    const browser = browse(`http://localhost:${port}/?url=${encodeURIComponent(url)}`, folder, ...options);
    expect(await came).toBe(expected);
    await browser.end();
    if (expected !== 'refused') expect(seen).toMatchObject({ protocol: 'TLSv1.3', authorized: false });
    else expect(seen).toBeUndefined();
  });
});
