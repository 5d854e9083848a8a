import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authority, type Identity } from '../support/certificates.js';
import { failure, until } from '../support/core-waiting.js';
import { own, reportsIn, tlsOf, tlsSides } from '../support/tls-sides.js';

const ca = authority();
const other = authority('other authority');
const trust = { ca: ca.cert };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'obverse-tls-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, `${name}.pem`);
/** Replaces a file as tools do that renew certificates. */
function replace(name: string, text: string): void {
  writeFileSync(`${path(name)}.new`, text);
  renameSync(`${path(name)}.new`, path(name));
}
function install({ cert, key }: Identity): void {
  replace('cert', cert);
  replace('key', key);
}
const names = (side: Parameters<typeof tlsOf>[0]): unknown =>
  (tlsOf(side)?.certificate as { subject: { CN: string } } | undefined)?.subject.CN;

describe.each(['tls', 'wss'] as const)('certificates that are replaced while a side of %s is open:', (scheme) => {
  const { serve, connect } = tlsSides(scheme);
  const files = () => ({ cert: path('cert'), key: path('key') });
  const seen = async (url: string, options: object = trust): Promise<unknown> => names(await connect(url, options));

  it('files are used for new connections, and the links before stay', async () => {
    install(ca.issue({ name: 'one' }));
    const { url, log } = await serve(files());
    const before = await connect(url, trust);
    expect(names(before)).toBe('one');
    install(ca.issue({ name: 'two' }));
    expect(await seen(url)).toBe('two');
    install(ca.issue({ name: 'three' }));
    expect(await seen(url)).toBe('three');
    expect(await before.remote.ask({ n: 1 })).toBe(2);
    expect(reportsIn(log)).toEqual([]);
  });

  it('a file that is written in place is read again, however fast it changes', async () => {
    install(ca.issue({ name: 'name0' }));
    const { url } = await serve(files());
    for (let n = 1; n < 10; n++) {
      const { cert, key } = ca.issue({ name: `name${n}` });
      writeFileSync(path('cert'), cert);
      writeFileSync(path('key'), key);
      expect(await seen(url)).toBe(`name${n}`);
    }
  });

  it('a damaged file, a missing one and half of a new pair keep the certificate before, and are reported once', async () => {
    install(ca.issue({ name: 'one' }));
    const { url, log } = await serve(files());
    const next = ca.issue({ name: 'two' });
    replace('cert', next.cert.slice(0, 200));
    for (let n = 0; n < 3; n++) expect(await seen(url)).toBe('one');
    unlinkSync(path('cert'));
    for (let n = 0; n < 3; n++) expect(await seen(url)).toBe('one');
    replace('cert', next.cert);
    for (let n = 0; n < 3; n++) expect(await seen(url)).toBe('one');
    expect(reportsIn(log)).toEqual([
      expect.stringMatching(
        /keeps its previous certificates, because the new ones cannot be used: .*has no certificate/,
      ),
      expect.stringMatching(/cannot be used: .*cannot read .*cert\.pem: there is no such file/),
      expect.stringMatching(
        /cannot be used: .*the key in "key" does not belong to the certificate in "cert" \(CN=two\)/,
      ),
    ]);
    replace('key', next.key);
    expect(await seen(url)).toBe('two');
    // The same defect later is another report.
    unlinkSync(path('cert'));
    expect(await seen(url)).toBe('two');
    expect(reportsIn(log)).toHaveLength(4);
  });

  it('the authorities of clients may change', async () => {
    install(ca.issue({ name: 'server' }));
    replace('ca', ca.cert);
    const { url } = await serve({ ...files(), ca: path('ca'), clientCertificate: 'require' });
    const ask = (identity: Identity): Promise<number> =>
      connect(url, { ...trust, ...own(identity) }).then((side) => side.remote.ask({ n: 1 }));
    const [ann, bob] = [ca.issue({ name: 'ann' }), other.issue({ name: 'bob' })];
    expect(await ask(ann)).toBe(2);
    await expect(ask(bob)).rejects.toThrow('refused');
    replace('ca', `${other.cert}`);
    expect(await ask(bob)).toBe(2);
    await expect(ask(ann)).rejects.toThrow('refused');
  });

  it('a function is called for each new connection, and may revoke', async () => {
    const ann = ca.issue({ name: 'ann' });
    const current = { ...own(ca.issue({ name: 'one' })), ca: ca.cert, revoked: [] as string[] };
    const { url, log } = await serve({ certificates: () => ({ ...current }), clientCertificate: 'require' });
    const dialed = { ...trust, ...own(ann) };
    expect(await seen(url, dialed)).toBe('one');
    Object.assign(current, own(ca.issue({ name: 'two' })));
    const client = await connect(url, dialed);
    expect(names(client)).toBe('two');
    current.revoked.push(ann.fingerprint);
    await expect(connect(url, dialed).then((side) => side.remote.ask({ n: 1 }))).rejects.toThrow('it is revoked');
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    current.revoked.length = 0;
    expect(await seen(url, dialed)).toBe('two');
    // What cannot be used stays out as a whole.
    Object.assign(current, { key: 'nothing', revoked: [ann.fingerprint] });
    expect(await seen(url, dialed)).toBe('two');
    expect(reportsIn(log).some((text) => text.includes('keeps its previous certificates'))).toBe(true);
  });

  it('a side that dials reads its files each time that it dials', async () => {
    const { url, server } = await serve({
      ...own(ca.issue({ name: 'server' })),
      ...trust,
      clientCertificate: 'require',
    });
    for (const name of ['ann', 'bob']) {
      install(ca.issue({ name }));
      const client = await connect(url, { ...trust, ...files() });
      await until(() => names(server) !== undefined);
      expect(names(server)).toBe(name);
      await client.close();
      await until(() => server.peers.size === 0);
    }
    unlinkSync(path('key'));
    expect((await failure(connect(url, { ...trust, ...files() }))).message).toContain('there is no such file');
  });

  it('rotate under load: of 200 connections none fails', async () => {
    const identities = Array.from({ length: 10 }, (_, n) => ca.issue({ name: `name${n}` }));
    install(identities[0] as Identity);
    const { url, log } = await serve(files());
    const met = new Set<unknown>();
    let rotations = 0;
    const rotate = setInterval(() => install(identities[++rotations % 10] as Identity), 5);
    const visit = async (): Promise<void> => {
      for (let n = 0; n < 10; n++) {
        const client = await connect(url, trust);
        met.add(names(client));
        expect(await client.remote.ask({ n })).toBe(n + 1);
        await client.close();
      }
    };
    try {
      await Promise.all(Array.from({ length: 20 }, visit));
    } finally {
      clearInterval(rotate);
    }
    expect(met.size).toBeGreaterThan(1);
    expect(reportsIn(log)).toEqual([]);
  });
});
