import { endTurn } from '../base/clock.js';
import { time } from '../base/time.js';
import type { PendingCall } from '../types/call-options.js';
import type { Peer } from '../types/peers.js';
import type { RpcEndpoint } from './endpoint.js';

/** The calls of a side that are open: what was asked, of whom, and since when. */
export function pendingCalls(endpoint: RpcEndpoint): PendingCall[] {
  endTurn();
  const at = time();
  const calls = endpoint.peerRegistry.allSessions().flatMap((session) =>
    [...(session.pending?.all() ?? [])].map(([id, { method, since }]) => ({
      peer: session.peer as Peer,
      id,
      method,
      since: performance.timeOrigin + since,
      elapsed: at - since,
    })),
  );
  return calls.sort((a, b) => a.since - b.since);
}
