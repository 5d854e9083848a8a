import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const programOf = (name: string): string => fileURLToPath(new URL(`./stream-${name}.ts`, import.meta.url));

/** Starts a worker or a producer; resolves when it is ready. */
export async function startChild(name: 'worker' | 'producer', ...args: string[]): Promise<ChildProcess> {
  const child = fork(programOf(name), args, { execArgv: ['--import', 'tsx'] });
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code, signal) => reject(new Error(`a ${name} ended with ${code ?? signal}`)));
  });
  return child;
}

/** A producer that is started again where it was after each `kill`. */
export class Producer {
  /** How many jobs `flush` has confirmed. */
  stored = 0;
  private child: ChildProcess | undefined;
  private allowed = 0;
  private told: (() => void)[] = [];

  constructor(private readonly address: string) {}

  async start(): Promise<void> {
    const child = await startChild('producer', this.address, `${this.stored}`);
    child.on('message', (stored: number) => {
      this.stored = Math.max(this.stored, stored);
      for (const tell of this.told.splice(0)) tell();
    });
    this.child = child;
    child.send(this.allowed);
  }

  /** Lets it write so many jobs. */
  allow(upTo: number): void {
    this.allowed = upTo;
    this.child?.send(upTo);
  }

  /** Resolves when so many jobs are stored. */
  async hasStored(count: number): Promise<void> {
    while (this.stored < count) await new Promise<void>((resolve) => this.told.push(resolve));
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}
