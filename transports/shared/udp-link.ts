import type { Frame, Link, LinkInfo, Receiver } from '../../src/contract.js';
import { ConnectionLost } from '../../src/errors.js';
import type { Datagrams } from './udp-datagrams.js';
import { type Endpoint, nameOf, type UdpSocket } from './udp-socket.js';

/** Failures of one datagram, which say nothing about the next one. */
const PASSING = new Set(['EMSGSIZE', 'ENOBUFS', 'EAGAIN', 'ENOMEM']);

/** What a link over UDP is told by its transport. */
export interface UdpLinkOptions {
  readonly socket: UdpSocket;
  readonly datagrams: Datagrams;
  readonly peer: Endpoint;
  /** The socket is connected to the peer, which this side has chosen. */
  readonly dialed: boolean;
  /** Called once, when the link has ended and before its receiver is told. */
  ended(): void;
}

/**
 * A link to one address. The other side is not told of its end, and nothing that is sent is known to arrive. Datagrams
 * cannot be held back: `pause` does nothing.
 */
export class UdpLink implements Link {
  readonly peer: string;
  readonly bus = true;
  readonly dialed: boolean;
  readonly maxFrame: number;
  buffered = 0;
  /** Set by the transport, once the link was accepted. */
  receiver: Receiver | undefined;
  private readonly options: UdpLinkOptions;
  private over = false;

  constructor(options: UdpLinkOptions) {
    this.options = options;
    this.peer = nameOf(options.peer);
    this.dialed = options.dialed;
    this.maxFrame = options.datagrams.maxFrame;
  }

  get info(): LinkInfo {
    const { peer, socket } = this.options;
    return { remoteAddress: peer.host, remotePort: peer.port, localPort: socket.port };
  }

  send(frames: readonly Frame[]): void {
    if (this.over) return;
    const { datagrams, socket, dialed, peer } = this.options;
    for (const data of datagrams.pack(frames)) {
      this.buffered += data.length;
      socket.send(data, dialed ? undefined : peer, (error) => this.sent(data.length, error));
    }
  }

  pause(): void {}

  resume(): void {}

  /** What was given is with the socket, which sends it before it is closed. */
  close(reason?: Error): void {
    if (this.over) return;
    this.over = true;
    this.options.ended();
    // A microtask later, because the end may come from within `accept`, when there is no receiver yet.
    queueMicrotask(() => this.receiver?.closed(reason));
  }

  /** Delivers the frames of one datagram. */
  take(frames: readonly Frame[]): void {
    for (const frame of frames) if (!this.over) this.receiver?.receive(frame);
  }

  /** The system has told that the peer cannot be reached. */
  unreachable(cause: Error): void {
    this.close(new ConnectionLost(`udp: ${this.peer} cannot be reached: ${cause.message}`, { cause }));
  }

  private sent(size: number, error: Error | null): void {
    this.buffered -= size;
    if (error !== null) this.notSent(size, error);
    if (this.buffered === 0 && !this.over) this.receiver?.drained();
  }

  private notSent(size: number, error: Error): void {
    if (!PASSING.has((error as NodeJS.ErrnoException).code ?? '')) this.unreachable(error);
    else this.options.datagrams.drop(`a datagram of ${size} bytes to ${this.peer} was not sent`, error);
  }
}
