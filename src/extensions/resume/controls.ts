import { ConnectionLost } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import type { RpcSession } from '../../session/rpc-session.js';
import type { Controls } from '../../session/session.js';
import { isCount } from './hello-field.js';
import { ACK, BYE } from './journal-session.js';
import { SessionJournal } from './session-journal.js';

/** The connections whose sessions begin with the first acknowledgement, and what that does. */
export const confirming: WeakMap<Connection, () => void> = new WeakMap();
/** What `rpc.bye` does to the sessions of who dials. */
export const dismissed: WeakMap<RpcSession, (again: boolean) => void> = new WeakMap();

/** The messages of a connection, which have no numbers. */
export const resumeControls: Controls = { [ACK]: acknowledged, [BYE]: left };

function acknowledged(connection: Connection, [got, sent]: readonly unknown[]): void {
  const confirm = confirming.get(connection);
  if (confirm !== undefined) {
    confirming.delete(connection);
    confirm();
    return;
  }
  const session = connection.sink as RpcSession;
  if (!(session.journal instanceof SessionJournal) || !isCount(got) || !isCount(sent)) return;
  try {
    session.journal.acknowledged({ got, sent });
  } catch (error) {
    session.end(error as Error);
  }
}

/** The peer has ended the session. */
function left(connection: Connection, [again]: readonly unknown[]): void {
  const session = connection.sink as RpcSession;
  if (!(session.journal instanceof SessionJournal)) return;
  dismissed.get(session)?.(again === true);
  const reason = new ConnectionLost(`the link to ${connection.link.peer} ended: the other side has closed the session`);
  session.finish(reason);
  connection.link.close();
}
