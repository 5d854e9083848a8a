import type { Logger } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import { anyOf, type GroupOptions, groupBind, isMulticast, join } from '../shared/udp/group.js';
import { type Endpoint, nameOf, numberOf, UdpSocket } from '../shared/udp/socket.js';
import { type GroupMessage, read, written } from './messages.js';

/** Which group is used, and how. */
export interface GroupPlan extends GroupOptions {
  readonly at: Endpoint;
}

/** A socket of the group in which servers are announced: everybody in it receives what anybody sends. */
export class DiscoveryGroup {
  private socket: UdpSocket | undefined;
  private over = false;

  /** `receive` is called with each message, and the IP address that it came from, which can be forged. */
  constructor(
    private readonly plan: GroupPlan,
    private readonly logger: Logger,
    private readonly receive: (message: GroupMessage, from: string) => void,
  ) {}

  get address(): string {
    return nameOf(this.plan.at);
  }

  /** Rejects with ConnectionLost if this machine cannot take part in the group. */
  async open(): Promise<void> {
    const { plan } = this;
    const host = await numberOf(plan.at.host);
    if (this.over) return;
    const multicast = isMulticast(host);
    const socket = new UdpSocket(
      host,
      {
        datagram: (data, from) => {
          const message = this.over ? undefined : read(data);
          if (message !== undefined) this.receive(message, from.host);
        },
        failed: (error) => this.logger.error(`discover: the group ${this.address} failed`, error),
      },
      true,
    );
    this.socket = socket;
    try {
      await socket.bind({ host: multicast ? groupBind(host) : anyOf(host), port: plan.at.port });
      if (multicast) join(socket, socket, host, plan);
      else socket.inner.setBroadcast(true);
    } catch (cause) {
      await this.close();
      const text = `discover: this machine cannot join the group ${this.address}: ${(cause as Error).message}; choose another one, or a network, with the options "group" and "interface"`;
      throw new ConnectionLost(text, { cause, maybeExecuted: false });
    }
  }

  /** Sends a message to everybody in the group. What is lost on the way is sent again by who needs it. */
  send(message: GroupMessage): void {
    if (this.over) return;
    this.socket?.send(written(message), this.plan.at, (error) => {
      if (error !== null && !this.over)
        this.logger.warn(`discover: nothing can be sent to the group ${this.address}: ${error.message}`);
    });
  }

  async close(): Promise<void> {
    this.over = true;
    await this.socket?.close();
  }
}
