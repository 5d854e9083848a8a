import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nkeyAuthenticator } from '@nats-io/nats-core';
import { createUser } from '@nats-io/nkeys';
import { afterEach, describe, expect, it } from 'vitest';
import { isPermanent } from '../../src/contract/permanent.js';
import { authority } from '../support/certificates.js';
import { failure } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { makeCredentials } from '../support/nats-jwt.js';
import { nats, startNats, startNatsWith } from '../support/nats-server.js';
import { closeEnds, NatsEnd } from './ends.js';

const own = authority();
const server = own.issue({ name: 'server', usage: 'server' });
const client = own.issue({ name: 'client', usage: 'client' });
const files = { 'cert.pem': server.cert, 'key.pem': server.key, 'ca.pem': own.cert };

describe.skipIf(nats.absent)(`access to a NATS server${nats.why}`, () => {
  let engine: Engine | undefined;
  afterEach(async () => {
    await closeEnds();
    await engine?.end();
    engine = undefined;
  });
  const at = (): string => `nats://127.0.0.1:${engine?.port}/orders`;
  /** One call there and back shows that it is usable. */
  async function calls(options: object): Promise<void> {
    const worker = await NatsEnd.open({ url: at(), ...options }, { listen: true });
    const caller = await NatsEnd.open({ url: at(), ...options });
    (await caller.link(0)).call(1);
    const asked = await worker.link(0);
    await asked.until(() => asked.frames.length === 1);
    await closeEnds();
  }
  const secure = (more = ''): Promise<Engine> =>
    startNatsWith(() => `tls { cert_file: "cert.pem", key_file: "key.pem", ${more} }`, files);

  it('calls over TLS, with the certificate of an authority that is named', async () => {
    engine = await secure();
    await calls({ tls: { ca: own.cert } });
    const file = join(engine.folder, 'ca.pem');
    await calls({ tls: { caFile: file } });
  });

  it('refuses a server whose certificate is of another authority, for good, and says what to name', async () => {
    engine = await secure();
    for (const tls of [{ ca: authority('another').cert }, {}]) {
      const error = await failure(NatsEnd.open({ url: at(), tls }));
      expect(error).toMatchObject({ name: 'ConnectionLost', maybeExecuted: false });
      expect(error.message).toMatch(/certificate.*; name what it has to be issued by: .*caFile: 'ca.pem'/);
      expect(isPermanent(error)).toBe(true);
    }
  });

  it('presents its own certificate to a server that requires one, and is refused without', async () => {
    engine = await secure('ca_file: "ca.pem", verify: true');
    await calls({ tls: { ca: own.cert, cert: client.cert, key: client.key } });
    await failure(NatsEnd.open({ url: at(), tls: { ca: own.cert } }));
  });

  it('refuses a server without TLS, where TLS is required', async () => {
    engine = await startNats();
    await failure(NatsEnd.open({ url: at(), tls: {} }));
  });

  it('authenticates by an nkey', async () => {
    const user = createUser();
    engine = await startNatsWith(() => `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
    await calls({ authenticator: nkeyAuthenticator(user.getSeed()) });
    const error = await failure(NatsEnd.open({ url: at(), authenticator: nkeyAuthenticator(createUser().getSeed()) }));
    expect(error.message).toMatch(/authorization/i);
    expect(isPermanent(error)).toBe(true);
  });

  it('authenticates by a credentials file, by its contents as text and as bytes', async () => {
    const { config, file } = makeCredentials();
    engine = await startNatsWith(() => config);
    const path = join(engine.folder, 'ann.creds');
    writeFileSync(path, file);
    await calls({ credentials: path });
    await calls({ credentials: file });
    await calls({ credentials: new TextEncoder().encode(file) });
    const error = await failure(NatsEnd.open({ url: at(), credentials: makeCredentials().file }));
    expect(error.message).toMatch(/authorization/i);
    expect(error.message).not.toContain('SEED');
    await failure(NatsEnd.open({ url: at(), credentials: join(engine.folder, 'absent.creds') }));
  });

  it('reports a subject that the user may not receive', async () => {
    const users = `{ user: ann, password: a, permissions: { publish: ">", subscribe: ["_INBOX.>"] } }`;
    engine = await startNatsWith(() => `authorization { users: [ ${users} ] }`);
    const error = await failure(NatsEnd.open({ url: at(), user: 'ann', pass: 'a' }, { listen: true }));
    expect(error.message).toMatch(/permissions violation/i);
    expect(isPermanent(error)).toBe(true);
  });
});
