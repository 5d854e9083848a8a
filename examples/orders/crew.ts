import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('role.main.ts', import.meta.url));
/** How many ms a process has to end by itself. */
const PATIENCE = 5_000;

/** What a process does, and where. */
export interface Job {
  readonly role: 'shop' | 'worker' | 'subscriber';
  readonly name: string;
  readonly serves: string;
  readonly writes: string;
}

/** What the processes report. */
export interface Watch {
  began(job: Job, order: number): void;
  ended(job: Job, order: number): void;
  /** It was killed, and starts again. */
  killed(job: Job): void;
  /** It is ready again. */
  restarted(job: Job): void;
  /** It has ended by itself. */
  failed(error: Error): void;
}

/** The processes of the shop. One that is killed is started again. */
export class Crew {
  private readonly running = new Map<string, ChildProcess>();
  private isClosing = false;
  private readonly watch: Watch;

  constructor(watch: Watch) {
    this.watch = watch;
  }

  /** Resolves when the process is ready; rejects if it ends before. */
  async start(job: Job): Promise<void> {
    if (this.isClosing) throw new Error('the shop is closing');
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--disable-warning=ExperimentalWarning', program, job.role, job.name],
      {
        env: { ...process.env, SERVES: job.serves, WRITES: job.writes },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    this.running.set(job.name, child);
    const over = once(child, 'close');
    const ready = new Promise<void>((resolve, reject) => {
      createInterface(child.stdout as NodeJS.ReadableStream).on('line', (line) => {
        if (this.isClosing) return;
        const [word, order] = line.split(' ');
        if (word === 'ready') resolve();
        else if (word === 'begin') this.watch.began(job, Number(order));
        else if (word === 'end') this.watch.ended(job, Number(order));
      });
      over.then(() => reject(new Error(`${job.name} has ended before it was ready`)), reject);
    });
    over.then(([code, signal]) => this.over(job, code, signal), this.watch.failed);
    await ready;
  }

  /** Kills a process, as a crash does. */
  kill({ name }: Job): void {
    this.running.get(name)?.kill('SIGKILL');
  }

  /** Ends all processes; resolves when they have ended. */
  async close(): Promise<void> {
    this.isClosing = true;
    const children = [...this.running.values()];
    const ends = children.map((child) => once(child, 'close'));
    for (const child of children) child.stdin?.end();
    const timer = setTimeout(() => {
      for (const child of children) child.kill('SIGKILL');
    }, PATIENCE);
    await Promise.all(ends);
    clearTimeout(timer);
  }

  private over(job: Job, code: number | null, signal: NodeJS.Signals | null): void {
    this.running.delete(job.name);
    if (this.isClosing) return;
    if (signal !== 'SIGKILL') {
      this.watch.failed(new Error(`${job.name} has ended with ${signal ?? code}`));
      return;
    }
    this.watch.killed(job);
    this.start(job).then(
      () => this.watch.restarted(job),
      (error: Error) => this.watch.failed(error),
    );
  }
}
