import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A worker in a process of its own. */
export class Worker {
  private constructor(
    private readonly child: ChildProcess,
    /** Where it serves. */
    readonly address: string,
  ) {}

  /** Resolves when it serves. `ms`: how long a job takes. */
  static async start(address: string, ms = 0): Promise<Worker> {
    const child = fork(new URL('./queue-worker.js', import.meta.url), [address, String(ms)]);
    const [actual] = (await once(child, 'message')) as [string];
    return new Worker(child, actual);
  }

  /** How many jobs and calls it has done. */
  async done(): Promise<number> {
    this.child.send('done');
    const [count] = (await once(this.child, 'message')) as [number];
    return count;
  }

  async stop(): Promise<void> {
    this.child.disconnect();
    await once(this.child, 'exit');
  }
}
