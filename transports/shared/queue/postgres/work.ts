import { time } from '../../../../src/base/time.js';
import {
  type Exchange,
  type Exchanged,
  HELD_MS,
  killedEachTime,
  type Renewed,
  type Task,
  type Terms,
  type Verdict,
} from '../store.js';
import { isPassing } from './client.js';
import { bufferOf, HIGHEST, PostgresReaders, type Row } from './readers.js';
import { LONGEST_KEEP, ms, NOW } from './schema.js';

/** How many tasks become due at a time. */
const DUE_AT_ONCE = 1_000;
/** After how many ms it is looked for tasks that have become due, although others wait. */
const DUE_MS = 1_000;
/** A notification has at most 8,000 bytes. */
const MOST_TOLD = 7_900;

/** Of a task that is found by its number. Where it stood as in the index of those that are due, all of these would be looked through. */
const IS_TAKEN = "(t.state = 'taken') IS TRUE";

/**
 * Settles tasks. Its parameters: `$1` is the worker, `$2` to `$8` are what has become of the tasks, `$9` is the channel. A row that somebody
 * else has locked is skipped: who waited for it would let all other tasks wait, too.
 */
const SETTLE = `v AS MATERIALIZED (
    SELECT id, attempt, coalesce(state, 'done') AS state, coalesce(wait, 0) AS wait, answer, error, coalesce(back, 0) AS back
      FROM unnest($2::bigint[], $3::int[], $4::text[], $5::float8[], $6::bytea[], $7::text[], $8::int[])
        AS v(id, attempt, state, wait, answer, error, back)),
  mine AS MATERIALIZED (SELECT v.*, t.keep, t.asks FROM v JOIN obverse_tasks t ON t.id = v.id AND t.attempt = v.attempt
    WHERE t.worker = $1 AND ${IS_TAKEN} FOR NO KEY UPDATE OF t SKIP LOCKED),
  settled AS (UPDATE obverse_tasks t SET state = v.state, due = ${NOW} + ${ms('v.wait')}, answer = v.answer, error = v.error,
    attempt = t.attempt - v.back, worker = NULL, ended = CASE WHEN v.state IN ('done', 'dead') THEN ${NOW} END,
    expires = CASE WHEN v.state = 'done' THEN ${NOW} + ${ms(`least(greatest(v.keep, 0), ${LONGEST_KEEP})`)} END
    FROM mine v WHERE t.id = v.id RETURNING t.id, v.asks, v.state),
  sums AS (SELECT string_agg(id::text, ',') FILTER (WHERE asks AND state IN ('done', 'dead')) AS ids, bool_or(state = 'waiting') AS waits,
    CASE WHEN count(*) < cardinality($2::bigint[]) THEN coalesce(string_agg(id::text, ','), '') END AS settled FROM settled),
  told AS MATERIALIZED (SELECT settled,
    CASE WHEN ids IS NOT NULL THEN pg_notify($9, CASE WHEN length(ids) <= ${MOST_TOLD} THEN 'e' || ids ELSE '' END) END AS ends,
    CASE WHEN waits THEN pg_notify($9, 'w') END AS waits FROM sums)`;

/**
 * Takes tasks, and returns in how many ms something is due. Its parameters: the queue, the worker, how many tasks, their bytes, the lease, and
 * whether to return that; `at` is the number of the first. The numbers of the tasks are an array: for a join, the server would expect a tenth of all
 * tasks, as its plan fits any limit, and read the whole table.
 */
