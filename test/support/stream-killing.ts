import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { Engine } from './engines.js';
import { startNats } from './nats-server.js';
import { Jobs } from './stream-jobs.js';

const program = fileURLToPath(new URL('./stream-worker.ts', import.meta.url));
/** Ms between two kills. */
const PAUSE = 150;

/** How many jobs there are, how many workers are killed, and how often the server is restarted. */
export interface Killing {
  readonly jobs: number;
  readonly kills: number;
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

/** Has jobs done by four workers, of which one after the other is killed by SIGKILL; the server is restarted meanwhile. */
export async function kill({ jobs, kills, restarts, inFlight }: Killing): Promise<Killed> {
  const engine = await startNats({ jetstream: true });
  const file = join(engine.folder, 'done.txt');
  writeFileSync(file, '');
  const address = `nats://127.0.0.1:${engine.port}/jobs?stream=JOBS`;
  const worker = (): Promise<ChildProcess> =>
    start(`${address}&inFlight=${inFlight}&lease=3000&backoff=50&attempts=100`, file);
  const workers: ChildProcess[] = [];
  const writer = await Jobs.invert().connect(address, { logger: null });
  try {
    workers.push(...(await Promise.all([worker(), worker(), worker(), worker()])));
    const restarting = restart(engine, restarts);
    const killing = (async () => {
      for (let n = 0; n < kills; n++) {
        await pause(PAUSE);
        workers[n % 4]?.kill('SIGKILL');
        workers[n % 4] = await worker();
      }
    })();
    for (let n = 0; n < jobs; n++) {
      writer.remote.job({ n });
      if (n % 500 === 499) await writer.flush();
    }
    await writer.flush();
    await Promise.all([killing, restarting]);
    return await settled(engine, file, jobs);
  } finally {
    for (const child of workers) child.kill('SIGKILL');
    await writer.close();
    await engine.end();
  }
}

async function restart(engine: Engine, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await pause(4 * PAUSE);
    // Not by a signal that kills: the server would lose the acknowledgements that it has not written.
    await engine.stop();
    await engine.start();
  }
}

async function settled(engine: Engine, file: string, jobs: number): Promise<Killed> {
  const all = (): number[] => readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
  let dead: number[] = [];
  for (let before = -1, quiet = 0; quiet < 20; ) {
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

async function start(address: string, file: string): Promise<ChildProcess> {
  const child = fork(program, [address, file], { execArgv: ['--import', 'tsx'] });
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code, signal) => reject(new Error(`a worker ended with ${code ?? signal}`)));
  });
  return child;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
