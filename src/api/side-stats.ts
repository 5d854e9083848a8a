import type { SideStats } from '../types/stats.js';
import type { RpcEndpoint } from './endpoint.js';

/** The numbers of a side. Also of one that is not open, or is closed. */
export function sideStats(side: RpcEndpoint): SideStats {
  const { roster, load, attached } = side;
  const stats: Record<keyof SideStats, number> = {
    peers: roster.peers.size,
    pendingCalls: 0,
    activeCalls: 0,
    queuedCalls: 0,
    streams: 0,
    references: 0,
    bufferedBytes: 0,
    ...load.traffic,
  };
  for (const session of side.sessions()) {
    const { waiting, open, asked, intake, answers } = session;
    const queued = intake?.queued ?? 0;
    stats.pendingCalls += waiting;
    stats.activeCalls += open - waiting - queued;
    stats.queuedCalls += queued;
    stats.streams += (asked?.streams ?? 0) + (intake?.streams ?? 0);
    stats.bufferedBytes += session.buffered + answers.held + (answers.parked?.bytes ?? 0);
  }
  return Object.assign(stats, ...attached.sides.map((side) => side.stats?.()));
}
