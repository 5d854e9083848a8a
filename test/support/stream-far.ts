import net from 'node:net';
import type { Accept, Frame, Link, Receiver, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import { onLine } from './stream-lines.js';

type Told =
  | { up: true }
  | { buffered: number; drained?: true }
  | { text: string }
  | { bytes: string }
  | { closed: true; reason?: { name: string; message: string; code?: number } };

/**
 * Represents in this process the `stdio:` of programs that other processes start: `address` is what starts one. The
 * program applies to its own link what the suite requests here.
 */
export class FarStdio implements Transport {
  address = '';
  private readonly server = net.createServer((socket) => this.up(socket));
  private readonly links = new Set<FarLink>();
  private accept!: Accept;

  constructor(
    private readonly program: string,
    private readonly wire: Wire,
  ) {}

  async open(accept: Accept): Promise<void> {
    this.accept = accept;
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = this.server.address() as net.AddressInfo;
    this.address = `process:"${process.execPath}" "${this.program}" ${port}`;
  }

  async close(): Promise<void> {
    for (const link of this.links) link.shut();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  private up(socket: net.Socket): void {
    const link = new FarLink(socket, this.wire, this.accept);
    this.links.add(link);
    socket.once('close', () => this.links.delete(link));
  }
}

let count = 0;

class FarLink implements Link {
  readonly peer = `stdio@${++count}`;
  buffered = 0;
  private receiver: Receiver | undefined;
  private reason: Error | undefined;
  private over = false;

  constructor(
    private readonly socket: net.Socket,
    wire: Wire,
    accept: Accept,
  ) {
    socket
      .setNoDelay(true)
      .on('error', () => {})
      .on('close', () => this.end(new ConnectionLost('the far program has gone')));
    onLine(socket, (line) => this.told(JSON.parse(line) as Told, accept));
    this.order({ do: 'open', form: wire.form, frameBytes: wire.limits.frameBytes });
  }

  send(frames: readonly Frame[]): void {
    const bytes = frames[0] instanceof Uint8Array;
    const coded = frames.map((frame) => (bytes ? Buffer.from(frame as Uint8Array).toString('base64') : frame));
    this.order({ do: 'send', bytes, frames: coded });
  }

  pause(): void {
    this.order({ do: 'pause' });
  }

  resume(): void {
    this.order({ do: 'resume' });
  }

  close(reason?: Error): void {
    this.reason ??= reason;
    this.order({ do: 'close', ...(reason && { reason: reason.message }) });
  }

  shut(): void {
    this.order({ do: 'shut' });
  }

  private order(what: object): void {
    if (this.socket.writable) this.socket.write(`${JSON.stringify(what)}\n`);
  }

  private told(event: Told, accept: Accept): void {
    if ('up' in event) this.receiver = accept(this);
    else if ('text' in event) this.receiver?.receive(event.text);
    else if ('bytes' in event) this.receiver?.receive(Buffer.from(event.bytes, 'base64'));
    else if ('closed' in event) this.end(this.same(event.reason));
    else {
      this.buffered = event.buffered;
      if (event.drained === true) this.receiver?.drained();
    }
  }

  private end(reason: Error | undefined): void {
    if (this.over) return;
    this.over = true;
    this.receiver?.closed(reason);
  }

  /** The error of the far program as one of this process. */
  private same(told: { name: string; message: string; code?: number } | undefined): Error | undefined {
    if (told === undefined) return undefined;
    if (told.message === this.reason?.message) return this.reason;
    if (told.name === 'ProtocolError') return new ProtocolError(told.message, told.code);
    return told.name === 'ConnectionLost' ? new ConnectionLost(told.message) : new Error(told.message);
  }
}
