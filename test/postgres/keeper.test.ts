import pg from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { testKeeper } from '../../src/testing/index.js';
import makePostgres from '../../transports/postgres.js';
import type { Engine } from '../support/engines.js';
import { databaseOf, postgres, startPostgres } from '../support/postgres-server.js';

describe.skipIf(postgres.absent)(`a queue in PostgreSQL${postgres.why}`, () => {
  let engine: Engine;
  let bare: pg.Pool;
  beforeAll(async () => {
    engine = await startPostgres();
    bare = new pg.Pool({ connectionString: databaseOf(engine) }).on('error', () => {});
  }, 60_000);
  afterAll(async () => {
    await bare.end();
    await engine.end();
  });

  let used = 0;
  const address = (query = ''): string => `${databaseOf(engine)}?queue=jobs${used}${query}`;
  testKeeper(
    { describe, it },
    {
      name: 'a keeper',
      fresh: () => void used++,
      writer: (wire) => makePostgres(parseAddress(address()), wire),
      worker: (wire) => makePostgres(parseAddress(address('&attempts=3&backoff=50&inFlight=4&lease=2000')), wire),
      async dead() {
        const sql = `SELECT convert_from(body, 'UTF8') AS body, error AS reason FROM obverse_tasks WHERE queue = $1 AND state = 'dead' ORDER BY id`;
        return (await bare.query<{ body: string; reason: string }>(sql, [`jobs${used}`])).rows;
      },
    },
  );
});
