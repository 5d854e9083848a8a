import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authority } from '../support/certificates.js';
import { failure } from '../support/core-waiting.js';
import { own, tlsOf, tlsSides } from '../support/tls-sides.js';

/*
 * Programs with another TLS than that of Node speak JSON-RPC over it with a side of Obverse, at either end: openssl, and
 * the module ssl of Python. Each side has a certificate that the other checks.
 */

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const hasPython = spawnSync('python3', ['-c', 'import ssl']).status === 0;
if (!hasOpenssl) console.log('skipped: there is no program openssl');
if (!hasPython) console.log('skipped: there is no python3 with the module ssl');

const ca = authority();
const server = ca.issue({ name: 'server', usage: 'server' });
const client = ca.issue({ name: 'ann', usage: 'client' });
const other = authority('other authority').issue({ name: 'eve' });
const required = { ...own(server), ca: ca.cert, clientCertificate: 'require' };
const trusted = { ca: ca.cert, ...own(client) };

const folder = mkdtempSync(join(tmpdir(), 'obverse-tls-'));
const path = (name: string): string => join(folder, name);
beforeAll(() => {
  for (const [name, { cert, key }] of Object.entries({ ca, server, client, other })) {
    writeFileSync(path(`${name}.pem`), cert);
    writeFileSync(path(`${name}.key`), key);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const call = '{"jsonrpc":"2.0","id":1,"method":"ask","params":{"n":1}}';
const answer = '{"jsonrpc":"2.0","id":1,"result":2}';

/** The next line of a program that a test is true for. */
async function line(child: ChildProcess, fits: (text: string) => boolean): Promise<string> {
  for await (const text of createInterface(child.stdout as NodeJS.ReadableStream & { readable: true }))
    if (fits(text)) return text;
  return 'the program has ended';
}
const isMessage = (text: string): boolean => text.startsWith('{') || text.startsWith('(');

describe('a client that is another program', () => {
  const { serve, keep } = tlsSides();
  const start = (program: string, args: string[]): ChildProcess => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    keep(() => child.kill());
    return child;
  };
  const openssl = (port: number, name: string, ...more: string[]): ChildProcess =>
    start('openssl', [
      ...['s_client', '-connect', `127.0.0.1:${port}`, '-quiet', '-CAfile', path('ca.pem'), '-verify_return_error'],
      ...['-verify_ip', '127.0.0.1', '-cert', path(`${name}.pem`), '-key', path(`${name}.key`), ...more],
    ]);

  it.skipIf(!hasOpenssl).each(['-tls1_2', '-tls1_3'])('openssl s_client %s is answered, and known', async (version) => {
    const { port, server: side } = await serve(required);
    const child = openssl(port, 'client', version);
    child.stdin?.write(`${call}\n`);
    expect(await line(child, isMessage)).toBe(answer);
    expect(tlsOf(side)).toMatchObject({
      protocol: version === '-tls1_2' ? 'TLSv1.2' : 'TLSv1.3',
      certificate: { subject: { CN: 'ann' }, fingerprint256: client.fingerprint },
    });
  });

  it.skipIf(!hasOpenssl)(
    'openssl s_client with a certificate of another authority is told why it is refused',
    async () => {
      const { port, server: side } = await serve(required);
      const child = openssl(port, 'other');
      child.stdin?.write(`${call}\n`);
      expect(await line(child, isMessage)).toBe(
        '(obverse) the client certificate is refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      );
      expect(side.peers.size).toBe(0);
    },
  );

  it.skipIf(!hasPython)('Python is answered, also after it has ended its side', async () => {
    const { port, server: side } = await serve(required);
    let seen: unknown;
    side.on('connect', () => {
      seen = tlsOf(side)?.certificate;
    });
    const child = start('python3', [
      '-c',
      `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
context.load_cert_chain(sys.argv[3], sys.argv[4])
with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as plain:
    with context.wrap_socket(plain, server_hostname='127.0.0.1') as secure:
        secure.sendall(sys.argv[5].encode() + b'\\n')
        print(secure.makefile().readline(), end='', flush=True)
        print(secure.getpeercert()['subject'][0][0][1])
`,
      ...[`${port}`, path('ca.pem'), path('client.pem'), path('client.key'), call],
    ]);
    const told: string[] = [];
    for await (const text of createInterface(child.stdout as never)) told.push(text);
    expect(told).toEqual([answer, 'server']);
    expect(seen).toMatchObject({ subject: { CN: 'ann' } });
  });
});

describe('a server that is another program', () => {
  const { connect, keep } = tlsSides();

  it.skipIf(!hasOpenssl)('openssl s_server is called, and requires a certificate', async () => {
    const args = ['s_server', '-accept', '127.0.0.1:0', '-cert', path('server.pem'), '-key', path('server.key')];
    const child = spawn('openssl', [...args, '-CAfile', path('ca.pem'), '-Verify', '1', '-verify_return_error']);
    keep(() => child.kill());
    const port = /:(\d+)$/.exec(await line(child, (text) => /^ACCEPT .*:\d+$/.test(text)))?.[1];
    const url = `tls://127.0.0.1:${port}`;
    const without = await connect(url, { ca: ca.cert });
    expect((await failure(without.remote.ask({ n: 1 }))).message).toMatch(
      /the other side requires a certificate of this one; specify "cert" and "key"/,
    );
    await without.close();
    const side = await connect(url, trusted);
    const asked = side.remote.ask({ n: 1 });
    const sent = JSON.parse(await line(child, (text) => text.includes('"ask"'))) as { id: number };
    child.stdin.write(`{"jsonrpc":"2.0","id":${JSON.stringify(sent.id)},"result":2}\n`);
    expect(await asked).toBe(2);
    expect(tlsOf(side)).toMatchObject({ authorized: true, certificate: { subject: { CN: 'server' } } });
  });

  it.skipIf(!hasPython)('Python is called, and sees the certificate of this side', async () => {
    const child = spawn('python3', [
      '-c',
      `
import json, socket, ssl, sys
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=sys.argv[1])
context.verify_mode = ssl.CERT_REQUIRED
context.load_cert_chain(sys.argv[2], sys.argv[3])
with socket.create_server(('127.0.0.1', 0)) as server:
    print(server.getsockname()[1], flush=True)
    plain, _ = server.accept()
    with context.wrap_socket(plain, server_side=True) as secure:
        for text in secure.makefile():
            asked = json.loads(text)
            if 'id' in asked:
                name = secure.getpeercert()['subject'][0][0][1]
                reply = {'jsonrpc': '2.0', 'id': asked['id'], 'result': name + str(asked['params']['n'])}
                secure.sendall(json.dumps(reply).encode() + b'\\n')
`,
      ...[path('ca.pem'), path('server.pem'), path('server.key')],
    ]);
    keep(() => child.kill());
    child.stderr.pipe(process.stderr);
    const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
    const side = await connect(`tls://127.0.0.1:${port}`, trusted);
    expect(await side.remote.ask({ n: 1 })).toBe('ann1');
  });
});
