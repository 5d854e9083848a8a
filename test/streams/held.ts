import { endpointOf } from '../../src/api/side-class.js';
import { offeredStreamCount } from '../../src/extensions/references/offered-streams.js';
import type { Meeting } from './spec.js';

/** What a side holds of calls and streams, its own and those of its peers. */
export function held(side: object): number {
  return endpointOf(side)
    .peerRegistry.allSessions()
    .reduce((sum, session) => {
      const { callQueue } = session as unknown as { callQueue?: { ids: { size: number }; unnamed: { size: number } } };
      const served = callQueue === undefined ? 0 : callQueue.ids.size + callQueue.unnamed.size;
      return sum + session.pendingCount + served + (session.callQueue?.streams ?? 0) + offeredStreamCount(session);
    }, 0);
}

export function heldBy({ calling, handling }: Meeting): { calling: number; handling: number } {
  return { calling: held(calling), handling: held(handling) };
}
