import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { Engine } from './engines.js';
import { startNats } from './nats-server.js';
import { Producer, startChild } from './stream-children.js';

/** How many jobs there are, how many workers and producers are killed, and how often the server is restarted. */
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
}

/**
 * Has jobs done by four workers, of which one after the other is killed by SIGKILL while it works; the producer is killed too, and the server
 * restarted. Each kill has its share of the jobs, so that there is work when it comes.
 */
export async function kill({ jobs, kills, producers, restarts, inFlight }: Killing): Promise<Killed> {
  const engine = await startNats({ jetstream: true });
  const file = join(engine.folder, 'done.txt');
  writeFileSync(file, '');
  const address = `nats://127.0.0.1:${engine.port}/jobs?stream=JOBS`;
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
        // Not by a signal that kills: the server would lose acknowledgements that it has confirmed and not written.
        await engine.stop();
        await engine.start();
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
    for (const child of await Promise.all(workers)) child.kill('SIGKILL');
    await engine.end();
  }
}

/** Whether something that happens so many times happens now, of so many steps. */
function isTurn(step: number, times: number, steps: number): boolean {
  return Math.floor(((step + 1) * times) / (steps + 1)) > Math.floor((step * times) / (steps + 1));
}

async function settled(engine: Engine, file: string, jobs: number): Promise<Killed> {
  const all = (): number[] => readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
  let dead: number[] = [];
  for (let before = -1, quiet = 0; quiet < 60; ) {
    await pause(200);
    dead = await deadJobs(engine.port);
    const now = new Set([...all(), ...dead]).size;
    if (now === jobs) break;
    quiet = now === before ? quiet + 1 : 0;
    before = now;
  }
  const done = all();
  const known = new Set([...done, ...dead]);
  const lost = Array.from({ length: jobs }, (_each, n) => n).filter((n) => !known.has(n));
  return { lost, doubles: done.length - new Set(done).size, dead: dead.sort((a, b) => a - b) };
}

async function deadJobs(port: number): Promise<number[]> {
  const bare = await connect({ servers: `127.0.0.1:${port}` });
  try {
    const { streams } = await jetstreamManager(bare);
    const found: number[] = [];
    for (let seq = 1; ; seq++) {
      // The types of the client do not know that the server looks for the next one of a subject.
      const next = { seq, next_by_subj: 'jobs._dead' } as { seq: number };
      const message = await streams.getMessage('JOBS', next).catch(() => null);
      if (message === null) return found;
      found.push((JSON.parse(message.string()) as { params: { n: number } }).params.n);
      seq = message.seq;
    }
  } finally {
    await bare.close();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
