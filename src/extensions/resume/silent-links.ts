import { time } from '../../base/time.js';
import { ConnectionLost } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';

/**
 * The connections of a side that listens over which nothing has come. Over some of them nothing ever will: the link was cut without a word
 * before the hello of its dialer had come, and without a hello it has no heartbeat. A peer that is not Obverse may listen only, so silence
 * alone ends no connection. But who dials counts its hellos: if numbers are missing in the one that comes, that many links are dead.
 */
export class SilentLinks {
  /** When each was opened, in this order. */
  private readonly opened = new Map<Connection, number>();

  add(connection: Connection): void {
    // Set again by the first frame.
    connection.heard = false;
    this.opened.set(connection, time());
  }

  /** Its first message has come, or it has ended. Returns when it was opened. */
  remove(connection: Connection): number {
    const at = this.opened.get(connection) ?? time();
    this.opened.delete(connection);
    return at;
  }

  /** Whether it was let in although nothing had come. */
  has(connection: Connection): boolean {
    return this.opened.has(connection);
  }

  /**
   * The last `missing` hellos of who has opened this connection have not come: ends the links that were opened since then from the same
   * host, the newest first. The hello of one that was silent for less than `ms` may still come.
   */
  end(missing: number, since: number, ms: number, { link }: Connection): void {
    const host = hostOf(link);
    const until = time() - ms;
    const dead: Connection[] = [];
    for (const [connection, at] of this.opened) {
      if (connection.heard) this.opened.delete(connection);
      else if (at >= since && at <= until && hostOf(connection.link) === host) dead.push(connection);
    }
    for (const connection of dead.reverse().slice(0, missing))
      connection.close(new ConnectionLost(`nothing has come over it, and ${link.peer} has dialed again`));
  }
}

function hostOf({ info }: Connection['link']): unknown {
  return (info as { readonly remoteAddress?: unknown } | undefined)?.remoteAddress;
}
