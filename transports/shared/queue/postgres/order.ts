import { messageOf } from '../../../../src/base/thrown.js';
import { time } from '../../../../src/base/time.js';
import type { PostgresClient } from './client.js';
import { LOCK_ORDER } from './schema.js';

/** In ms: when it is looked again whether the index is there, if this side could not make it or another one is making it. */
const AGAIN_MS = 10_000;

/** The index, if there is one; it cannot be used if who was making it has ended before. */
const FIND = `FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE i.indrelid = to_regclass('obverse_tasks') AND c.relname = 'obverse_order'`;
/** Whether readers have an index. */
export const IS_ORDERED = `EXISTS (SELECT 1 ${FIND} AND i.indisvalid)`;

/**
 * The index by which readers find the tasks behind their last one. Each task that is written pays for it, so that the first reader makes it,
 * and not who makes the tables. Readers go on without it meanwhile, and so do writers, however large the table is.
 */
export class ReadingOrder {
  private isMade = false;
  private isMaking = false;
  private notBefore = Number.NEGATIVE_INFINITY;

  /** `failed` is called with why the index could not be made. */
  constructor(
    private readonly client: PostgresClient,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Makes the index if it is missing, and does not wait for that. To be called now and then. */
  ensure(): void {
    if (this.isMade || this.isMaking || time() < this.notBefore) return;
    this.isMaking = true;
    this.make()
      .catch((cause: unknown) => {
        if (this.client.isOver) return;
        this.failed(new Error(`readers are slow without the index obverse_order: ${messageOf(cause)}`, { cause }));
      })
      .finally(() => {
        this.isMaking = false;
        this.notBefore = time() + AGAIN_MS;
      });
  }

  private async make(): Promise<void> {
    const [row] = await this.client.rows<{ found: boolean }>(`SELECT ${IS_ORDERED} AS found`);
    this.isMade = row?.found === true;
    if (!this.isMade) await this.client.alone((query) => this.makeAlone(query));
  }

  /**
   * Who makes an index without locking the table waits for all statements that have begun before: one that waited for the same lock would be
   * waited for. So this is a lock of its own, and nobody waits for it. The end of the connection gives it back.
   */
  private async makeAlone(query: <Row>(text: string) => Promise<readonly Row[]>): Promise<void> {
    const [lock] = await query<{ taken: boolean }>(`SELECT pg_try_advisory_lock(${LOCK_ORDER}) AS taken`);
    if (lock?.taken !== true) return;
    const [index] = await query<{ name: string; valid: boolean }>(
      `SELECT i.indexrelid::regclass::text AS name, i.indisvalid AS valid ${FIND}`,
    );
    if (index?.valid === false) await query(`DROP INDEX CONCURRENTLY ${index.name}`);
    if (index?.valid !== true)
      await query('CREATE INDEX CONCURRENTLY obverse_order ON obverse_tasks (queue, written, id)');
    this.isMade = true;
  }
}
