import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { Code, ConnectionLost, type Options, RemoteError, type TransportSource } from '../../src/index.js';
import ws from '../../transports/ws.browser.js';
import { authority, type Identity } from '../support/certificates.js';
import { failure, until } from '../support/core-waiting.js';
import { own } from '../support/tls-sides.js';
import { byToken, clear, Desk, dial, serve } from './sides.js';

afterEach(clear);

const ca = authority();
const site = own(ca.issue({ name: 'server' }));
const ann = ca.issue({ name: 'ann', usage: 'client' });
const eve = ca.issue({ name: 'eve', usage: 'client' });

/** Who a certificate is for. */
const byCertificate: Options = {
  authenticate: ({ info }) => {
    const { tls } = info as { tls: { authorized: boolean; certificate?: { subject: { CN: string } } } };
    return tls.authorized && tls.certificate?.subject.CN === 'ann' && 'ann';
  },
};

describe.each(['tls', 'wss'])('over %s, by the certificate', (scheme) => {
  it.each<[string, Options]>([
    ['with hello', {}],
    ['in a dialect, without hello', { codec: 'jrpc?dialect=mcp' }],
  ])('a peer is known, and another one is refused, %s', async (_how, options) => {
    const source = { url: `${scheme}://127.0.0.1:0`, ...site, ca: ca.cert, clientCertificate: 'request' };
    const { server } = await serve(source as TransportSource, { ...options, ...byCertificate });
    const as = (identity?: Identity) =>
      dial({ url: server.address, ca: ca.cert, ...(identity && own(identity)) } as TransportSource, options);
    expect(await (await as(ann)).remote.whoami()).toBe('ann');
    for (const identity of [eve, undefined]) {
      const error = await failure(as(identity).then((client) => client.remote.whoami()));
      expect(error).toBeInstanceOf(ConnectionLost);
      expect(server.peers.size).toBe(1);
    }
  });

  it('a token and a certificate count together', async () => {
    const source = { url: `${scheme}://127.0.0.1:0`, ...site, ca: ca.cert, clientCertificate: 'require' };
    const { server } = await serve(source as TransportSource, {
      authenticate: (shake) => byCertificate.authenticate?.(shake) === 'ann' && byToken(shake),
    });
    const as = (identity: Identity, credentials: string) =>
      dial({ url: server.address, ca: ca.cert, ...own(identity) } as TransportSource, { credentials });
    expect(await (await as(ann, 't0ken-ann')).remote.whoami()).toEqual({ id: 'ann', admin: true });
    await expect(as(eve, 't0ken-ann')).rejects.toMatchObject({ code: Code.Refused });
    await expect(as(ann, 'guessed')).rejects.toMatchObject({ code: Code.Refused });
  });
});

describe('over process:', () => {
  const program = fileURLToPath(new URL('./stdio-program.ts', import.meta.url));
  const source = { url: 'process:', command: process.execPath, args: ['--import', 'tsx', program] } as TransportSource;

  it('the program knows who has started it, by its credentials', async () => {
    const client = await dial(source, { credentials: 't0ken-ann' });
    expect(await client.remote.whoami()).toEqual({ id: 'ann', admin: true });
  });

  it('and refuses others', async () => {
    const error = await failure(dial(source, { credentials: 'guessed' }));
    expect(error).toBeInstanceOf(RemoteError);
    expect(error.message).toBe('the credentials were refused');
  });
});

const hasWebSocket = 'WebSocket' in globalThis;
if (!hasWebSocket) console.log('skipped: this runtime has no WebSocket');
it.skipIf(!hasWebSocket)(
  'with the WebSocket of the runtime, credentials are brought and refused as with the package',
  async () => {
    const { server } = await serve('ws://127.0.0.1:0/');
    const dialed = (): TransportSource => (wire) => ws(parseAddress(server.address), wire);
    const client = await dial(dialed(), { credentials: 't0ken-ben' });
    expect(await client.remote.whoami()).toEqual({ id: 'ben' });
    await expect(dial(dialed(), { credentials: 'guessed' })).rejects.toMatchObject({ code: Code.Refused });
  },
);

it('a side without credentials, and without reconnect, learns why its link has ended', async () => {
  const { server } = await serve('tcp://127.0.0.1:0');
  const client = await Desk.invert().connect(server.address, { logger: null });
  const error = await failure(client.remote.whoami());
  expect(error).toBeInstanceOf(ConnectionLost);
  expect(error.message).toMatch(/refuses this side: no credentials were sent .*"credentials"/);
  await until(() => client.peers.size === 0);
  await client.close();
});

it('mux: each part is authenticated', async () => {
  const { server } = await serve(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/']);
  for (const address of server.address.replace(/^mux:/, '').match(/(tcp|ws):\/\/127\.0\.0\.1:\d+/g) ?? []) {
    expect(await (await dial(address, { credentials: 't0ken-ben' })).remote.whoami()).toEqual({ id: 'ben' });
    await expect(dial(address, { credentials: 'guessed' })).rejects.toMatchObject({ code: Code.Refused });
  }
  expect(server.peers.size).toBe(2);
});
