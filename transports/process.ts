import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import here from 'node:process';
import { readOptions } from '../src/contract/address.js';
import type {
  Accept,
  Address,
  FramingFactory,
  Limits,
  Logger,
  Transport,
  TransportFactory,
  Wire,
} from '../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../src/contract/errors.js';
import { framingFor } from '../src/contract/framing/framings.js';
import { PartialFrames } from './shared/partial-frames.js';
import { splitCommand } from './shared/stream/command.js';
import { explain } from './shared/stream/errors.js';
import type { StreamHost } from './shared/stream/link.js';
import { logLines } from './shared/stream/log.js';
import { type PipedChild, ProcessLink } from './shared/stream/process.js';
import { processAdvice } from './shared/typescript-advice.js';

const MARKS =
  'If the question mark belongs to the command line, put that argument in quotes, or use { url: "process:", command: "node", args: ["server.js"] }';

/**
 * `process:command args`: starts a program and communicates with it over its standard input and output; the program
 * opens `stdio:`. The command line is split as a shell does it, with quotes and backslashes, but no shell is run. The
 * options of this transport begin at a question mark; a question mark that belongs to the command line is quoted or
 * written as `%3F`. The id of the peer is `process:<pid>`.
 *
 * Options: `framing`; `stderr`, what happens to the standard error of the program: `inherit` (default), `ignore`, or
 * `log` for warnings of the logger; `grace`, how many milliseconds the program has to exit when the link is closed, and
 * again after SIGTERM, before it is killed (2,000). In an object only: `command`, the program, `args`, `cwd`, and
 * `env`, which is added to the environment of this process (undefined removes a variable).
 *
 * Throws a UsageError when it must listen, and for an invalid command. If the program exits on its own, the link
 * ends with ConnectionLost, whose message has the exit code.
 */
const process: TransportFactory = (address, wire) => {
  const options = readOptions(
    address,
    {
      framing: 'text',
      stderr: ['inherit', 'ignore', 'log'],
      grace: 'number',
      command: 'text',
      args: 'any',
      cwd: 'text',
      env: 'any',
    },
    MARKS,
  );
  if (wire.listen) {
    throw new UsageError(
      'process: starts a program and connects to it, so it cannot be served; serve stdio: in the program',
    );
  }
  const [command, ...args] = [...commandOf(address, options.command), ...argumentsOf(options.args)];
  if (command === undefined) {
    throw new UsageError(
      `"${address.text}" does not name a program; expected process:command args, as in process:node child.js`,
    );
  }
  return new Process({
    command,
    args,
    cwd: options.cwd,
    env: environmentOf(options.env),
    stderr: options.stderr ?? 'inherit',
    grace: options.grace ?? 2_000,
    framing: framingFor(options.framing, wire),
    wire,
  });
};

export default process;

interface ProcessPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly stderr: 'inherit' | 'ignore' | 'log';
  readonly grace: number;
  readonly framing: FramingFactory;
  readonly wire: Wire;
}

class Process implements Transport, StreamHost {
  readonly dials = true;
  readonly address: string;
  readonly limits: Limits;
  readonly frameBytes: number;
  readonly partial: PartialFrames;
  readonly logger: Logger;
  private readonly plan: ProcessPlan;
  private link: ProcessLink | undefined;
  private opened = false;
  private closing = false;
  /** Resolves when the child has exited, if there is one. */
  private over: Promise<void> = Promise.resolve();
  private isOver: () => void = () => {};

  constructor(plan: ProcessPlan) {
    this.plan = plan;
    this.address = `process:${[plan.command, ...plan.args].map(quoted).join(' ')}`;
    this.limits = plan.wire.limits;
    this.frameBytes = plan.wire.limits.frameBytes;
    this.partial = new PartialFrames(plan.wire.memory);
    this.logger = plan.wire.logger;
  }

  open(accept: Accept): Promise<void> {
    if (this.opened) return Promise.reject(new UsageError(`${this.address} is opened only once`));
    if (this.closing) return Promise.reject(this.closedBefore());
    this.opened = true;
    this.over = new Promise((resolve) => {
      this.isOver = resolve;
    });
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        this.isOver();
        reject(this.explained(error));
      };
      let child: PipedChild;
      try {
        child = this.spawn();
      } catch (error) {
        failed(error as Error);
        return;
      }
      child.once('error', failed);
      child.once('spawn', () => {
        // From here on the only error is a signal that cannot be sent, which shows because the child stays alive.
        child.off('error', failed).on('error', () => {});
        if (this.closing) {
          child.once('close', () => failed(this.closedBefore())).kill('SIGKILL');
        } else {
          this.up(child, accept);
          resolve();
        }
      });
    });
  }

  close(): Promise<void> {
    this.closing = true;
    this.link?.close();
    return this.over;
  }

  gone(): void {
    this.isOver();
  }

  private spawn(): PipedChild {
    const { command, args, cwd, env, stderr } = this.plan;
    return spawn(command, args, {
      cwd,
      env,
      stdio: ['pipe', 'pipe', stderr === 'log' ? 'pipe' : stderr],
      windowsHide: true,
    }) as PipedChild;
  }

  private up(child: PipedChild, accept: Accept): void {
    const { command, args, grace, framing, wire } = this.plan;
    const frames = framing(wire.form as 'text' | 'bytes', wire.limits.frameBytes);
    this.link = new ProcessLink(child, { command, advice: processAdvice(command, args), grace }, frames, this);
    const { peer } = this.link;
    if (child.stderr !== null) logLines(child.stderr, (line) => wire.logger.warn(`${peer}: ${line}`));
    this.link.start(accept);
  }

  private explained(error: Error): ConnectionLost {
    if (error instanceof ConnectionLost) return error;
    const { command, cwd } = this.plan;
    const missing =
      cwd !== undefined && !existsSync(cwd)
        ? `the directory "${cwd}" does not exist; check the option "cwd"`
        : 'the program was not found; check its name and the PATH';
    return explain(`cannot start "${command}"`, error, { ENOENT: missing, EACCES: 'the file is not executable' });
  }

  private closedBefore(): ConnectionLost {
    return new ConnectionLost(`${this.address} was closed before it was open`);
  }
}

function commandOf(address: Address, command: string | undefined): string[] {
  // The form `process:(command line)` puts it in parentheses.
  const line = address.rest.trim().replace(/^\((.*)\)$/s, '$1');
  if (command === undefined) return splitCommand(line);
  if (line === '') return [command];
  throw new UsageError(`"${address.text}" names a program, and so does the option "command"; omit one of them`);
}

function argumentsOf(args: unknown): readonly string[] {
  if (args === undefined) return [];
  if (Array.isArray(args) && args.every((arg) => typeof arg === 'string')) return args;
  throw new UsageError('process: the option "args" must be an array of strings');
}

function environmentOf(env: unknown): NodeJS.ProcessEnv | undefined {
  if (env === undefined) return undefined;
  if (typeof env === 'object' && env !== null) return { ...here.env, ...env };
  throw new UsageError('process: the option "env" must be an object of strings');
}

/** In the form of an address. */
function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) && !/%3f/i.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`;
}
