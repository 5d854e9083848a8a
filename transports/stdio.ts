import type { Readable, Writable } from 'node:stream';
import { readOptions } from '../src/contract/address.js';
import type {
  Accept,
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
import { type StreamHost, StreamLink } from './shared/stream/link.js';
import { StdioLink } from './shared/stream/stdio.js';

/**
 * `stdio:`: a single peer at the other end of standard input and output, such as the program that started this one with
 * `process:`. Serve and connect do the same. The transport writes nothing but frames; the program must print anything
 * else to standard error.
 *
 * The link ends cleanly when standard input ends or when nobody reads standard output. After `close`, the streams are
 * released: they stay open and do not keep the process alive.
 *
 * Options: `framing`; in an object, `input` and `output`, any two streams to use instead, which are ended with the
 * link. `open` rejects with a UsageError while another link uses the streams.
 */
const stdio: TransportFactory = (address, wire) => {
  const options = readOptions(address, { framing: 'text', input: 'any', output: 'any' });
  if (address.rest.replace(/^\/\//, '') !== '') {
    throw new UsageError(
      `"${address.text}"; expected stdio: without anything after it; options follow a question mark`,
    );
  }
  const framing = framingFor(options.framing, wire);
  const { input, output } = options;
  if (input === undefined && output === undefined) return new Stdio(undefined, framing, wire);
  if (!isReadable(input))
    throw new UsageError('stdio: the option "input" must be a readable stream, given together with "output"');
  if (!isWritable(output))
    throw new UsageError('stdio: the option "output" must be a writable stream, given together with "input"');
  return new Stdio({ input, output }, framing, wire);
};

export default stdio;

interface Streams {
  readonly input: Readable;
  readonly output: Writable;
}

/** Streams that carry a link now; two readers of one stream would each get a part of it. */
const inUse = new WeakSet<object>();

class Stdio implements Transport, StreamHost {
  readonly address = 'stdio:';
  readonly dials: boolean;
  readonly limits: Limits;
  readonly frameBytes: number;
  readonly partial: PartialFrames;
  readonly logger: Logger;
  private readonly wire: Wire;
  private readonly framing: FramingFactory;
  /** Undefined for the streams of the process: accessing them starts to read. */
  private readonly given: Streams | undefined;
  private link: StreamLink | undefined;
  private closing = false;
  private over: Promise<void> = Promise.resolve();
  private isOver: () => void = () => {};

  constructor(given: Streams | undefined, framing: FramingFactory, wire: Wire) {
    this.given = given;
    this.framing = framing;
    this.wire = wire;
    this.dials = !wire.listen;
    this.limits = wire.limits;
    this.frameBytes = wire.limits.frameBytes;
    this.partial = new PartialFrames(wire.memory);
    this.logger = wire.logger;
  }

  async open(accept: Accept): Promise<void> {
    if (this.closing) throw new ConnectionLost('stdio: was closed before it was open');
    const { input, output } = this.given ?? { input: process.stdin, output: process.stdout };
    if (inUse.has(input) || inUse.has(output)) {
      throw new UsageError(
        'stdio: is already in use: a process has one standard input and output; close the other side first',
      );
    }
    const frames = this.framing(this.wire.form as 'text' | 'bytes', this.limits.frameBytes);
    this.link =
      this.given === undefined
        ? new StdioLink(input, output, frames, this)
        : new StreamLink('stdio', input, output, frames, this);
    inUse.add(input).add(output);
    this.over = new Promise((resolve) => {
      this.isOver = () => {
        inUse.delete(input);
        inUse.delete(output);
        resolve();
      };
    });
    this.link.start(accept);
  }

  close(): Promise<void> {
    this.closing = true;
    this.link?.close();
    return this.over;
  }

  gone(): void {
    this.isOver();
  }
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === 'object' && stream !== null && 'pipe' in stream && 'pause' in stream && 'resume' in stream;
}

function isWritable(stream: unknown): stream is Writable {
  return typeof stream === 'object' && stream !== null && 'write' in stream && 'end' in stream && 'destroy' in stream;
}
