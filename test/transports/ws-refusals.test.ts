import net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { ConnectionLost, RemoteAPI } from '../../src/index.js';
import { failure } from '../support/core-waiting.js';
import { certificate } from '../support/ws-certificate.js';

class Spec extends RemoteAPI {}

const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Why no link is established with a server that answers the handshake so, and keeps the connection open. */
async function refusal(response: string): Promise<unknown> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.write(response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return failure(Spec.connect({ url, client: 'ws' }, { logger: null, limits: { connectMs: 20_000 } }));
}

it.each([
  ['a redirection without a length', 'HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n', /: 302 Found$/],
  ['a page that does not end', 'HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>', /: 404 Not Found$/],
  [
    'a text of which a part is missing',
    'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 900\r\n\r\nnot\x1b[2J you',
    /: 403 Forbidden: not\\u001b\[2J you$/,
  ],
])('%s refuses the handshake with its status, before the handshake times out', async (_what, response, text) => {
  const error = await refusal(response);
  expect(error).toBeInstanceOf(ConnectionLost);
  expect((error as Error).message).toMatch(text);
});

it.each([
  ['wss: to a server of ws:', 'ws://127.0.0.1:0', undefined, /does not speak TLS; connect with ws: instead/],
  [
    'ws: to a server of wss:',
    'wss://127.0.0.1:0',
    certificate(),
    /400 Bad Request: \(obverse\) this port expects TLS: connect with wss:/,
  ],
])('%s reports which scheme to use', async (_what, url, tls, text) => {
  await using server = await Spec.serve({ url, ...tls }, { logger: null });
  const other = server.address.replace(/^wss?/, (scheme) => (scheme === 'ws' ? 'wss' : 'ws'));
  const error = await failure(Spec.connect({ url: other, client: 'ws' }, { logger: null }));
  expect(error).toBeInstanceOf(ConnectionLost);
  expect((error as Error).message).toMatch(text);
});
