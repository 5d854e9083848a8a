import type { Accept, Frame, Transport, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import { isLocal } from '../local-address.js';
import type { Datagrams } from './datagrams.js';
import { anyOf, groupBind } from './group.js';
import { UdpPeers } from './peers.js';
import { type Endpoint, nameOf, numberOf, UdpSocket } from './socket.js';

/** The options of a transport that receives from several peers. */
export interface UdpBusOptions {
  /** Where to listen: an address of this machine, or that of the group. */
  readonly at: Endpoint;
  readonly datagrams: Datagrams;
  readonly wire: Wire;
  /** Configures the sockets after they are bound; `own` is the same as `shared` if there is no group. */
  readonly prepare: (shared: UdpSocket, own: UdpSocket) => void;
  /** The address that a peer connects to, once the port is known. */
  readonly addressOf: (port: number) => string;
  readonly forgetMs: number;
  readonly most: number;
  /** Addresses cannot be forged there. */
  readonly trusted: boolean;
}

/**
 * Receives from all senders to a port, and makes a link for each address. A group has two sockets: the one on the
 * group's port is shared by every process of this machine, so it only listens; datagrams are sent from a socket on a
 * port of its own, to which a peer replies.
 */
export class UdpBus implements Transport {
  /** Reaches the whole group with one datagram. Only if there is a group. */
  readonly broadcast?: (frames: readonly Frame[]) => void;
  private readonly options: UdpBusOptions;
  private readonly group: boolean;
  private shared: UdpSocket | undefined;
  private own: UdpSocket | undefined;
  private peers: UdpPeers | undefined;
  private heardAt: string;
  private port = 0;
  private over = false;

  constructor(options: UdpBusOptions, group: boolean) {
    this.options = options;
    this.group = group;
    this.heardAt = options.addressOf(options.at.port);
    if (group) this.broadcast = (frames) => this.toAll(frames);
  }

  get address(): string {
    return this.heardAt;
  }

  async open(accept: Accept): Promise<void> {
    const { at, datagrams, forgetMs, most, trusted } = this.options;
    const host = await numberOf(at.host);
    this.mustNotBeOver();
    try {
      await this.bind({ host, port: at.port });
      this.mustNotBeOver();
    } catch (error) {
      await this.free();
      throw error;
    }
    this.heardAt = this.options.addressOf(this.port);
    this.peers = new UdpPeers({ socket: this.own!, datagrams, forgetMs, most, trusted, accept });
  }

  async close(): Promise<void> {
    this.over = true;
    this.peers?.closeAll();
    await this.free();
  }

  private async bind(at: Endpoint): Promise<void> {
    const shared = this.socket(at.host);
    this.shared = shared;
    await shared.bind(this.group ? { host: groupBind(at.host), port: at.port } : at);
    this.port = shared.port;
    let own = shared;
    if (this.group) {
      own = this.socket(at.host);
      this.own = own;
      await own.bind({ host: anyOf(at.host), port: 0 });
    }
    this.own = own;
    this.options.prepare(shared, own);
  }

  private socket(host: string): UdpSocket {
    const { datagrams, wire } = this.options;
    const events = {
      datagram: (data: Buffer, from: Endpoint): void => {
        if (this.over) return;
        if (this.group && from.port === this.own?.port && isLocal(from.host)) return;
        this.peers?.take(datagrams.read(data, nameOf(from)), from, data.length);
      },
      // Until the transport is open, `open` reports errors.
      failed: (error: Error): void => {
        if (this.peers !== undefined) wire.logger.error(`udp: ${this.address} failed`, error);
      },
    };
    return new UdpSocket(host, events, this.group);
  }

  private toAll(frames: readonly Frame[]): void {
    const { own, port } = this;
    if (this.over || this.peers === undefined || own === undefined || frames.length === 0) return;
    const { at, datagrams } = this.options;
    const data = datagrams.together(frames);
    own.send(data, { host: at.host, port }, (error) => {
      if (error !== null) datagrams.drop(`a datagram of ${data.length} bytes to ${this.address} was not sent`, error);
    });
  }

  private async free(): Promise<void> {
    await Promise.all([this.shared?.close(), this.own?.close()]);
  }

  private mustNotBeOver(): void {
    if (this.over) throw new ConnectionLost(`${this.address} was closed before it was open`);
  }
}
