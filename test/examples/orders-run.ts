import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root } from '../docs/pages.js';

const program = ['--import', 'tsx', 'examples/orders/main.ts'];

/** The command of the example, for a shell. */
export const command = [process.execPath, ...program].join(' ');

/** Starts examples/orders as a user does. Its temporary folders are in one of its own, so that whatever it leaves is found. */
export class OrdersRun implements Disposable {
  out = '';
  err = '';
  readonly over: Promise<[code: number | null, signal: string | null]>;
  readonly child: ChildProcess;
  private readonly folder = mkdtempSync(join(tmpdir(), 'obverse-orders-test-'));

  constructor(args: readonly string[], line: readonly string[] = [process.execPath, ...program, ...args]) {
    // What tsx has compiled before.
    const cache = `tsx-${process.getuid?.()}`;
    symlinkSync(join(tmpdir(), cache), join(this.folder, cache));
    this.child = spawn(line[0] as string, line.slice(1), {
      cwd: root,
      env: { ...process.env, TMPDIR: this.folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    this.over = once(this.child, 'close') as Promise<[number | null, string | null]>;
  }

  /** Resolves when it has written this. */
  async writes(text: string): Promise<void> {
    while (!this.out.includes(text)) await once(this.child.stdout!, 'data');
  }

  /** The rows of the table. */
  get rows(): readonly string[] {
    return this.out.split('\n').filter((line) => /^ *\d+ {2}\S/.test(line));
  }

  /** Its folders, and processes that know them. */
  get left(): readonly string[] {
    const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && this.isOf(pid));
    return [...readdirSync(this.folder).filter((name) => name.startsWith('orders-')), ...processes];
  }

  private isOf(pid: string): boolean {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${this.folder}\0`);
    } catch {
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** All of so many orders have arrived everywhere, although five processes were killed; nothing is left. */
export async function expectNoLoss(url: string, count: number): Promise<void> {
  using run = new OrdersRun([url, String(count)]);
  const [code] = await run.over;
  const { out, err, rows } = run;
  expect(err).toBe('');
  expect(rows, out).toHaveLength(count);
  for (const row of rows) expect(row).toMatch(/shop-\d.* {2}worker-\d.* {2}\d+ {2}(yes|\d times) +mail, accounts$/);
  expect(out).toMatch(new RegExp(`^${count} orders, 5 processes killed \\(×\\): ${count} shipped, 0 lost, `, 'm'));
  for (const name of ['worker-1', 'shop-1', 'worker-2', 'mail', 'worker-3']) expect(out).toContain(`${name} is killed`);
  expect(out).toMatch(/worker-\d ×/);
  expect(out).toContain('No order was lost.');
  expect(out).not.toContain('\r');
  expect(code).toBe(0);
  expect(run.left).toEqual([]);
}

/** The first of several ports in a row that nobody listens on. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    // Below those that systems give to programs that ask for any.
    const first = 10_000 + Math.floor(Math.random() * 20_000);
    const free = await Promise.all(Array.from({ length: count }, (_, at) => isFree(first + at)));
    if (free.every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