function take(columns: string, at: number): string {
  const [queue, worker, most, bytes, lease, tells] = [0, 1, 2, 3, 4, 5].map((n) => `$${at + n}`);
  return `free AS MATERIALIZED (SELECT id, priority, octet_length(body) AS size FROM obverse_tasks
      WHERE queue = ${queue} AND state = 'waiting' AND ${HIGHEST} ORDER BY priority DESC, id LIMIT ${most}::int FOR UPDATE SKIP LOCKED),
    fits AS (SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY priority DESC, id) - size AS before FROM free) AS s WHERE before < ${bytes}::float8),
    taken AS (UPDATE obverse_tasks t SET state = 'taken', worker = ${worker}::uuid, due = ${NOW} + ${ms(`${lease}::float8`)},
      attempt = least(t.attempt, 2147483646) + 1 WHERE t.id = ANY (ARRAY(SELECT id FROM fits)) RETURNING ${columns}, t.priority),
    next AS MATERIALIZED (SELECT CASE WHEN ${tells}::bool THEN (
      SELECT (extract(epoch FROM greatest(due, to_timestamp(0)) - ${NOW}) * 1000)::float8 FROM (SELECT min(due) AS due FROM obverse_tasks
        WHERE queue = ${queue} AND state IN ('delayed', 'taken') AND due < 'infinity' AND ${HIGHEST}) AS first WHERE due IS NOT NULL) END AS due)`;
}

/** A row has a task, or a number that is null if there is none, and what holds for all of them. */
interface ExchangedRow extends Omit<Row, 'id'> {
  readonly id: string | null;
  readonly priority: number;
  /** Null: all that was to be settled is; otherwise the numbers of those that are. */
  readonly settled?: string | null;
  /** In how many ms something is due; null: nothing is, or it was not asked. */
  readonly due?: number | null;
}

/** What workers need of a database of PostgreSQL. */
export abstract class PostgresWork extends PostgresReaders {
  protected abstract readonly channel: string;
  /** The statements that settle, take, and do both. */
  private readonly settles = `WITH ${SETTLE} SELECT settled FROM told`;
  private readonly takes = `WITH ${take(this.columns, 1)} SELECT next.due, taken.* FROM next LEFT JOIN taken ON true`;
  private readonly both = `WITH ${SETTLE}, ${take(this.columns, 10)}
    SELECT told.settled, next.due, taken.* FROM told CROSS JOIN next LEFT JOIN taken ON true`;
  /** When it was asked last whether something is due. */
  private dueSince = Number.NEGATIVE_INFINITY;
  /** The last time there were fewer tasks than were asked for. */
  private isEmpty = true;
  /** The answer to an exchange was lost, which may have taken tasks, or may still do so: until when, and from when on, it is looked for them. */
  private lostUntil = Number.NEGATIVE_INFINITY;
  private lostFrom = 0;

  async exchange(terms: Terms, wants: Exchange): Promise<Exchanged> {
    if (wants.most > 0 && time() < this.lostUntil && time() >= this.lostFrom) {
      const tasks = await this.findTaken(terms, wants.atWork());
      this.lostFrom = time() + DUE_MS;
      // Nothing was reported yet.
      const held = wants.verdicts.map(({ task }) => task.id);
      if (tasks.length > 0) return { tasks, dead: [], held, next: 0 };
    }
    const tells = this.isEmpty || time() - this.dueSince >= DUE_MS;
    const rows = await this.settleAndTake(terms, wants, tells);
    // From here on nothing may throw: what was taken is to be worked on.
    const tasks = this.inOrder(rows, terms);
    const { settled, due: first = null } = rows[0] ?? {};
    const held = typeof settled === 'string' ? await this.heldOf(terms.worker, wants.verdicts, settled) : [];
    if (wants.most <= 0) return { tasks, dead: [], held, next: Number.POSITIVE_INFINITY };
    this.isEmpty = tasks.length < wants.most;
    if (!tells) return { tasks, dead: [], held, next: this.isEmpty ? 0 : Number.POSITIVE_INFINITY };
    this.dueSince = time();
    // The statement sees what was there before it: not that it has delayed tasks itself.
    const due = wants.verdicts.reduce(
      (least, verdict) => Math.min(least, dueOf(verdict)),
      first ?? Number.POSITIVE_INFINITY,
    );
    if (due > 0) return { tasks, dead: [], held, next: due };
    try {
      const { dead, waits } = await this.makeDue(terms, wants.atWork());
      return { tasks, dead, held, next: waits || dead.length > 0 ? 0 : HELD_MS };
    } catch (failure) {
      return { tasks, dead: [], held, next: HELD_MS, failure };
    }
  }

