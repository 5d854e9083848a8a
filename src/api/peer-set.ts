import type { ConnectedPeer } from '../session/connected-peer.js';

/** The property of a receiver that represents several peers: the registry of their side. */
export const PEERS_OF: unique symbol = Symbol('peers of');

/** Several peers as one receiver, such as a group. Extensions make them. */
export interface PeerSet {
  readonly [PEERS_OF]: object;
  /** The current members, in the order in which they were added. */
  members(): Iterable<ConnectedPeer>;
}

/** Whether a value is a receiver that represents several peers. */
export function isPeerSet(value: unknown): value is PeerSet {
  return typeof value === 'object' && value !== null && PEERS_OF in value;
}
