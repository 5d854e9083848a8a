import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { Accept, Frame } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
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
  /** Nobody forges addresses there. */
  readonly trusted: boolean;
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
  take(frames: readonly Frame[], from: Endpoint, size: number): void {
    if (frames.length === 0) return;
    const name = nameOf(from);
    const heard = this.peers.get(name) ?? this.meet(name, from);
    if (heard === undefined) return;
    heard.at = time();
    heard.link.take(frames, size);
  }

  closeAll(): void {
    for (const { link } of this.peers.values()) link.close();
  }

  /**
   * Where the table is full, one that has not proved its address makes room: addresses of senders can be forged, and one forger
   * could fill the table. Those that have proved theirs stay; if there are no others, a newcomer is turned away.
   */
  private meet(name: string, from: Endpoint): Heard | undefined {
    const { socket, datagrams, most, trusted, accept } = this.options;
    if (this.peers.size >= most) {
      const weakest = this.weakest();
      if (weakest === undefined) {
        datagrams.drop(`${name} was turned away: there are ${most} peers already, which is the option "peers"`);
        return undefined;
      }
      const text = `udp: ${weakest.peer} was dropped to make room: it has not proved its address, and there are ${most} peers, which is the option "peers"`;
      weakest.close(new ConnectionLost(text));
    }
    const link = new UdpLink({ socket, datagrams, peer: from, dialed: false, trusted, ended: () => this.part(name) });
    const heard = { link, at: 0 };
    this.peers.set(name, heard);
    if (this.timer === undefined) this.wake();
    link.receiver = accept(link);
    return heard;
  }

  /** Who makes room: the one that was silent for longest, of those without an open call if there are any. */
  private weakest(): UdpLink | undefined {
    let idle: Heard | undefined;
    let busy: Heard | undefined;
    for (const heard of this.peers.values()) {
      if (!heard.link.isUnproved) continue;
      if (heard.link.isBusy) {
        if (busy === undefined || heard.at < busy.at) busy = heard;
      } else if (idle === undefined || heard.at < idle.at) idle = heard;
    }
    return (idle ?? busy)?.link;
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