  private async settleAndTake(terms: Terms, wants: Exchange, tells: boolean): Promise<readonly ExchangedRow[]> {
    const { worker, lease } = terms;
    const { verdicts, most, bytes } = wants;
    const taking = [this.plan.queue, worker, most, bytes, lease, tells];
    if (verdicts.length === 0 && most <= 0) return [];
    try {
      if (verdicts.length === 0) return await this.client.rows<ExchangedRow>(this.takes, taking);
      const settling = [worker, ...columnsOf(verdicts), this.channel];
      if (most <= 0) return await this.client.rows<ExchangedRow>(this.settles, settling);
      return await this.client.rows<ExchangedRow>(this.both, [...settling, ...taking]);
    } catch (error) {
      // Otherwise the server has reported that it did nothing.
      if (most > 0 && isPassing(error)) {
        this.lostUntil = time() + 2 * lease;
        this.lostFrom = time();
      }
      throw error;
    }
  }

  private inOrder(rows: readonly ExchangedRow[], { attempts }: Terms): readonly Task[] {
    const taken = rows.filter((row): row is ExchangedRow & Row => row.id != null);
    taken.sort((a, b) => b.priority - a.priority || Number(a.id) - Number(b.id));
    return taken.map((row) => this.task(row, attempts));
  }

  /** The tasks that are not settled, and still belong to this worker: somebody else has locked their rows. */
  private async heldOf(worker: string, verdicts: readonly Verdict[], settled: string): Promise<readonly number[]> {
    const done = new Set(settled.split(',').map(Number));
    const left = verdicts.filter(({ task }) => !done.has(task.id));
    try {
      const rows = await this.client.rows<{ id: string }>(
        `SELECT t.id FROM unnest($1::bigint[], $2::int[]) AS v(id, attempt) JOIN obverse_tasks t ON t.id = v.id AND t.attempt = v.attempt
          WHERE t.worker = $3 AND ${IS_TAKEN}`,
        [left.map(({ task }) => task.id), left.map(({ task }) => task.attempt), worker],
      );
      return rows.map(({ id }) => Number(id));
    } catch {
      // To settle a task that is settled changes nothing.
      return left.map(({ task }) => task.id);
    }
  }

  /**
   * Tasks that this worker has taken without knowing it: all of them, though they may be more than it has asked for now. Their leases run, and
   * what is left would use up an attempt.
   */
  private async findTaken({ worker, lease, attempts }: Terms, known: readonly number[]): Promise<readonly Task[]> {
    const rows = await this.client.rows<ExchangedRow>(
      `SELECT ${this.columns}, t.priority FROM obverse_tasks t WHERE queue = $1 AND state IN ('delayed', 'taken') AND state = 'taken'
        AND worker = $2 AND due <= ${NOW} + ${ms('$3::float8')} AND ${HIGHEST} AND id <> ALL($4::bigint[])`,
      [this.plan.queue, worker, lease, known],
    );
    return this.inOrder(rows, { worker, lease, attempts });
  }

