import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Gate, SideExtension } from '../../api/extension.js';
import { viewOf } from '../../api/side-class.js';
import type { Redialer, TransportSource } from '../../contract/contract.js';
import { UsageError } from '../../contract/errors.js';
import type { ConnectedPeer } from '../../session/connected-peer.js';
import type { Connection } from '../../session/connection.js';
import type { Session } from '../../session/session.js';
import type { ReconnectOptions } from '../../types/reconnect.js';
import type { Begin } from './beginning.js';
import { mayReconnect, readOption, reconnecting } from './options.js';
import { RedialedPeer } from './redialed-peer.js';

/** The peers of a side that are dialed again. */
export class SideReconnect implements SideExtension {
  /** Only where a transport of the side may dial again: without it, connections are not asked about. */
  gate: Gate | undefined;
  private readonly options: ReconnectOptions | undefined;
  private readonly peers = new Map<Redialer, RedialedPeer>();

  constructor(private readonly side: RpcEndpoint) {
    this.options = readOption(side.options.reconnect);
  }

  source(source: TransportSource): TransportSource {
    const { options, side } = this;
    if (options !== undefined && side.listens)
      throw new UsageError(
        'the option "reconnect" is for the side that dials: a side that listens is dialed again by its peers',
      );
    const whole = options === undefined ? source : reconnecting(source, options);
    if (!side.listens && mayReconnect(whole)) this.gate ??= { admit: (connection) => this.admit(connection) };
    return whole;
  }

  private admit(connection: Connection): Session | undefined | Promise<Session | undefined> {
    const { redialer } = connection.link;
    if (redialer === undefined) return undefined;
    const known = this.peers.get(redialer);
    if (known !== undefined) return known.continue(connection);
    for (const [each, { hasEnded }] of this.peers) if (hasEnded) this.peers.delete(each);
    const peer = new RedialedPeer(this.side, redialer, connection, this.begin);
    this.peers.set(redialer, peer);
    return peer.session;
  }

  private get begin(): Begin | undefined {
    const { options } = this;
    if (options?.begin === undefined) return undefined;
    return (peer, receiver) => options.begin?.(viewOf(this.side.attached.self, 'remote', receiver, undefined), peer);
  }

  opened(): void {
    for (const each of this.peers.values()) each.opened();
  }

  peerLeft(peer: ConnectedPeer): void {
    for (const each of this.peers.values()) each.peerLeft(peer);
  }

  /** Dials at once each peer that has no link. Throws a UsageError where the side never dials again. */
  reconnect(): void {
    const why = this.whyNot();
    if (why !== undefined) throw new UsageError(`reconnect(): ${why}`);
    for (const peer of this.peers.values()) peer.hurry();
  }

  private whyNot(): string | undefined {
    const { side, peers } = this;
    const state = side.peerRegistry.state();
    if (state === 'closed') return 'the side is closed: create another one';
    if (side.listens) return 'this side listens: its peers dial';
    if (state !== 'open') return 'the side is not open: await open() first';
    if (this.gate === undefined)
      return 'this side does not connect again: it has no option "reconnect", and no address such as reconnect+tcp://…; use changeTransport(address)';
    if (peers.size > 0 && ![...peers.values()].some(({ canHurry }) => canHurry))
      return 'the link was closed on this side for good: use changeTransport(address)';
    return undefined;
  }
}
