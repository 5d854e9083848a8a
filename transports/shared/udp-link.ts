import type { Frame, Link, LinkInfo, Receiver } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { Datagrams } from './udp-datagrams.js';
import { type Endpoint, nameOf, type UdpSocket } from './udp-socket.js';

/** Failures of one datagram, which say nothing about the next one. */
const PASSING = new Set(['EMSGSIZE', 'ENOBUFS', 'EAGAIN', 'ENOMEM']);

/** How much an address that is not proved draws with a datagram: so many times its bytes, or so many bytes. */
const DRAWN_TIMES = 3;
const DRAWN_BYTES = 1_200;

/** What a link over UDP is told by its transport. */
export interface UdpLinkOptions {
  readonly socket: UdpSocket;
  readonly datagrams: Datagrams;
  readonly peer: Endpoint;
  /** The socket is connected to the peer, which this side has chosen. */
  readonly dialed: boolean;
  /** Nobody forges addresses there, so that a datagram draws what it asks for. */
  readonly trusted: boolean;
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
  /** Only where the peer can be anybody who names this address as its own. */
  readonly proved?: () => void;
  buffered = 0;
  /** How many bytes the address may still draw. */
  private credit = Number.POSITIVE_INFINITY;
  /** Set by the transport, once the link was accepted. */
  receiver: Receiver | undefined;
  private readonly options: UdpLinkOptions;
  private over = false;

  constructor(options: UdpLinkOptions) {
    this.options = options;
    this.peer = nameOf(options.peer);
    this.dialed = options.dialed;
    if (options.dialed || options.trusted) return;
    this.credit = 0;
    this.proved = () => {
      this.credit = Number.POSITIVE_INFINITY;
    };
  }

  get maxFrame(): number {
    const { maxFrame, overhead } = this.options.datagrams;
    return Math.max(0, Math.min(maxFrame, this.credit - overhead));
  }

  /** Whether calls are open. */
  get isBusy(): boolean {
    return (this.receiver?.open ?? 0) > 0;
  }

  /** Whether its peer has not shown that the address is its own. */
  get isUnproved(): boolean {
    return this.credit !== Number.POSITIVE_INFINITY;
  }

  get info(): LinkInfo {
    const { peer, socket } = this.options;
    return { remoteAddress: peer.host, remotePort: peer.port, localPort: socket.port };
  }

  send(frames: readonly Frame[]): void {
    if (this.over) return;
    const { datagrams, socket, dialed, peer } = this.options;
    for (const data of datagrams.pack(frames)) {
      if (data.length > this.credit) {
        datagrams.drop(
          `a datagram of ${data.length} bytes to ${this.peer}, which has not proved its address, was not sent`,
        );
        continue;
      }
      this.credit -= data.length;
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

  /** Delivers the frames of one datagram of so many bytes. */
  take(frames: readonly Frame[], size: number): void {
    this.credit += Math.max(DRAWN_TIMES * size, DRAWN_BYTES);
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