  /**
   * Delayed tasks whose time has come wait now, and so do those whose workers are gone; some of these are dead. Not the tasks of this worker,
   * whose leases may be over because somebody had locked them.
   */
  private async makeDue(
    { attempts }: Terms,
    own: readonly number[],
  ): Promise<{ readonly dead: Exchanged['dead']; readonly waits: boolean }> {
    const isDead = "due.state = 'taken' AND due.attempt >= coalesce(due.attempts, $2::int)";
    const rows = await this.client.rows<{ id: string | null; error: string }>(
      `WITH due AS MATERIALIZED (SELECT id, state, attempt, attempts FROM obverse_tasks WHERE queue = $1 AND state IN ('delayed', 'taken')
          AND due <= ${NOW} AND ${HIGHEST} AND id <> ALL($4::bigint[]) ORDER BY due LIMIT ${DUE_AT_ONCE} FOR UPDATE SKIP LOCKED),
        dead AS (UPDATE obverse_tasks t SET state = 'dead', worker = NULL, ended = ${NOW},
          error = '${killedEachTime("' || coalesce(t.attempts, $2::int) || '")}' FROM due WHERE t.id = due.id AND ${isDead} RETURNING t.id, t.error),
        back AS (UPDATE obverse_tasks t SET state = 'waiting', worker = NULL FROM due WHERE t.id = due.id AND NOT (${isDead}) RETURNING t.id),
        ids AS (SELECT string_agg(id::text, ',') AS ids FROM dead),
        told AS MATERIALIZED (SELECT pg_notify($3, CASE WHEN length(ids) <= ${MOST_TOLD} THEN 'e' || ids ELSE '' END) FROM ids WHERE ids IS NOT NULL)
      SELECT id, error FROM dead LEFT JOIN told ON true UNION ALL SELECT NULL, '' FROM (SELECT count(*) AS n FROM back) AS c WHERE n > 0`,
      [this.plan.queue, attempts, this.channel, own],
    );
    const dead = rows.flatMap(({ id, error }) => (id === null ? [] : [{ id: Number(id), error }]));
    return { dead, waits: rows.length > dead.length };
  }

  async renew({ worker, lease }: Terms, ids: readonly number[]): Promise<Renewed> {
    const rows = await this.client.rows<{ id: string; renewed: boolean }>(
      `WITH mine AS MATERIALIZED (SELECT id FROM obverse_tasks t
          WHERE id = ANY($1::bigint[]) AND worker = $2 AND ${IS_TAKEN} FOR NO KEY UPDATE SKIP LOCKED),
        renewed AS (UPDATE obverse_tasks t SET due = ${NOW} + ${ms('$3::float8')} FROM mine WHERE t.id = mine.id RETURNING t.id)
      SELECT t.id, renewed.id IS NOT NULL AS renewed FROM obverse_tasks t LEFT JOIN renewed ON t.id = renewed.id
        WHERE t.id = ANY($1::bigint[]) AND t.worker = $2 AND ${IS_TAKEN}`,
      [ids, worker, lease],
    );
    return {
      kept: new Set(rows.map(({ id }) => Number(id))),
      held: rows.flatMap(({ id, renewed }) => (renewed ? [] : [Number(id)])),
    };
  }
}

/** Most tasks are done, and nobody has asked for them: what is not sent is null. */
function columnsOf(verdicts: readonly Verdict[]): unknown[] {
  const sparse = <T>(of: (verdict: Verdict) => T | null): (T | null)[] | null =>
    verdicts.some((verdict) => of(verdict) !== null) ? verdicts.map(of) : null;
  return [
    verdicts.map(({ task }) => task.id),
    verdicts.map(({ task }) => task.attempt),
    sparse(stateOf),
    sparse(({ wait }) => wait || null),
    sparse(({ answer }) => (answer === undefined ? null : bufferOf(answer))),
    sparse(({ error }) => error?.replaceAll('\0', '') ?? null),
    sparse(({ state }) => (state === 'back' ? 1 : null)),
  ];
}

/** In how many ms it is due; `Infinity`: it is not delayed. */
function dueOf(verdict: Verdict): number {
  return stateOf(verdict) === 'delayed' ? verdict.wait : Number.POSITIVE_INFINITY;
}

/** Null: it is done. */
function stateOf({ state, wait }: Verdict): string | null {
  if (state === 'again' || state === 'back') return wait > 0 ? 'delayed' : 'waiting';
  return state === 'done' ? null : state;
}
