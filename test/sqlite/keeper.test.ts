import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { testKeeper } from '../../src/testing/index.js';
import { sqliteOpener } from '../../transports/shared/queue/sqlite/driver.js';
import makeSqlite from '../../transports/sqlite.js';

describe('a queue in a file of SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'obverse-sqlite-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  let used = 0;
  const file = (): string => join(folder, `jobs${used}.db`);
  const address = (query = ''): string => `sqlite:${file()}?queue=jobs${query}`;
  testKeeper(
    { describe, it },
    {
      name: 'a keeper',
      fresh: () => void used++,
      writer: (wire) => makeSqlite(parseAddress(address()), wire),
      worker: (wire) => makeSqlite(parseAddress(address('&attempts=3&backoff=50&inFlight=4&lease=2000')), wire),
      async dead() {
        const db = new (await sqliteOpener())(file());
        try {
          const sql =
            "SELECT CAST(body AS TEXT) AS body, error AS reason FROM obverse_tasks WHERE state = 'dead' ORDER BY id";
          return db
            .prepare(sql)
            .all()
            .map((row) => ({ ...(row as { body: string; reason: string }) }));
        } finally {
          db.close();
        }
      },
    },
  );
});
