import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nats, startNats } from '../../test/support/nats-server.js';
import { databaseOf, postgres, startPostgres } from '../../test/support/postgres-server.js';
import { judge } from './measure.js';
import { Tasks } from './queue-spec.js';
import { Worker } from './workers.js';

const WORKERS = 4;
const TASKS = 4_000;
const TASK_MS = 20;
const CALLS = 10_000;
/** How far a worker may be from its part, in percent of it. */
const MOST = 10;

/** How work is shared by four workers in processes of their own: tasks of queues, and calls. */
export async function bench(): Promise<boolean> {
  let holds = true;
  const folder = mkdtempSync(join(tmpdir(), 'obverse-bench-'));
  try {
    holds = (await shareTasks('sqlite:', `sqlite:${join(folder, 'tasks.db')}?queue=fair`)) && holds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (!postgres.absent) {
    const engine = await startPostgres();
    holds = (await shareTasks('postgres:', `${databaseOf(engine)}?queue=fair`)) && holds;
    await engine.end();
  }
  if (!nats.absent) {
    const engine = await startNats({ jetstream: true });
    const server = `nats://127.0.0.1:${engine.port}`;
    holds = (await shareTasks('nats: with stream', `${server}/tasks?stream=TASKS`)) && holds;
    holds = (await shareCalls('nats:', `${server}/calls`, () => `${server}/calls`)) && holds;
    await engine.end();
  }
  const parts = (addresses: readonly string[]): string => `balance:${addresses.map((each) => `(${each})`).join('')}`;
  return (await shareCalls('balance:', 'tcp://127.0.0.1:0', parts)) && holds;
}

function start(address: string): Promise<Worker[]> {
  return Promise.all(Array.from({ length: WORKERS }, () => Worker.start(address, TASK_MS)));
}

function counts(workers: readonly Worker[]): Promise<number[]> {
  return Promise.all(workers.map((worker) => worker.done()));
}

async function shareTasks(name: string, address: string): Promise<boolean> {
  const boss = await Tasks.invert().connect(address);
  const workers = await start(address);
  for (let n = 0; n < TASKS; n++) boss.remote.job({ n });
  await boss.flush();
  let done = await counts(workers);
  for (; sum(done) < TASKS; done = await counts(workers)) await sleep(50);
  await Promise.all([boss.close(), ...workers.map((worker) => worker.stop())]);
  return report(`${name}, ${TASKS} tasks of ${TASK_MS} ms`, done);
}

async function shareCalls(
  name: string,
  served: string,
  addressOf: (addresses: readonly string[]) => string,
): Promise<boolean> {
  const workers = await start(served);
  const client = await Tasks.invert().connect(addressOf(workers.map(({ address }) => address)));
  let left = CALLS;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await client.remote.add({ a: 2, b: 40 });
  };
  await Promise.all(Array.from({ length: 64 }, lane));
  const done = await counts(workers);
  await Promise.all([client.close(), ...workers.map((worker) => worker.stop())]);
  return report(`${name}, ${CALLS} calls`, done);
}

function report(what: string, done: readonly number[]): boolean {
  const part = sum(done) / WORKERS;
  const farthest = Math.max(...done.map((count) => Math.abs(count - part)));
  return judge(`${what}: ${done.join(', ')}; percent off a quarter`, (100 * farthest) / part, { most: MOST });
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
