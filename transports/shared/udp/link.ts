import type { Frame, Link, LinkInfo, Receiver } from '../../../src/contract/contract.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import type { Datagrams } from './datagrams.js';
import { type Endpoint, nameOf, type UdpSocket } from './socket.js';

/** Failures of one datagram, which say nothing about the next one. */
const PASSING = new Set(['EMSGSIZE', 'ENOBUFS', 'EAGAIN', 'ENOMEM']);

/**
 * What an unproved address may receive for each of its datagrams: this many times its bytes, or at least this many
 * bytes.
 */
const DRAWN_TIMES = 3;
const DRAWN_BYTES = 1_200;

/** The options and callbacks that a transport passes to a link over UDP. */
export interface UdpLinkOptions {
  readonly socket: UdpSocket;
  readonly datagrams: Datagrams;
  readonly peer: Endpoint;
  /** The socket is connected to the peer, which this side has chosen. */
  readonly dialed: boolean;
  /** Addresses cannot be forged there, so the size of a reply is not limited. */
  readonly trusted: boolean;
  /** Called once, when the link has ended and before its receiver is notified. */
  ended(): void;
}

/**
 * A link to one address. The other side is not notified of its end, and there is no confirmation of datagrams.
 * Datagrams cannot be held back: `pause` does nothing.
 */
export class UdpLink implements Link {
  readonly peer: string;
  readonly bus = true;
  readonly dialed: boolean;
  /** Only if the peer can be anyone who claims this address. */
  readonly proved?: () => void;
  buffered = 0;
  /** The number of bytes that the address may still receive. */
  private credit = Number.POSITIVE_INFINITY;
  /** Set by the transport after the link was accepted. */
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

  /** Whether its peer has not proved that the address is its own. */
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

  /** Pending datagrams are with the socket, which sends them before it is closed. */
  close(reason?: Error): void {
    if (this.over) return;
    this.over = true;
    this.options.ended();
    // In a microtask, because the end may come from within `accept`, when there is no receiver yet.
    queueMicrotask(() => this.receiver?.closed(reason));
  }

  /** Delivers the frames of one datagram of so many bytes. */
  take(frames: readonly Frame[], size: number): void {
    this.credit += Math.max(DRAWN_TIMES * size, DRAWN_BYTES);
    for (const frame of frames) if (!this.over) this.receiver?.receive(frame);
  }

  /** The system has reported that the peer cannot be reached. */
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
