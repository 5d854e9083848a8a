import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../docs/pages.js';
import { until } from '../support/core-waiting.js';

/** One end of a chat in a process of its own. */
export class Program implements AsyncDisposable {
  private output = '';
  private isOver = false;

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    child.once('close', () => {
      this.isOver = true;
    });
  }

  /** Resolves when it is ready. `file` is one of this folder, which is given the role and the address. */
  static async start(role: string, address: string, file = 'program.ts'): Promise<Program> {
    const args = ['--import', 'tsx', join(root, 'test/beyond', file), role, address];
    const program = new Program(spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] }));
    await program.writes('ready');
    return program;
  }

  /** Where it serves. */
  get address(): string {
    return /^ready (.+)$/m.exec(this.output)?.[1] ?? '';
  }

  /** Resolves when it has written a line that begins so. */
  async writes(line: string): Promise<void> {
    const written = new RegExp(`^${line}\\b`, 'm');
    await until(() => {
      if (this.isOver) throw new Error(`the program has ended: ${this.output}`);
      return written.test(this.output);
    });
  }

  /** It does nothing more, and its connections stay. */
  stop(): void {
    this.child.kill('SIGSTOP');
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await until(() => this.isOver);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isOver) await this.kill();
  }
}
