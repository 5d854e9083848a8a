import type { Extension } from '../../api/extension.js';
import { answering, beatOf, beatOption, greeting } from './answer.js';
import { release, watchOver } from './pulse.js';

/** Finds links whose peer is gone without their end being reported, and cuts them. */
export const heartbeat: Extension = {
  ...answering,
  options: beatOption,
  attach({ options }) {
    const own = beatOf(options);
    if (own === Number.POSITIVE_INFINITY) return { gate: greeting(options) };
    return {
      gate: {
        ...greeting(options),
        greeted(connection, { beat }) {
          if (connection.link.moved !== undefined && typeof beat === 'number' && beat >= 0)
            watchOver(connection, own, beat || own);
        },
        ended: release,
      },
    };
  },
};
