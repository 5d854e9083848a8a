import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Producer, startChild } from '../support/stream-children.js';
import type { DurableEngine } from './engines.js';

/** How many jobs there are, how many workers and producers are killed, and how often the server is restarted, if there is one. */
export interface Killing {
  readonly jobs: number;
  readonly kills: number;
  readonly producers: number;
  readonly restarts: number;
  readonly inFlight: number;
}

/** What has become of the jobs. */
export interface Killed {
  /** Those that were neither done nor are dead. */
  readonly lost: readonly number[];
  /** How many times a job was done again. */
  readonly doubles: number;
  readonly dead: readonly number[];
  /** How many tasks the queue still has to give out. */
  readonly pending: number;
}

/**
 * Has jobs done by four workers, of which one after the other is killed by SIGKILL while it works; the producer is killed too, and the server
 * restarted. Each kill has its share of the jobs, so that there is work when it comes. Every hundredth job fails for good.
 */
export async function kill(engine: DurableEngine, plan: Killing): Promise<Killed> {
  const { jobs, kills, producers, restarts, inFlight } = plan;
  const folder = mkdtempSync(join(tmpdir(), 'obverse-killing-'));
  const file = join(folder, 'done.txt');
  writeFileSync(file, '');
  const address = engine.address('killed');
  const worker = (): Promise<ChildProcess> =>
    startChild('worker', `${address}&inFlight=${inFlight}&lease=5000&backoff=50&attempts=100`, file);
  const producer = new Producer(address);
  const workers = [worker(), worker(), worker(), worker()];
  try {
    await Promise.all([producer.start(), ...workers]);
    for (let n = 0; n <= kills; n++) {
      const stored = Math.floor((jobs * n) / (kills + 1));
      producer.allow(Math.floor((jobs * (n + 1)) / (kills + 1)));
      await producer.hasStored(stored + 1);
      if (isTurn(n, producers, kills)) {
        await producer.kill();
        await producer.start();
      }
      if (isTurn(n, restarts, kills)) {
        // Who starts meanwhile would find no server.
        await Promise.all(workers);
        await engine.restart?.(async () => {});
      }
      if (n === kills) break;
      await pause(Math.random() * 60);
      (await workers[n % 4])?.kill('SIGKILL');
      workers[n % 4] = worker();
    }
    await producer.hasStored(jobs);
    return await settled(engine, file, jobs);
  } finally {
    await producer.kill();
    for (const started of await Promise.allSettled(workers))
      if (started.status === 'fulfilled') started.value.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether something that happens so many times happens now, of so many steps. */
function isTurn(step: number, times: number, steps: number): boolean {
  return Math.floor(((step + 1) * times) / (steps + 1)) > Math.floor((step * times) / (steps + 1));
}

/** Waits until every job is done or dead and nothing is pending, or until nothing changes any more. */
async function settled(engine: DurableEngine, file: string, jobs: number): Promise<Killed> {
  const all = (): number[] => readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
  let dead: number[] = [];
  let pending = 0;
  for (let before = '', quiet = 0; quiet < 60; ) {
    await pause(200);
    dead = (await engine.dead('killed')).map(({ body }) => (JSON.parse(body) as { params: { n: number } }).params.n);
    pending = await engine.pending('killed');
    const known = new Set([...all(), ...dead]).size;
    if (known === jobs && pending === 0) break;
    const now = `${known} ${pending}`;
    quiet = now === before ? quiet + 1 : 0;
    before = now;
  }
  const done = all();
  const known = new Set([...done, ...dead]);
  const lost = Array.from({ length: jobs }, (_each, n) => n).filter((n) => !known.has(n));
  return { lost, doubles: done.length - new Set(done).size, dead: dead.sort((a, b) => a - b), pending };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
