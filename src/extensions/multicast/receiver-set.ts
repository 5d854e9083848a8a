import type { PeerRegistry } from '../../api/peer-registry.js';
import { PEERS_OF, type PeerSet } from '../../api/peer-set.js';
import { makeDetachable } from '../../base/bound-methods.js';
import { UsageError } from '../../contract/errors.js';
import { ConnectedPeer } from '../../session/connected-peer.js';
import { CallSender } from '../../session/incoming-calls/call-sender.js';
import type { Peer, Receiver, Several, SlowOptions } from '../../types/peers.js';
import { type Policy, policyOf } from './slow-policy.js';

/** Several peers of a side as one receiver. Its members are looked up at each use. */
export abstract class ReceiverSet implements Several, PeerSet {
  /** Not enumerable: printing a group would print the whole side. */
  declare readonly registry: PeerRegistry;

  constructor(registry: PeerRegistry) {
    Object.defineProperty(this, 'registry', { value: registry });
  }

  [PEERS_OF](registry: object): Iterable<ConnectedPeer> {
    if (registry !== this.registry) throw new UsageError('the group belongs to another side');
    return this.members();
  }

  /** Its present members, in the order in which they were added. */
  abstract members(): Iterable<ConnectedPeer>;
  abstract get size(): number;
  /** The policy for slow peers; undefined if their notifications wait. */
  abstract get policy(): Policy | undefined;
  /** The policy with other options. */
  abstract policyWith(options: SlowOptions): Policy | undefined;
  protected abstract holds(peer: ConnectedPeer): boolean;

  get peers(): Peer[] {
    return [...this.members()];
  }

  [Symbol.iterator](): Iterator<Peer> {
    return this.peers[Symbol.iterator]();
  }

  has(receiver: Receiver): boolean {
    const peer = peerOf(this.registry, receiver);
    return peer !== undefined && this.holds(peer);
  }

  except(...receivers: readonly Receiver[]): Several {
    return new PeersExcept(this, receivers);
  }
}

/** The peer of a receiver; undefined for one that is not connected, and for anything that is not a receiver. */
export function peerOf(registry: PeerRegistry, receiver: Receiver): ConnectedPeer | undefined {
  if (receiver instanceof ConnectedPeer) return receiver;
  return receiver instanceof CallSender ? receiver.peer : registry.peers.get(receiver as string);
}

/** Every peer of a side. */
export class AllPeers extends ReceiverSet {
  members(): Iterable<ConnectedPeer> {
    return this.registry.peers.values();
  }

  get size(): number {
    return this.registry.peers.size;
  }

  get policy(): undefined {
    return undefined;
  }

  policyWith(options: SlowOptions): Policy | undefined {
    return policyOf(options);
  }

  protected holds(peer: ConnectedPeer): boolean {
    return this.registry.peers.get(peer.id) === peer;
  }
}

/** A set of receivers except some, which are looked up once. */
class PeersExcept extends ReceiverSet {
  declare private readonly base: ReceiverSet;
  declare private readonly left: ReadonlySet<ConnectedPeer | undefined>;

  constructor(base: ReceiverSet, receivers: readonly Receiver[]) {
    super(base.registry);
    const left = new Set(receivers.map((receiver) => peerOf(base.registry, receiver)));
    Object.defineProperties(this, { base: { value: base }, left: { value: left } });
  }

  *members(): Generator<ConnectedPeer> {
    for (const peer of this.base.members()) if (!this.left.has(peer)) yield peer;
  }

  get size(): number {
    return this.peers.length;
  }

  get policy(): Policy | undefined {
    return this.base.policy;
  }

  policyWith(options: SlowOptions): Policy | undefined {
    return this.base.policyWith(options);
  }

  protected holds(peer: ConnectedPeer): boolean {
    return !this.left.has(peer) && this.base.has(peer);
  }
}

makeDetachable(ReceiverSet.prototype, ['has', 'except']);
