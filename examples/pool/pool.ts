import { fileURLToPath } from 'node:url';
import type { Inverted, Side } from 'obverse';
import { Primes } from './primes.js';

type Worker = Side<Inverted<Primes>>;
const program = fileURLToPath(new URL('worker.mjs', import.meta.url));

/** Threads that count primes: each has one job at a time, and the others wait. */
export class Pool {
  private readonly idle: Worker[];
  private readonly waiting: ((worker: Worker) => void)[] = [];
  private readonly workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.workers = workers;
    this.idle = [...workers];
  }

  /** Starts `size` threads. */
  static async of(size: number): Promise<Pool> {
    const start = (): Promise<Worker> => Primes.invert().connect(`worker:${program}`, { codec: 'clone' });
    return new Pool(await Promise.all(Array.from({ length: size }, start)));
  }

  /** Counts in parts, one for each thread. An aborted signal stops them all, including those that wait. */
  async count(
    to: number,
    options: { signal?: AbortSignal; onProgress?: (looked: number) => void } = {},
  ): Promise<number> {
    const size = Math.ceil(to / this.workers.length);
    const parts = this.workers.map((_, n) => ({ from: n * size, to: Math.min((n + 1) * size, to) }));
    const looked = parts.map(() => 0);
    const counts = parts.map((part, n) =>
      this.withWorker((worker) => {
        const onProgress = (done: number): void => {
          looked[n] = done;
          options.onProgress?.(looked.reduce((sum, each) => sum + each));
        };
        const { signal } = options;
        return worker.to(null, { onProgress, timeout: 60_000, ...(signal && { signal }) }).count(part);
      }),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count);
  }

  private async withWorker<T>(job: (worker: Worker) => Promise<T>): Promise<T> {
    const worker = this.idle.pop() ?? (await new Promise<Worker>((resolve) => this.waiting.push(resolve)));
    try {
      return await job(worker);
    } finally {
      const next = this.waiting.shift();
      if (next !== undefined) next(worker);
      else this.idle.push(worker);
    }
  }

  /** Ends the threads. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
  }
}
