import type { Frame } from '../../contract/contract.js';
import type { Connection } from '../../session/connection.js';
import { controlFrame, sendControl } from '../../session/system/control-messages.js';
import { ACK, type JournalSession } from './journal-session.js';
import type { MessageNumbers } from './message-numbers.js';

/** Reports to the peer of one session how far this end is. */
export class Acknowledgements {
  private awaitsFilter = false;

  constructor(
    private readonly session: JournalSession,
    private readonly numbers: MessageNumbers,
  ) {}

  /** At the end of a turn: what is to leave behind its messages, if an acknowledgement is due and there is no filter. */
  frame(): Frame | undefined {
    const { numbers, session } = this;
    const { connection } = session;
    if (!numbers.isDue || connection === undefined || session.filter !== undefined) return undefined;
    try {
      const frame = controlFrame(connection, ACK, [numbers.got, numbers.sent]);
      numbers.reported(connection.queue?.isWithinFrame);
      return frame;
    } catch (error) {
      session.report(error);
      return undefined;
    }
  }

  /** Sends one now, behind all that has its number. */
  send(): void {
    const { session, numbers } = this;
    const { connection, filter } = session;
    if (connection === undefined || session.ended !== undefined) return;
    if (filter !== undefined) {
      // What was filtered goes first, and has its number then: `sent` counts it.
      if (filter.isSealing) {
        if (!this.awaitsFilter) filter.whenSealed(() => this.send());
        this.awaitsFilter = true;
        return;
      }
      this.awaitsFilter = false;
      session.flush();
    }
    numbers.reported(connection.queue?.isWithinFrame);
    say(session, connection, ACK, [numbers.got, numbers.sent]);
  }
}

/** Sends a message that is not numbered. */
export function say(session: JournalSession, connection: Connection, method: string, args: readonly unknown[]): void {
  try {
    sendControl(connection, method, args);
  } catch (error) {
    session.report(error);
  }
}
