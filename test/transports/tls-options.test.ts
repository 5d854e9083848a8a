import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { UsageError } from '../../src/index.js';
import { wireFor } from '../../src/testing/transport.js';
import tls from '../../transports/tls.js';
import ws from '../../transports/ws.js';
import { authority } from '../support/certificates.js';
import { failure } from '../support/core-waiting.js';
import { own, reportsIn, tlsOf, tlsSides } from '../support/tls-sides.js';

const folder = mkdtempSync(join(tmpdir(), 'obverse-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const ca = authority();
const server = ca.issue({ name: 'server' });
const identity = own(server);
const { fingerprint } = server;

describe.each([
  ['tls', tls],
  ['wss', ws],
] as const)('the options of %s:', (scheme, make) => {
  const listen = (options: object) => () => {
    return make(parseAddress({ url: `${scheme}://127.0.0.1:0`, ...options }), wireFor({ listen: true }));
  };
  const dial = (options: object) => () => {
    return make(parseAddress({ url: `${scheme}://127.0.0.1:1`, ...options }), wireFor());
  };

  it.each<[text: string, make: () => unknown]>([
    ['has no option "verfy"; did you mean verify? There are', dial({ verfy: 'none' })],
    ['"verify" must be full or chain or fingerprint or none, not "nothing"', dial({ verify: 'nothing' })],
    ['has no option "rejectUnauthorized"', dial({ rejectUnauthorized: false })],
    ['needs the certificate of this side and its key, as in ', listen({})],
    ['"cert" needs "key", the key of that certificate', listen({ cert: server.cert })],
    ['"key" needs "cert", the certificate of that key', dial({ key: server.key })],
    ['"passphrase" is for an encrypted "key", and there is none', dial({ passphrase: 'x' })],
    ['"clientCertificate" is for the side that listens', dial({ clientCertificate: 'require' })],
    ['"clientCertificate" must be require or request, not true', listen({ ...identity, clientCertificate: true })],
    ['"servername" is for the side that dials', listen({ ...identity, servername: 'a.example' })],
    ['"servername" must be the name of a host', dial({ servername: '10.0.0.1' })],
    ['"ca" has an effect only with clientCertificate', listen({ ...identity, ca: ca.cert })],
    ['"revoked" has an effect only with clientCertificate', listen({ ...identity, revoked: fingerprint })],
    ['"clientCertificate" needs "ca"', listen({ ...identity, clientCertificate: 'require' })],
    ['verify: "fingerprint" needs the option "fingerprints"', dial({ verify: 'fingerprint' })],
    ['with verify: "none" every certificate is accepted', dial({ verify: 'none', ca: ca.cert })],
    [`${scheme}: the option "fingerprints" must be a list of SHA-256 fingerprints`, dial({ fingerprints: ['AB:CD'] })],
    ['"revoked" must be a list of SHA-256 fingerprints', dial({ revoked: [7] })],
    ['"minVersion" must be TLSv1.2 or TLSv1.3, not "TLSv1"', dial({ minVersion: 'TLSv1' })],
    ['"certificates" must be a function', dial({ certificates: {} })],
    ['"certificates" takes the place of "ca"; return { ca } from it', dial({ certificates: () => ({}), ca: ca.cert })],
    [
      'a passphrase is a secret, so it is not a part of an address',
      listen({ url: `${scheme}://h:1?passphrase=x`, ...identity }),
    ],
  ])('%s: are refused', (text, attempt) => {
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(text);
  });

  const broken = server.cert.replace(/\n(.{20})/, '\nAAAA$1');
  it.each<[text: string, options: object]>([
    ['cannot read ./nothing.pem: there is no such file; check the path', { cert: './nothing.pem', key: server.key }],
    ['cannot read .: that is a folder', { cert: '.', key: server.key }],
    ['"cert" must be the path of a file, or PEM', { cert: 7, key: server.key }],
    [
      '"cert" has no certificate: expected -----BEGIN CERTIFICATE-----, but it begins with "{"',
      { cert: 'package.json', key: server.key },
    ],
    ['but it begins with "-----BEGIN PRIVATE KEY-----";'.slice(0, -1), { cert: server.key, key: server.key }],
    ['a certificate in the option "cert" is damaged', { cert: broken, key: server.key }],
    ['"key" has no private key: expected -----BEGIN PRIVATE KEY-----', { cert: server.cert, key: server.cert }],
    [
      'the key in "key" does not belong to the certificate in "cert" (CN=server)',
      { cert: server.cert, key: ca.issue().key },
    ],
    ['"ca" has no certificate', { ...identity, ca: 'package.json', clientCertificate: 'require' }],
    ['must return { cert, key, ca, … } at once, not a promise', { certificates: async () => identity }],
    ['"certificates" returned an unknown "certs"; there are cert, key', { certificates: () => ({ certs: 1 }) }],
    ['"cert" and "key" belong together, and "key" is missing', { certificates: () => ({ cert: server.cert }) }],
    [
      `${scheme}: the function "certificates" has thrown the vault is closed`,
      {
        certificates: () => {
          throw new Error('the vault is closed');
        },
      },
    ],
  ])('%s: cannot be used', async (text, options) => {
    const { serve } = sides[scheme];
    const error = await failure(serve(options));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(text);
    // No secret is shown.
    expect(error.message).not.toContain(server.key.split('\n')[1]);
  });
});

const sides = { tls: tlsSides('tls'), wss: tlsSides('wss') };

describe('certificates and keys', () => {
  const { serve, connect } = tlsSides();

  it('are files, relative to the working directory, and the options of an address', async () => {
    for (const [name, text] of Object.entries({ cert: server.cert, key: server.key, ca: ca.cert }))
      writeFileSync(join(folder, `${name}.pem`), text);
    const { url } = await serve({
      url: `tls://127.0.0.1:0?cert=${folder}/cert.pem&key=${folder}/key.pem&minVersion=TLSv1.3`,
    });
    const client = await connect(`${url}?ca=${folder}/ca.pem&fingerprints=${fingerprint},${ca.fingerprint}`);
    expect(await client.remote.ask({ n: 1 })).toBe(2);
  });

  it('may be encrypted with a passphrase', async () => {
    const { createPrivateKey } = await import('node:crypto');
    const key = createPrivateKey(server.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret',
    });
    const { url } = await serve({ cert: server.cert, key, passphrase: 'secret' });
    expect(await (await connect(url, { ca: ca.cert })).remote.ask({ n: 1 })).toBe(2);
    const of = (options: object): Promise<Error> => failure(serve({ cert: server.cert, key, ...options }));
    expect((await of({})).message).toContain('the key is encrypted; specify the option "passphrase"');
    const wrong = (await of({ passphrase: 'wrong-one' })).message;
    expect(wrong).toContain('the key cannot be decrypted; check the option "passphrase"');
    expect(wrong).not.toContain('wrong-one');
  });

  it('that peers will refuse are used, and reported', async () => {
    const old = ca.issue({ name: 'old', to: new Date(Date.UTC(2020, 1, 1)), from: new Date(Date.UTC(2020, 0, 1)) });
    const { log } = await serve(own(old));
    expect(reportsIn(log)).toEqual([
      expect.stringMatching(
        /^obverse: tls:\/\/127\.0\.0\.1:0: the certificate of this side \(CN=old\) was valid until Feb .* peers will refuse it$/,
      ),
    ]);
  });

  it('of both ends are verified at TLS 1.2 too', async () => {
    const { Server } = await import('node:tls');
    const { keep } = sides.tls;
    const plain = keep(
      new Server({ ...identity, maxVersion: 'TLSv1.2' }, (socket) => socket.on('error', () => {}).resume()),
    );
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as { port: number };
    const client = await connect(`tls://127.0.0.1:${port}`, { ca: ca.cert });
    expect(tlsOf(client)).toMatchObject({ protocol: 'TLSv1.2', authorized: true });
  });
});
