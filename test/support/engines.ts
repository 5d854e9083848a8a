import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Whether a test of a broker or a database can run here. */
export interface Found {
  /** The path of the program; undefined if there is none. */
  readonly program: string | undefined;
  readonly absent: boolean;
  /** The end of the title of tests that are skipped: why. Empty if the program exists. */
  readonly why: string;
}

/**
 * Looks for the program of an engine on the PATH, and where Debian installs servers. `install` is what a person has to run,
 * `others` further folders. With
 * `OBVERSE_ENGINES=all`, as `.ci/run` sets it, it is an error if there is none; otherwise its tests are skipped.
 */
export function findEngine(name: string, install: string, others: readonly string[] = []): Found {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', ...others];
  const program = folders.map((folder) => join(folder, name)).find(isProgram);
  if (program !== undefined) return { program, absent: false, why: '' };
  const reason = `no ${name} here: ${install}`;
  if (process.env.OBVERSE_ENGINES === 'all') throw new Error(`OBVERSE_ENGINES=all, but there is ${reason}`);
  process.stderr.write(`skipped: ${reason}\n`);
  return { program: undefined, absent: true, why: ` (n/a: ${reason})` };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export interface EnginePlan {
  readonly program: string;
  /** Its arguments, with a free port and an empty folder of its own. */
  args(port: number, folder: string): readonly string[];
  /** What it writes, to either output, when it accepts connections. */
  readonly ready: RegExp;
  /** What asks it to end: SIGTERM by default. */
  readonly stop?: NodeJS.Signals;
}

/** A server that a test has started. */
export class Engine {
  private child: ChildProcess | undefined;
  private output = '';
  private readonly atExit = (): void => void this.child?.kill('SIGKILL');

  private constructor(
    private readonly plan: EnginePlan,
    readonly port: number,
    /** Its folder, which `end` removes. */
    readonly folder: string,
  ) {}

  /** Starts an engine on a free port; resolves when it accepts connections. */
  static async start(plan: EnginePlan): Promise<Engine> {
    const folder = mkdtempSync(join(tmpdir(), 'obverse-engine-'));
    for (let attempt = 1; ; attempt++) {
      const engine = new Engine(plan, await freePort(), folder);
      try {
        await engine.start();
        return engine;
      } catch (error) {
        // Another process may have taken the port in between.
        if (attempt < 3 && /in use/.test(String(error))) continue;
        rmSync(folder, { recursive: true, force: true });
        throw error;
      }
    }
  }

  /** Starts it again on its port and in its folder, after `kill` or `stop`. */
  start(): Promise<void> {
    const { plan, port, folder } = this;
    const child = spawn(plan.program, plan.args(port, folder), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.output = '';
    process.once('exit', this.atExit);
    return new Promise((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          this.output += text;
          if (plan.ready.test(this.output)) resolve();
        });
      }
      child.once('error', reject);
      child.once('close', (code, signal) =>
        reject(new Error(`${plan.program} ended with ${code ?? signal}: ${this.output}`)),
      );
    });
  }

  /** Ends it as a crash does. */
  kill(): Promise<void> {
    return this.signal('SIGKILL');
  }

  /** Asks it to end, and waits until it has. */
  stop(): Promise<void> {
    return this.signal(this.plan.stop ?? 'SIGTERM');
  }

  /** Ends it and removes its folder. */
  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private signal(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    process.off('exit', this.atExit);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('close', () => resolve());
      child.kill(signal);
    });
  }
}
