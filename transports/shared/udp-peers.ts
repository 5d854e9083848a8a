import type { Accept, Frame } from '../../src/contract.js';
import { clearTimer, setTimer, type Timer, time } from '../../src/time.js';
import type { Datagrams } from './udp-datagrams.js';
import { UdpLink } from './udp-link.js';
import { type Endpoint, nameOf, type UdpSocket } from './udp-socket.js';

/** What a table of peers is made of. */
export interface UdpPeersOptions {
  /** What is sent to a peer leaves by this socket. */
  readonly socket: UdpSocket;
  readonly datagrams: Datagrams;
  /** After how many milliseconds of silence a peer is forgotten. */
  readonly forgetMs: number;
  /** How many peers are kept. */
  readonly most: number;
  readonly accept: Accept;
}

interface Heard {
  readonly link: UdpLink;
  /** When it was heard last, in milliseconds. */
  at: number;
}

/** The links to all who were heard and have not been silent for too long. */
export class UdpPeers {
  private readonly options: UdpPeersOptions;
  private readonly peers = new Map<string, Heard>();
  /** Awake while there are peers. */
  private timer: Timer | undefined;

  constructor(options: UdpPeersOptions) {
    this.options = options;
  }

  /** Delivers the frames of a datagram, to a new link if its sender has none. */
  take(frames: readonly Frame[], from: Endpoint): void {
    if (frames.length === 0) return;
    const name = nameOf(from);
    const heard = this.peers.get(name) ?? this.meet(name, from);
    if (heard === undefined) return;
    heard.at = time();
    heard.link.take(frames);
  }

  closeAll(): void {
    for (const { link } of this.peers.values()) link.close();
  }

  /**
   * A newcomer is turned away where the table is full. The one that was silent for longest could make room instead; but
   * addresses of senders can be forged, and then one forger could drive out everybody. So he can only keep newcomers out.
   */
  private meet(name: string, from: Endpoint): Heard | undefined {
    const { socket, datagrams, most, accept } = this.options;
    if (this.peers.size >= most) {
      datagrams.drop(`${name} was turned away: there are ${most} peers already, which is the option "peers"`);
      return undefined;
    }
    const link = new UdpLink({ socket, datagrams, peer: from, dialed: false, ended: () => this.part(name) });
    const heard = { link, at: 0 };
    this.peers.set(name, heard);
    if (this.timer === undefined) this.wake();
    link.receiver = accept(link);
    return heard;
  }

  private wake(): void {
    this.timer = setTimer(this.options.forgetMs / 4, () => this.forget()).unref();
  }

  private forget(): void {
    this.wake();
    const since = time() - this.options.forgetMs;
    for (const { link, at } of this.peers.values()) if (at < since) link.close();
  }

  private part(name: string): void {
    this.peers.delete(name);
    if (this.peers.size > 0) return;
    clearTimer(this.timer);
    this.timer = undefined;
  }
}
