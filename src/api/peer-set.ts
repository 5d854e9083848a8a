import type { ConnectedPeer } from '../session/connected-peer.js';

/** The function of a receiver that represents several peers. */
export const PEERS_OF: unique symbol = Symbol('peers of');

/** Several peers as one receiver, such as a group. Extensions make them. */
export interface PeerSet {
  /**
   * The current members, in the order in which they were added, for a call on the side with this registry. Throws a UsageError if the
   * receiver belongs to another side, or has no list of peers.
   */
  [PEERS_OF](registry: object): Iterable<ConnectedPeer>;
}

/** Whether a value is a receiver that represents several peers. */
export function isPeerSet(value: unknown): value is PeerSet {
  return typeof value === 'object' && value !== null && PEERS_OF in value;
}
