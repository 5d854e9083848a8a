import type { Readable, Writable } from 'node:stream';
import { afterTurn } from '../../../src/base/time.js';
import type { Accept, Framing, LinkInfo } from '../../../src/contract/contract.js';
import { codeOf } from './errors.js';
import { unlisten } from './events.js';
import { type StreamHost, StreamLink } from './link.js';

/**
 * A link over the standard streams of this process. They belong to the process: at the end of the link they are
 * released but not closed, and standard input does not keep the process alive.
 */
export class StdioLink extends StreamLink {
  private released = false;

  constructor(input: Readable, output: Writable, framing: Framing, host: StreamHost) {
    super('stdio', input, output, framing, host);
  }

  override get info(): LinkInfo {
    return { ppid: process.ppid };
  }

  override start(accept: Accept): void {
    // An earlier link has left it paused.
    this.input.resume();
    super.start(accept);
  }

  override failed(error: Error): void {
    // Nobody reads the output any more: this is how a pipe reports that the other side is closed.
    if (codeOf(error) === 'EPIPE') {
      this.tell();
      this.destroy();
    } else {
      super.failed(error);
    }
  }

  override streamClosed(): void {
    if (this.state === 'open' && !this.isHalf) this.cut(this.lost('a standard stream was closed'));
  }

  protected override finish(): void {
    this.output.write('', (error) => {
      // The stream emits the error after this call, and without a listener it would end the process.
      if (error) afterTurn(() => this.destroy());
      else this.destroy();
    });
  }

  protected override destroy(): void {
    if (this.released) return;
    this.released = true;
    // While paused, it keeps further input for the next link and does not keep the process alive.
    this.input.pause();
    unlisten(this.input);
    // When a chunk causes the pause, a stream of Node reads on until its buffer is full, and would keep the process
    // alive.
    setImmediate(rest, this.input);
    // An output that could not be flushed may still fail, and that must not end the process.
    if (this.output.writableLength === 0) unlisten(this.output);
    process.nextTick(() => this.freed());
  }
}

/** Stops the reading of an input that is still paused; only pausing it again does so. */
function rest(input: Readable): void {
  if (input.isPaused()) input.resume().pause();
}
