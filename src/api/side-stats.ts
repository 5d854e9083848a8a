import type { SideStats } from '../types/stats.js';
import type { RpcEndpoint } from './endpoint.js';

/** The numbers of a side. Also of one that is not open, or is closed. */
export function sideStats(side: RpcEndpoint): SideStats {
  const { peerRegistry, load, attached, away } = side;
  const stats: Record<keyof SideStats, number> = {
    peers: peerRegistry.peers.size,
    pendingCalls: 0,
    activeCalls: 0,
    queuedCalls: 0,
    streams: 0,
    references: 0,
    bufferedBytes: 0,
    peersAway: away.size,
    keptMessages: 0,
    keptBytes: 0,
    resumed: 0,
    ...load.traffic,
  };
  for (const session of side.sessions()) {
    const { pendingCount, pending, callQueue, replies, service } = session;
    const queued = callQueue?.queued ?? 0;
    stats.activeCalls += (callQueue?.size ?? 0) - queued;
    stats.queuedCalls += queued;
    stats.streams += callQueue?.streams ?? 0;
    // Members have the table of their service.
    if (service === undefined) {
      stats.pendingCalls += pendingCount;
      stats.streams += pending?.streams ?? 0;
    }
    stats.bufferedBytes += session.buffered + replies.held + (replies.parked?.bytes ?? 0);
  }
  return Object.assign(stats, ...attached.sides.map((side) => side.stats?.()));
}
