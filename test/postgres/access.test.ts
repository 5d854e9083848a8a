import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { isPermanent } from '../../src/contract/permanent.js';
import { UsageError } from '../../src/index.js';
import { Work } from '../durable/work.js';
import { authority } from '../support/certificates.js';
import { failure, Log } from '../support/core-waiting.js';
import { type Engine, freePort } from '../support/engines.js';
import { postgres, startPostgres } from '../support/postgres-server.js';

const own = authority();
const identity = own.issue({ name: 'server', usage: 'server' });
const SECRET = 'p@ss:w/o?rd %41&';
const encoded = encodeURIComponent(SECRET);

describe.skipIf(postgres.absent)(`access to PostgreSQL${postgres.why}`, () => {
  let engine: Engine | undefined;
  afterEach(async () => {
    await engine?.end();
    engine = undefined;
  });
  const at = (access = '', query = ''): string => `postgres://${access}127.0.0.1:${engine?.port}/postgres${query}`;

  /** A task there and back shows that it is usable. */
  async function works(address: string, more: object = {}): Promise<void> {
    const source = { ...more, url: address };
    await using worker = await Work.serve(source, { logger: null });
    worker.add.connect((_sender, { a, b }) => a + b);
    await using boss = await Work.invert().connect(source, { logger: null });
    expect(await boss.remote.add({ a: 2, b: 40 })).toBe(42);
    for (const text of [String(boss), inspect(boss.peers), inspect(worker.peers)]) expect(text).not.toContain(SECRET);
  }

  /** Why it is not usable. Nothing of that has the password. */
  async function refused(address: string, more: object = {}): Promise<Error> {
    const log = new Log();
    const error = await failure(Work.invert().connect({ ...more, url: address }, { logger: log }));
    const seen = inspect([error, log], { depth: 10 });
    for (const secret of [SECRET, encoded, 'wrong-one']) expect(seen).not.toContain(secret);
    return error;
  }

  it('takes a user and a password from the address, from options, and from a function', async () => {
    engine = await startPostgres({ password: SECRET });
    await works(at(`postgres:${encoded}@`));
    await works(at(), { user: 'postgres', password: SECRET });
    await works(at('postgres@'), { password: async () => SECRET });
    // What the address says goes before options.
    await works(at(`postgres:${encoded}@`), { user: 'nobody', password: 'wrong-one' });
  });

  it('refuses a wrong password and a user or database that is not there, for good, and never shows a password', async () => {
    engine = await startPostgres({ password: SECRET });
    const wrong = await refused(at('postgres:wrong-one@'));
    expect(wrong).toMatchObject({ name: 'ConnectionLost' });
    expect(wrong.message).toMatch(
      /^postgres:\/\/127.0.0.1:\d+\/postgres\?queue=tasks cannot be opened: password authentication failed for user "postgres"/,
    );
    const unknown = await refused(at(`nobody:${encoded}@`));
    expect(unknown.message).toContain('password authentication failed for user "nobody"');
    const elsewhere = await refused(at(`postgres:${encoded}@`).replace(/postgres$/, 'shop'));
    expect(elsewhere.message).toContain('database "shop" does not exist');
    for (const error of [wrong, unknown, elsewhere]) expect(isPermanent(error)).toBe(true);
    const none = await refused(at('postgres@'));
    expect(none.message).toMatch(/password/);
  });

  it('says what to do where no server listens', async () => {
    const none = await refused(`postgres://ann:${encoded}@127.0.0.1:${await freePort()}/shop?queue=tasks`);
    expect(none.message).toMatch(/ECONNREFUSED.*; no server listens there: start it, or check the host and the port$/);
    expect(isPermanent(none)).toBe(false);
  });

  it('never shows a password of an address that it does not understand', async () => {
    for (const url of [
      `postgres://ann:${SECRET}@db/shop`,
      `postgres://ann:${encoded}@db:99999/shop`,
      `postgres://ann:${encoded}@db`,
      `postgres://ann:${encoded}%zz@db/shop`,
      `postgres://ann:${encoded}@db/shop?queu=x`,
      `postgres://ann:${encoded}@db/shop?sslmode=prefer`,
      `postgres://ann:${encoded}@db/shop?queue=a;b`,
    ])
      expect(await refused(url)).toBeInstanceOf(UsageError);
    expect(await refused('postgres://ann@db/shop', { password: { secret: SECRET } })).toBeInstanceOf(UsageError);
  });

  it('checks the certificate of the server and its name: sslmode, sslrootcert', async () => {
    engine = await startPostgres({ password: SECRET, tls: { ...identity, required: true } });
    const file = join(engine.folder, 'ca.pem');
    writeFileSync(file, own.cert);
    const user = `postgres:${encoded}@`;
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      await works(at(user, `?sslmode=${mode}&sslrootcert=${file}`));
    await works(at(user, `?sslrootcert=${file}`));
    await works(at(user, '?sslmode=no-verify'));
    await works(at(user), { ssl: { ca: own.cert } });

    const plain = await refused(at(user));
    expect(plain.message).toContain('no encryption');
    writeFileSync(join(engine.folder, 'other.pem'), authority('another').cert);
    const other = await refused(at(user, `?sslmode=verify-full&sslrootcert=${join(engine.folder, 'other.pem')}`));
    expect(other.message).toMatch(/certificate.*; name the file with what it has to be issued by: sslrootcert/);
    const missing = await refused(at(user, '?sslmode=verify-full&sslrootcert=/nowhere/ca.pem'));
    expect(missing.message).toMatch(/cannot read \/nowhere\/ca.pem: there is no such file/);
    for (const error of [plain, other, missing]) expect(isPermanent(error)).toBe(true);
  });

  it('refuses a certificate that is for another host', async () => {
    engine = await startPostgres({ tls: own.issue({ name: 'server', hosts: ['db.example.com'] }) });
    const file = join(engine.folder, 'ca.pem');
    writeFileSync(file, own.cert);
    const error = await refused(at('postgres@', `?sslmode=require&sslrootcert=${file}`));
    expect(error.message).toMatch(/does not match certificate's altnames/);
  });

  it('refuses a server without TLS where TLS is asked for', async () => {
    engine = await startPostgres();
    const error = await refused(at('postgres@', '?sslmode=require'));
    expect(error.message).toContain('The server does not support SSL connections');
    expect(isPermanent(error)).toBe(true);
  });

  it('presents a certificate to a server that asks for one: sslcert, sslkey', async () => {
    engine = await startPostgres({ tls: identity });
    const client = own.issue({ name: 'postgres', usage: 'client' });
    const files = { ca: own.cert, cert: client.cert, key: client.key };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(engine.folder, `${name}.pem`), text);
    const { folder } = engine;
    await works(at('postgres@', `?sslrootcert=${folder}/ca.pem&sslcert=${folder}/cert.pem&sslkey=${folder}/key.pem`));
    for (const [query, says] of [
      [`?sslcert=${folder}/cert.pem`, 'belong together'],
      [`?sslmode=disable&sslrootcert=${folder}/ca.pem`, 'without TLS (sslmode=disable), "sslrootcert" has no meaning'],
      [`?ssl=true&sslmode=require`, 'the option "ssl" says all of TLS: remove "sslmode"'],
      ['?ssl=maybe', 'the option "ssl" must be on or off'],
      ['?sslmode=prefer', 'must be disable or no-verify or require or verify-ca or verify-full'],
    ] as const) {
      const error = await refused(at('postgres@', query));
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toContain(says);
    }
  });
});
