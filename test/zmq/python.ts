import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../docs/pages.js';
import { closing } from './ends.js';

const PYTHON = '/usr/bin/python3';

/** Why there is no aiozmq here, for the title of tests that are skipped; empty if there is. */
export const noPython = (() => {
  try {
    execFileSync(PYTHON, ['-c', 'import aiozmq.rpc'], { stdio: 'ignore' });
    return '';
  } catch {
    const reason = 'no aiozmq.rpc here: apt-get install python3-aiozmq python3-msgpack';
    if (process.env.OBVERSE_ENGINES === 'all') throw new Error(`OBVERSE_ENGINES=all, but there is ${reason}`);
    process.stderr.write(`skipped: ${reason}\n`);
    return ` (n/a: ${reason})`;
  }
})();

/** A program in Python, which ends with its standard input, at the latest with the test. */
export class PythonProgram {
  private readonly child;
  private readonly lines: AsyncIterator<string>;
  private readonly ended: Promise<unknown>;

  constructor(file: string, ...args: string[]) {
    const child = spawn(PYTHON, [join(root, 'test/zmq', file), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child = child;
    this.lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    this.ended = once(child, 'close');
    closing(this);
  }

  /** The next line that it writes; undefined at the end. */
  async line(): Promise<string | undefined> {
    return (await this.lines.next()).value as string | undefined;
  }

  /** All lines that it still writes. */
  async rest(): Promise<string[]> {
    const found: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) found.push(line);
    return found;
  }

  write(line: string): void {
    this.child.stdin.write(`${line}\n`);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Resolves with its exit code. */
  async exit(): Promise<number> {
    const [code] = (await this.ended) as [number];
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.stdin.end();
    await this.ended;
  }
}
