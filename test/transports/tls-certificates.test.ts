import net from 'node:net';
import nodeTls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { ConnectionLost } from '../../src/index.js';
import { authority, type Contents, type Identity, selfSigned } from '../support/certificates.js';
import { failure } from '../support/core-waiting.js';
import { Desk, own, tlsOf, tlsSides } from '../support/tls-sides.js';

const ca = authority();
const other = authority('other authority');
const server = ca.issue({ name: 'server' });
const trust = { ca: ca.cert };
const past = { from: new Date(Date.UTC(2020, 0, 1)), to: new Date(Date.UTC(2020, 1, 1)) };

describe.each(['tls', 'wss'] as const)('the certificate of a server of %s:', (scheme) => {
  const { serve, connect } = tlsSides(scheme);

  /** The error of a side that dials a server with a certificate. */
  async function refused(identity: Identity, options: object): Promise<Error> {
    const { url } = await serve(own(identity));
    const error = await failure(connect(url, options));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.message).toContain(`cannot connect to ${url}: `);
    return error;
  }
  const issued = (contents: Contents): Identity => ca.issue({ name: 'server', ...contents });

  it.each<[what: string, identity: Identity, options: object, text: RegExp]>([
    [
      'is expired',
      issued(past),
      trust,
      /\(CN=server\) was valid until Feb {2}1 00:00:00 2020 GMT; renew it, or check the clocks/,
    ],
    [
      'is not valid yet',
      issued({ from: new Date(Date.UTC(2040, 0, 1)), to: new Date(Date.UTC(2041, 0, 1)) }),
      trust,
      /\(CN=server\) is valid only from Jan {2}1 00:00:00 2040 GMT; check the clocks \(CERT_NOT_YET_VALID\)/,
    ],
    [
      'is for another host',
      issued({ hosts: ['example.com', 'www.example.com'] }),
      trust,
      /is for DNS:example\.com, DNS:www\.example\.com, but 127\.0\.0\.1 was dialed; dial one of these names, or specify/,
    ],
    ['is for no host', issued({ hosts: [] }), trust, /but 127\.0\.0\.1 was dialed/],
    [
      'is self-signed',
      selfSigned({ name: 'me' }),
      trust,
      /\(CN=me\) is self-signed, and this side does not trust it; put it into the option "ca", or its fingerprint ([\dA-F]{2}:){31}/,
    ],
    [
      'is of an unknown authority',
      other.issue({ name: 'server' }),
      trust,
      /was issued by an authority that this side does not trust \(CN=other authority\); put the certificate of that authority/,
    ],
    ['is of an authority that is not public', server, { verify: 'full' }, /does not trust \(CN=test authority\)/],
    [
      'is sent without the one between it and its authority',
      ca.below('middle').issue(),
      trust,
      /does not trust \(CN=middle\).* certificates between the two belong into the "cert" of the server/,
    ],
    [
      'is one for clients',
      issued({ usage: 'client' }),
      trust,
      /is not made for this use; its extended key usage must have serverAuth \(INVALID_PURPOSE\)/,
    ],
    [
      'has another fingerprint',
      server,
      { ...trust, fingerprints: selfSigned().fingerprint },
      /has the fingerprint ([\dA-F]{2}:){31}.., which is not in the option "fingerprints"/,
    ],
    [
      'has another fingerprint, and nothing else is checked',
      server,
      { verify: 'fingerprint', fingerprints: [selfSigned().fingerprint] },
      /is not in the option "fingerprints"/,
    ],
    [
      'is revoked',
      server,
      { ...trust, revoked: [server.fingerprint] },
      /\(CN=server\) is revoked \(option "revoked"\)/,
    ],
    ['is revoked, and nothing else is checked', server, { verify: 'none', revoked: server.fingerprint }, /is revoked/],
  ])('%s: it is refused, with the reason and what to do', async (_what, identity, options, text) => {
    expect((await refused(identity, options)).message).toMatch(text);
  });

  it.each<[what: string, identity: Identity, options: object, authorized: boolean]>([
    ['is for the dialed host', server, trust, true],
    [
      'is for the name in "servername"',
      issued({ hosts: ['example.com'] }),
      { ...trust, servername: 'example.com' },
      true,
    ],
    [
      'is for another host, which is not checked',
      issued({ hosts: ['example.com'] }),
      { ...trust, verify: 'chain' },
      true,
    ],
    ['has one of the fingerprints', server, { ...trust, fingerprints: [other.fingerprint, server.fingerprint] }, true],
    ['has the only fingerprint, in another form', selfSigned(past), { verify: 'fingerprint', fingerprints: '' }, true],
    ['is not checked', selfSigned(past), { verify: 'none' }, false],
    ['is one of the trusted ones itself', server, { ca: [other.cert, Buffer.from(ca.cert)] }, true],
  ])('%s: it is accepted', async (_what, identity, options, authorized) => {
    const { url } = await serve(own(identity));
    const pinned = identity.fingerprint.replaceAll(':', '').toLowerCase();
    const side = await connect(
      url,
      'fingerprints' in options && options.fingerprints === '' ? { ...options, fingerprints: pinned } : options,
    );
    expect(await side.remote.ask({ n: 1 })).toBe(2);
    expect(tlsOf(side)).toMatchObject({ authorized, certificate: { fingerprint256: identity.fingerprint } });
  });

  it('may come with those between it and its authority', async () => {
    const middle = ca.below('middle');
    const leaf = middle.issue();
    const { url } = await serve({ cert: `${leaf.cert}${middle.cert}`, key: leaf.key });
    expect(await (await connect(url, trust)).remote.ask({ n: 1 })).toBe(2);
  });
});

