import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { browse, chromium } from './chromium.js';
import { remove, scratch } from './packed.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender): Reply<string> {}
}

/** The page opens WebSockets, and prints the result of each. */
const page = `<!doctype html><script>
  const urls = new URLSearchParams(location.search).getAll('url');
  const open = (url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve(url + ' open');
    socket.onerror = () => resolve(url + ' refused');
  });
  Promise.all(urls.map(open)).then((told) => fetch('/told', { method: 'POST', body: JSON.stringify(told) }));
</script>`;

if (chromium === undefined) console.log('skipped: no Chromium, so no page connects from another site');
describe.skipIf(chromium === undefined)('a page in Chromium', () => {
  let folder: string;
  let told: (urls: string[]) => void = () => {};
  const pages = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    if (request.method !== 'POST') return void response.end(page);
    let body = '';
    request
      .on('data', (chunk) => (body += chunk))
      .on('end', () => {
        response.end();
        told(JSON.parse(body));
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

  it('connects from localhost, and not from another site, whether by its own name or by that of the server', async () => {
    const said: string[] = [];
    const logger = { warn: (text: unknown) => said.push(String(text)), error: () => {} };
    const { port } = pages.address() as AddressInfo;
    await using attached = await Desk.serve({ url: 'ws:/rpc', server: pages }, { logger });
    await using alone = await Desk.serve('ws://127.0.0.1:0', { logger });
    const other = new URL(alone.address).port;
    const from = async (host: string, ...urls: string[]): Promise<string[]> => {
      const came = new Promise<string[]>((resolve) => {
        told = resolve;
      });
      const query = urls.map((url) => `url=${encodeURIComponent(url)}`).join('&');
      // The name of the other site resolves to this machine, as its owner can configure it.
      const browser = browse(
        `http://${host}:${port}/?${query}`,
        folder,
        '--host-resolver-rules=MAP evil.test 127.0.0.1',
        '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
      );
      const states = await came;
      await browser.end();
      return states.map((state, n) => state.slice((urls[n] as string).length + 1));
    };
    expect(await from('localhost', `ws://localhost:${port}/rpc`, `ws://127.0.0.1:${other}/`)).toEqual(['open', 'open']);
    expect(said).toEqual([]);
    // Hijacking: the server is contacted by its own name. Rebinding: it is contacted by the name of the page.
    const hijacking = `ws://127.0.0.1:${other}/`;
    const rebinding = `ws://evil.test:${port}/rpc`;
    expect(await from('evil.test', hijacking, rebinding)).toEqual(['refused', 'refused']);
    expect(said).toHaveLength(2);
    expect(said.join()).toContain(`the Origin "http://evil.test:${port}" is not accepted`);
    expect(said.join()).toContain(`the Host "evil.test:${port}" is not accepted`);
    expect([attached.peers.size, alone.peers.size]).toEqual([0, 0]);
  }, 60_000);
});
