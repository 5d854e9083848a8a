import { clearTimer, setTimer, type Timer, time } from '../../../src/base/time.js';
import type { Accept, Frame } from '../../../src/contract/contract.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import type { Datagrams } from './datagrams.js';
import { UdpLink } from './link.js';
import { type Endpoint, nameOf, type UdpSocket } from './socket.js';

/** The options of a table of peers. */
export interface UdpPeersOptions {
  /** The socket for sending to a peer. */
  readonly socket: UdpSocket;
  readonly datagrams: Datagrams;
  /** After how many milliseconds of silence a peer is forgotten. */
  readonly forgetMs: number;
  /** The maximum number of peers. */
  readonly most: number;
  /** Addresses cannot be forged there. */
  readonly trusted: boolean;
  readonly accept: Accept;
}

interface Heard {
  readonly link: UdpLink;
  /** The time of its last datagram, in milliseconds. */
  at: number;
}

/** The links to all peers that have sent a datagram and were not silent for too long. */
export class UdpPeers {
  private readonly options: UdpPeersOptions;
  private readonly peers = new Map<string, Heard>();
  /** Runs while there are peers. */
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
   * If the table is full, a peer that has not proved its address makes room: sender addresses can be forged, and a
   * single attacker could fill the table. Peers that have proved their addresses stay; if there are no others, the new
   * one is refused.
   */
  private meet(name: string, from: Endpoint): Heard | undefined {
    const { socket, datagrams, most, trusted, accept } = this.options;
    if (this.peers.size >= most) {
      const weakest = this.weakest();
      if (weakest === undefined) {
        datagrams.drop(`${name} was refused: there are ${most} peers already, the maximum (option "peers")`);
        return undefined;
      }
      const text = `udp: ${weakest.peer} was dropped to make room: it has not proved its address, and there are ${most} peers, the maximum (option "peers")`;
      weakest.close(new ConnectionLost(text));
    }
    const link = new UdpLink({ socket, datagrams, peer: from, dialed: false, trusted, ended: () => this.part(name) });
    const heard = { link, at: 0 };
    this.peers.set(name, heard);
    if (this.timer === undefined) this.wake();
    link.receiver = accept(link);
    return heard;
  }

  /** The peer that makes room: the one that was silent for longest, if possible one without an open call. */
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
