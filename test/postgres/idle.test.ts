import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { wireFor } from '../../src/testing/transport.js';
import makePostgres from '../../transports/postgres.js';
import type { QueueTransport } from '../../transports/shared/queue/transport.js';
import { Work } from '../durable/work.js';
import type { Engine } from '../support/engines.js';
import { databaseOf, postgres, startPostgres } from '../support/postgres-server.js';

describe.skipIf(postgres.absent)(`a worker of PostgreSQL without tasks${postgres.why}`, () => {
  let engine: Engine;
  const open: AsyncDisposable[] = [];
  beforeAll(async () => {
    engine = await startPostgres();
  }, 60_000);
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
  });
  afterAll(() => engine.end());

  /** In how many ms the store of a worker is to be asked again. */
  async function next(queue: string): Promise<number> {
    const transport = makePostgres(parseAddress(`${databaseOf(engine)}?queue=${queue}`), wireFor({ listen: true }));
    open.push({ [Symbol.asyncDispose]: () => transport.close() });
    await transport.open(() => ({ receive() {}, drained() {}, closed() {} }));
    const { store, terms } = transport as QueueTransport;
    return (await store.exchange(terms, { verdicts: [], most: 4, bytes: 1_000_000, atWork: () => [] })).next;
  }

  it('asks nothing more until it is notified or its poll is due', async () => {
    expect(await next('none')).toBe(Number.POSITIVE_INFINITY);
  });

  it('asks again when the first delayed task is due', async () => {
    const boss = await Work.invert().connect(`${databaseOf(engine)}?queue=later`);
    open.push(boss);
    boss.to(null, { delivery: { delay: 3_600_000 } }).job({ n: 1 });
    boss.to(null, { delivery: { delay: 7_200_000 } }).job({ n: 2 });
    await boss.flush();
    const ms = await next('later');
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThanOrEqual(3_600_000);
  });
});
