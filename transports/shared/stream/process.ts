import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { PRINTED } from '../../../src/base/quote.js';
import { clearTimer, setTimer, type Timer } from '../../../src/base/time.js';
import type { Framing, LinkInfo } from '../../../src/contract/contract.js';
import { ConnectionLost, ProtocolError } from '../../../src/contract/errors.js';
import type { WrongProtocol } from '../../../src/contract/framing/beginning.js';
import { LINGER_MS } from './linger.js';
import { type StreamHost, StreamLink } from './link.js';

/** A child process whose input and output are pipes. */
export interface PipedChild extends ChildProcess {
  stdin: Writable;
  stdout: Readable;
}

/** How a child was started, and how it is ended. */
export interface Program {
  readonly command: string;
  /** A hint for a child that fails before it has written anything. */
  readonly advice: string | undefined;
  /** How many milliseconds the child has to exit by itself, and again after SIGTERM, before it is killed. */
  readonly grace: number;
}

/**
 * A link over the input and output of a child process. It ends when the child has exited and all of its output has been
 * read: only then is the reason known.
 */
export class ProcessLink extends StreamLink {
  private readonly child: PipedChild;
  private readonly program: Program;
  private timer: Timer | undefined;
  /** This side has requested the end, so the exit of the child is expected. */
  private asked = false;

  constructor(child: PipedChild, program: Program, framing: Framing, host: StreamHost) {
    super(`process:${child.pid}`, child.stdout, child.stdin, framing, host);
    this.child = child;
    this.program = program;
    child.on('exit', () => {
      // The other end is closed, so there is not much more to read.
      this.unread?.readAll();
      this.drain();
    });
    child.on('close', (code, signal) => this.exited(code, signal));
  }

  override get info(): LinkInfo {
    return { pid: this.child.pid, command: this.program.command };
  }

  /** A program that serves another address writes nothing to its standard output. */
  get advice(): string | undefined {
    return (this.input as Socket).bytesRead === 0 ? 'check that the program serves stdio:' : undefined;
  }

  override close(reason?: Error): void {
    if (reason === undefined && this.state === 'open') this.asked = true;
    super.close(reason);
  }

  override failed(error: Error): void {
    if (this.state !== 'open') return;
    if (this.output.errored !== error) {
      super.failed(error);
      return;
    }
    // A dead child cannot be distinguished from one that has closed its input: its exit has a better reason, and its
    // output still counts.
    const closedInput = this.lost(`it no longer reads its input (${error.message})`, error);
    this.later(LINGER_MS, () => this.cut(closedInput));
  }

  /** It does not matter yet that the child has closed both; its `close` event does. */
  override streamClosed(): void {}

  protected override noMore(reason?: Error): void {
    if (reason !== undefined) {
      this.cut(reason);
      return;
    }
    this.state = 'ending';
    this.finish();
    this.later(this.program.grace, () => {
      this.reason ??= this.lost('it closed its output but did not exit');
      this.kill('SIGTERM');
    });
  }

  protected override refuse(error: WrongProtocol): void {
    this.cut(new ProtocolError(`${error.message} (${PRINTED})`, error.code));
  }

  protected override linger(): void {
    this.later(this.program.grace, () => this.kill('SIGTERM'));
  }

  protected override destroy(): void {
    super.destroy();
    this.kill('SIGTERM');
  }

  protected override lost(what: string, cause?: Error): ConnectionLost {
    return new ConnectionLost(`the link to ${this.name()} was lost: ${what}`, cause && { cause });
  }

  /** SIGTERM, then SIGKILL if the child does not exit. */
  private kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    if (signal === 'SIGTERM') this.later(this.program.grace, () => this.kill('SIGKILL'));
  }

  /**
   * The child has exited, and Node reads the rest of its pipes even if the receiver has paused. But a program that the
   * child has started may hold them open forever: they are closed when nothing is left to deliver.
   */
  private drain(): void {
    this.later(LINGER_MS, () => {
      if (this.state === 'open' && (this.input.isPaused() || this.input.readableLength > 0)) {
        this.drain();
      } else {
        this.input.destroy();
        this.child.stderr?.destroy();
      }
    });
  }

  private exited(code: number | null, signal: NodeJS.Signals | null): void {
    clearTimer(this.timer);
    if (!this.asked || !this.output.writableFinished) {
      const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
      const isFailure = code !== 0 && (this.input as Socket).bytesRead === 0;
      const advice = isFailure && this.program.advice !== undefined ? `; ${this.program.advice}` : '';
      this.reason ??= new ConnectionLost(`${this.name()} ${how}${advice}`);
    }
    this.freed();
  }

  private name(): string {
    return `the process "${this.program.command}" (pid ${this.child.pid})`;
  }

  /** Only one timer runs at a time. */
  private later(ms: number, act: () => void): void {
    clearTimer(this.timer);
    this.timer = setTimer(ms, act);
  }
}
