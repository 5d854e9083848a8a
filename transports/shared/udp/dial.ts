import type { Accept, Transport } from '../../../src/contract/contract.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import type { Datagrams } from './datagrams.js';
import { UdpLink } from './link.js';
import { type Endpoint, numberOf, UdpSocket } from './socket.js';

/** The options of a dialing transport. */
export interface UdpDialOptions {
  readonly address: string;
  readonly target: Endpoint;
  readonly datagrams: Datagrams;
  readonly ttl: number | undefined;
}

/**
 * One link to one address, from a free port. An open link does not mean that a peer is there; it ends when the system
 * reports that there is none, and it never times out: a side that only notifies receives nothing.
 */
export class UdpDialer implements Transport {
  readonly address: string;
  private readonly options: UdpDialOptions;
  private socket: UdpSocket | undefined;
  private link: UdpLink | undefined;
  private over = false;

  constructor(options: UdpDialOptions) {
    this.options = options;
    this.address = options.address;
  }

  async open(accept: Accept): Promise<void> {
    const { target, datagrams, ttl } = this.options;
    const peer = { host: await numberOf(target.host), port: target.port };
    this.mustNotBeOver();
    const socket = new UdpSocket(peer.host, {
      datagram: (data) => this.link?.take(datagrams.read(data, this.link.peer), data.length),
      failed: (error) => this.link?.unreachable(error),
    });
    this.socket = socket;
    try {
      await socket.connect(peer);
      this.mustNotBeOver();
      if (ttl !== undefined) socket.inner.setTTL(ttl);
    } catch (error) {
      await socket.close();
      throw error;
    }
    this.link = new UdpLink({ socket, datagrams, peer, dialed: true, trusted: true, ended: () => void socket.close() });
    this.link.receiver = accept(this.link);
  }

  async close(): Promise<void> {
    this.over = true;
    this.link?.close();
    await this.socket?.close();
  }

  private mustNotBeOver(): void {
    if (this.over) throw new ConnectionLost(`${this.address} was closed before it was open`);
  }
}
