import { endpointOf } from '../../src/api/side-class.js';
import { offersTo } from '../../src/extensions/references/offers.js';
import type { Meeting } from './spec.js';

/** What a side holds of calls and streams, its own and those of its peers. */
export function held(side: object): number {
  return endpointOf(side)
    .peerRegistry.everybody()
    .reduce((sum, session) => {
      const { intake, outbox } = session as unknown as {
        intake?: { ids: { size: number }; unnamed: { size: number } };
        outbox: { flow?: { ready: { length: number } } };
      };
      const served = intake === undefined ? 0 : intake.ids.size + intake.unnamed.size;
      return (
        sum +
        session.pendingCount +
        served +
        (session.callQueue?.streams ?? 0) +
        offersTo(session) +
        (outbox.flow?.ready.length ?? 0)
      );
    }, 0);
}

export function heldBy({ calling, handling }: Meeting): { calling: number; handling: number } {
  return { calling: held(calling), handling: held(handling) };
}
