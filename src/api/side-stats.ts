import type { SideStats } from '../types/stats.js';
import type { Hub } from './endpoint.js';

/** The numbers of a side. Also of one that is not open, or is closed. */
export function sideStats({ roster, load, attached }: Hub): SideStats {
  const { framesReceived, framesSent, bytesReceived, bytesSent } = load;
  const stats: Record<keyof SideStats, number> & Record<string, number> = {
    peers: roster.peers.size,
    pendingCalls: 0,
    activeCalls: 0,
    queuedCalls: 0,
    streams: 0,
    references: 0,
    bufferedBytes: 0,
    framesReceived,
    framesSent,
    bytesReceived,
    bytesSent,
  };
  for (const { session } of load.peers) {
    const { asked, intake, outbox, answers, sealing } = session;
    stats.pendingCalls += session.waiting;
    stats.streams += (asked?.streams ?? 0) + (intake?.streams ?? 0);
    if (intake !== undefined) {
      stats.activeCalls += intake.size - intake.queued;
      stats.queuedCalls += intake.queued;
    }
    stats.bufferedBytes += outbox.buffered + answers.held + (answers.parked?.bytes ?? 0) + (sealing?.bytes ?? 0);
  }
  for (const numbers of attached.stats())
    for (const [name, number] of Object.entries(numbers)) stats[name] = (stats[name] ?? 0) + number;
  return stats;
}
