import type { Extension, Gate } from '../../api/extension.js';
import type { Connection } from '../../session/connection.js';
import { answering, beatOption, Greeting, shared } from './answer.js';
import { release, watchOver } from './silent-peers.js';

class WatchingGate extends Greeting implements Gate {
  greeted(connection: Connection, { beat }: Readonly<Record<string, unknown>>): void {
    if (connection.link.moved !== undefined && typeof beat === 'number' && beat >= 0)
      watchOver(connection, this.beat, beat || this.beat);
  }

  ended(connection: Connection): void {
    release(connection);
  }
}

/** Finds links whose peer is gone without their end being reported, and cuts them. */
export const heartbeat: Extension = {
  ...answering,
  options: beatOption,
  attach: shared((beat) => (beat === Number.POSITIVE_INFINITY ? new Greeting(beat) : new WatchingGate(beat))),
};