describe('options of TLS in the query of wss:', () => {
  const { serve, connect } = tlsSides('wss');

  it('go to the server, as the error for its certificate says', async () => {
    const { url } = await serve(own(server));
    const { message } = await failure(connect(`${url}?ca=ca.pem`, { client: 'ws' }));
    expect(message).toContain('was issued by an authority that this side does not trust');
    expect(message).toMatch(/; the query of wss: is sent to the server; for this side, write \{ url, ca \}$/);
    const other = await failure(connect(`${url}?token=7`, { client: 'ws' }));
    expect(other.message).not.toContain('query');
  });
});

describe('what is not TLS', () => {
  const { serve, connect, keep } = tlsSides();

  it('a program that listens without TLS: the error says so', async () => {
    const plain = keep(
      net.createServer((socket) =>
        socket
          .on('error', () => {})
          .resume()
          .write('220 ready\r\n'),
      ),
    );
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const error = await failure(connect(`tls://127.0.0.1:${(plain.address() as net.AddressInfo).port}`, trust));
    expect(error.message).toMatch(
      /what listens there does not speak TLS; connect with tcp: instead of tls:, or check the port/,
    );
  });

  it('a side that serves tcp: the error names both possibilities', async () => {
    const plain = keep(await Desk.serve('tcp://127.0.0.1:0', { logger: null }));
    const error = await failure(connect(plain.address.replace('tcp', 'tls'), trust));
    expect(error.message).toMatch(
      /ended the connection during the TLS handshake; if it does not use TLS, connect with tcp:/,
    );
  });

  it('a server whose versions of TLS are too old: the error names the option', async () => {
    const old = keep(nodeTls.createServer({ ...own(server), maxVersion: 'TLSv1.2' }));
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const url = `tls://127.0.0.1:${(old.address() as net.AddressInfo).port}`;
    const error = await failure(connect(url, { ...trust, minVersion: 'TLSv1.3' }));
    expect(error.message).toMatch(/does not support the version of TLS of this one; check "minVersion" of both/);
  });

  it('a peer that dials tcp: is told to use TLS, and reported', async () => {
    const { url, log } = await serve(own(server));
    const side = await connect(url.replace('tls', 'tcp'));
    expect((await failure(side.remote.ask({ n: 1 }))).message).toContain('this port expects TLS: connect with tls:');
    expect(String(log.warnings[0])).toMatch(/refused 127\.0\.0\.1:\d+: the other side does not speak TLS/);
  });

  it('a browser is told to use TLS', async () => {
    const { url, log } = await serve(own(server));
    const response = await fetch(url.replace('tls', 'http'));
    expect([response.status, await response.text()]).toEqual([
      400,
      '(obverse) this port expects TLS: connect with tls:\n',
    ]);
    expect(String(log.warnings[0])).toMatch(/sent an HTTP request without TLS/);
  });

  it('protocols of ALPN that do not meet end the handshake, and those that meet are known', async () => {
    const { url, log } = await serve({ ...own(server), alpn: ['rpc/2', 'rpc/1'] });
    const error = await failure(connect(url, { ...trust, alpn: 'rpc/3' }));
    expect(error.message).toMatch(/knows none of the protocols in "alpn"/);
    expect(String(log.warnings[0])).toMatch(/offers none of the protocols in "alpn"/);
    expect(tlsOf(await connect(url, { ...trust, alpn: 'rpc/3,rpc/1' }))).toMatchObject({ alpn: 'rpc/1' });
  });
});
