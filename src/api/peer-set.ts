import type { ConnectedPeer } from '../session/peer.js';

/** What a receiver has that stands for several peers: the registry of the side to which these belong. */
export const PEERS_OF: unique symbol = Symbol('peers of');

/** Several peers as one receiver, such as a group. Extensions make them. */
export interface PeerSet {
  readonly [PEERS_OF]: object;
  /** Those who are in it now, in the order in which they came. */
  members(): Iterable<ConnectedPeer>;
}

/** Whether a value is a receiver that stands for several peers. */
export function isPeerSet(value: unknown): value is PeerSet {
  return typeof value === 'object' && value !== null && PEERS_OF in value;
}
