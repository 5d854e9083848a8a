import nodeTls, { type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { authority, type Identity, selfSigned } from '../support/certificates.js';
import { failure, until } from '../support/core-waiting.js';
import { own, reportsIn, tlsOf, tlsSides } from '../support/tls-sides.js';

const ca = authority();
const other = authority('other authority');
const server = own(ca.issue({ name: 'server' }));
const ann = ca.issue({ name: 'ann', usage: 'client', hosts: ['ann.example'] });
const trust = { ca: ca.cert };
const required = { ...server, ...trust, clientCertificate: 'require' };
const past = { from: new Date(Date.UTC(2020, 0, 1)), to: new Date(Date.UTC(2020, 1, 1)) };

describe.each(['tls', 'wss'] as const)('the certificate of a client of %s:', (scheme) => {
  const { serve, connect } = tlsSides(scheme);

  it('is known to the server: names, authority, dates, fingerprint', async () => {
    const { server: side, url } = await serve(required);
    const client = await connect(url, { ...trust, ...own(ann) });
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    expect(tlsOf(side)).toMatchObject({
      protocol: 'TLSv1.3',
      authorized: true,
      certificate: {
        subject: { CN: 'ann' },
        issuer: { CN: 'test authority' },
        subjectaltname: 'DNS:ann.example',
        valid_from: expect.stringMatching(/ GMT$/),
        valid_to: expect.stringMatching(/ GMT$/),
        fingerprint256: ann.fingerprint,
      },
    });
  });

  it('is what a guard decides by', async () => {
    class Stock extends RemoteAPI {
      @incoming({
        hasReply: true,
        allow: (peer) => {
          const { tls } = peer.info as { tls: { certificate?: { subject: { CN: string } } } };
          return tls.certificate?.subject.CN === 'ann';
        },
      })
      count(_sender: Sender): Reply<number> {}
    }
    const source = { url: `${scheme}://127.0.0.1:0`, ...required };
    await using side = await Stock.serve(source, { logger: null });
    side.count.connect(() => 7);
    const counted = async (identity: Identity): Promise<number> => {
      await using client = await Stock.invert().connect(
        { url: side.address, ...trust, ...own(identity) },
        { logger: null },
      );
      return await client.remote.count();
    };
    expect(await counted(ann)).toBe(7);
    expect((await failure(counted(ca.issue({ name: 'eve' })))).message).toMatch(/not allowed/);
  });

  it.each<[what: string, server: object, identity: Identity | undefined, told: string, reported: RegExp]>([
    [
      'is missing',
      required,
      undefined,
      'a client certificate is required: specify',
      /has sent no certificate, which this side requires/,
    ],
    [
      'is of another authority',
      required,
      other.issue({ name: 'eve' }),
      'refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      /\(CN=eve\) was issued by an authority that this side does not trust \(CN=other authority\)/,
    ],
    [
      'is of another authority, where none would be accepted too',
      { ...required, clientCertificate: 'request' },
      other.issue({ name: 'eve' }),
      'refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      /\(CN=eve\) was issued by an authority/,
    ],
    [
      'is self-signed',
      required,
      selfSigned({ name: 'eve' }),
      'refused: DEPTH_ZERO_SELF_SIGNED_CERT',
      /\(CN=eve\) is self-signed/,
    ],
    [
      'is expired',
      required,
      ca.issue({ name: 'old', ...past }),
      'refused: CERT_HAS_EXPIRED',
      /was valid until Feb {2}1/,
    ],
    [
      'is one for servers',
      required,
      ca.issue({ name: 'host', usage: 'server' }),
      'refused: INVALID_PURPOSE',
      /extended key usage must have clientAuth/,
    ],
    ['is revoked', { ...required, revoked: [ann.fingerprint] }, ann, 'refused: it is revoked', /\(CN=ann\) is revoked/],
    [
      'has another fingerprint',
      { ...required, fingerprints: other.fingerprint },
      ann,
      'refused: its fingerprint is not accepted',
      /has the fingerprint .* not in the option "fingerprints"/,
    ],
    [
      'has another fingerprint, and nothing else is checked',
      { ...server, clientCertificate: 'require', verify: 'fingerprint', fingerprints: ann.fingerprint },
      selfSigned(),
      'refused: its fingerprint is not accepted',
      /not in the option "fingerprints"/,
    ],
    [
      'is missing, and nothing is checked',
      { ...server, clientCertificate: 'require', verify: 'none' },
      undefined,
      'a client certificate is required',
      /has sent no certificate/,
    ],
  ])(
    '%s: it is refused, its peer is told why, and the server reports it',
    async (_what, options, identity, told, reported) => {
      const { server: side, url, log } = await serve(options);
      let links = 0;
      side.on('connect', () => links++);
      const dialed = { ...trust, ...(identity && own(identity)) };
      // Over tls: the handshake of the client is complete before the server has seen the certificate.
      const asked = connect(url, dialed).then((client) => client.remote.ask({ n: 1 }));
      expect((await failure(asked)).message).toContain(told);
      await until(() => reportsIn(log).length > 0);
      expect(reportsIn(log)[0]).toMatch(/refused 127\.0\.0\.1:\d+: /);
      expect(reportsIn(log)[0]).toMatch(reported);
      expect([links, side.peers.size]).toEqual([0, 0]);
    },
  );

  it.each<[what: string, server: object, identity: Identity | undefined, authorized: boolean]>([
    ['is missing, and only requested', { ...required, clientCertificate: 'request' }, undefined, false],
    ['is valid, and only requested', { ...required, clientCertificate: 'request' }, ann, true],
    ['has one of the fingerprints', { ...required, fingerprints: [ann.fingerprint] }, ann, true],
    ['is not checked', { ...server, clientCertificate: 'require', verify: 'none' }, selfSigned(), false],
    [
      'is self-signed, and its fingerprint is accepted',
      { ...server, clientCertificate: 'require', verify: 'fingerprint', fingerprints: ann.fingerprint },
      ann,
      true,
    ],
  ])('%s: it is accepted', async (_what, options, identity, authorized) => {
    const { server: side, url } = await serve(options);
    const client = await connect(url, { ...trust, ...(identity && own(identity)) });
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    expect(tlsOf(side)).toMatchObject({ authorized });
    expect((tlsOf(side)?.certificate as { fingerprint256?: string } | undefined)?.fingerprint256).toBe(
      identity?.fingerprint,
    );
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'is not forgotten by resuming a session of %s: the attack of one who has resumed a session without a certificate',
    async (maxVersion) => {
      const { server: side, port } = await serve({ ...required, clientCertificate: 'request' });
      const dial = async (session?: Buffer): Promise<{ socket: TLSSocket; sessions: Buffer[] }> => {
        const options = { port, host: '127.0.0.1', ...trust, maxVersion, ...(session && { session }) };
        const socket = nodeTls.connect(options);
        const sessions: Buffer[] = [];
        socket.on('session', (one) => sessions.push(one)).on('error', () => {});
        await new Promise((resolve) => socket.once('secureConnect', resolve));
        // A session of TLS 1.3 comes after the handshake.
        if (scheme === 'tls') socket.write('{"jsonrpc":"2.0","id":1,"method":"ask","params":[{"n":1}]}\n');
        else socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await new Promise((resolve) => socket.once('data', resolve));
        return { socket, sessions };
      };
      const first = await dial();
      first.socket.destroy();
      const second = await dial(first.sessions.at(-1));
      expect(second.socket.isSessionReused()).toBe(false);
      expect(
        [...side.peers.values()].every(
          ({ info }) => (info as { tls: { authorized: boolean } }).tls.authorized === false,
        ),
      ).toBe(true);
      second.socket.destroy();
    },
  );
});
