import { expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/browser.js';
import { httpHandler } from '../../transports/http.browser.js';
import { Log } from '../support/core-waiting.js';

/* A Worker that has imported `obverse`, and not `obverse/all`: nothing in this file imports more. */

class Sums extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
}

it('a server without the extension for requests answers them with 500 and what to import, and reports it', async () => {
  const log = new Log();
  const handler = httpHandler({ document: true });
  const side = await Sums.serve(handler, { logger: log });
  side.add.connect((_sender, { a, b }) => a + b);
  const headers = { 'content-type': 'application/json' };
  const body = '{"jsonrpc":"2.0","id":1,"method":"add","params":{"a":2,"b":40}}';
  for (const request of [{ method: 'POST', headers, body }, { headers: { accept: 'text/event-stream' } }]) {
    const response = await handler.fetch(new Request('http://localhost/', request));
    expect(response.status).toBe(500);
    expect(await response.text()).toMatch(/^this server cannot serve requests: .* imports 'obverse\/all' for this/);
  }
  // Once for many requests.
  expect(log.errors).toEqual([['obverse: http: cannot serve requests', expect.any(Error)]]);
  await side.close();
});
