import { describe, expect, it } from 'vitest';
import { authority, type Identity, selfSigned } from '../support/certificates.js';
import { failure } from '../support/core-waiting.js';
import { closing, Desk, quiet, serveDesk } from './sides.js';

const ca = authority();
const past = { from: new Date(Date.UTC(2020, 0, 1)), to: new Date(Date.UTC(2020, 1, 1)) };
const own = ({ cert, key }: Identity) => ({ cert, key });

const serveSecurely = (identity: Identity = ca.issue({ name: 'server' }), options: object = {}) =>
  serveDesk({ url: 'https://127.0.0.1:0/rpc', ...own(identity), ...options });

const dial = async (url: string, options: object) =>
  closing(await Desk.invert().connect({ url, ...options }, { logger: quiet }));

describe('https', () => {
  it('carries calls, streams and notifications to a server of its own', async () => {
    const { address, notes } = await serveSecurely();
    expect(address).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/rpc$/);
    const desk = await dial(address, { ca: ca.cert });
    expect(await desk.remote.add({ a: 1, b: 2 })).toBe(3);
    const items: number[] = [];
    for await (const item of desk.remote.count({ to: 3 })) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    desk.remote.note({ text: 'last' });
    await desk.close();
    expect(notes).toEqual(['last']);
  });
  it.each<[what: string, identity: Identity, options: object, text: RegExp]>([
    ['has expired', ca.issue({ name: 'server', ...past }), { ca: ca.cert }, /was valid until Feb {2}1 00:00:00 2020/],
    ['is for another host', ca.issue({ hosts: ['example.com'] }), { ca: ca.cert }, /example\.com/],
    ['is of another authority', authority('other authority').issue(), { ca: ca.cert }, /"ca"/],
    ['is of nobody', selfSigned(), {}, /"ca"/],
  ])(
    'refuses a server whose certificate %s, and knows that nothing was carried out',
    async (_what, identity, options, text) => {
      const { address } = await serveSecurely(identity);
      const desk = await dial(address, options);
      const error = await failure(desk.remote.add({ a: 1, b: 2 }));
      expect(error).toMatchObject({ name: 'ConnectionLost', maybeExecuted: false });
      expect(error.message).toMatch(text);
    },
  );
  it('tells the server the certificate of a client, and refuses a client without one where it is required', async () => {
    const { desk: server, address } = await serveSecurely(undefined, { ca: ca.cert, clientCertificate: 'require' });
    const seen: unknown[] = [];
    server.note.connect(({ peer }) => void seen.push(peer.info?.tls));
    const trusted = own(ca.issue({ name: 'client', usage: 'client' }));
    const desk = await dial(address, { ca: ca.cert, ...trusted });
    desk.remote.note({ text: 'hi' });
    await desk.flush();
    expect(seen).toMatchObject([{ authorized: true, certificate: { subject: { CN: 'client' } } }]);
    const stranger = await dial(address, { ca: ca.cert });
    await expect(stranger.remote.add({ a: 1, b: 2 })).rejects.toThrow(/certificate/);
  });
});
