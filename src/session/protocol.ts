import type { Id } from '../contract/contract.js';
import { Aborted, ProtocolError } from '../contract/errors.js';
import { refuse } from '../extensions/references/passes.js';
import { references, unproved } from '../extensions/rooms.js';
import { streams } from '../extensions/streams/streams.js';
import { hearAbout } from './about-notification.js';
import { hello } from './handshake.js';
import type { CallSender } from './peer.js';
import type { Session } from './session.js';
import type { Extensions } from './session-host.js';
import {
  ABOUT,
  CALL,
  CANCEL,
  HELLO,
  KEEP,
  NEXT,
  PROGRESS,
  PROVE,
  PROVED,
  PULL,
  RELEASE,
  STREAM,
} from './system-names.js';

/** What every side understands of the library's own messages. Looked up by name, and in nothing else. */
export const vocabulary: Extensions = Object.freeze({
  [HELLO]: hello,
  [ABOUT]: hearAbout,
  [CANCEL]: cancelled,
  [PROGRESS]: progressed,
  [NEXT]: (session, args) => ofStreams().nexted(session, args),
  [PULL]: (session, args) => ofStreams().pulled(session, args),
  [KEEP]: (session, ids) => session.passing.keep(ids),
  [PROVE]: (session, args) => unproved.here?.prove(session, args),
  [PROVED]: (session, [token]) => session.outbox.prove(token),
  [RELEASE]: (session, ids) => session.passing.release(ids),
});

/** Where they were not loaded, none was asked for, and none runs. */
function ofStreams(): typeof streams.there {
  if (streams.here === undefined) throw new ProtocolError('a message is about a stream, and this side has none');
  return streams.here;
}

/** The requests of the library itself, looked up where a side has no method of the name. */
export const services: Readonly<Record<string, (sender: CallSender) => unknown>> = Object.freeze({
  [CALL]: (sender: CallSender) => sender.peer.session.passing.call(sender),
  [STREAM]: (sender: CallSender) => references.must(STREAM).serveOffered(sender),
});

/** The peer gives up a call that it has made. */
function cancelled(session: Session, [id, reason]: readonly unknown[]): boolean {
  const why = typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
  // It may have been answered meanwhile.
  if (isId(id)) session.withdraw(id, new Aborted(`the caller gave the call up${why}`));
  return isId(id);
}

/** The peer tells how far a call of ours is. */
function progressed(session: Session, [id, value, tagged]: readonly unknown[]): boolean {
  const waiter = isId(id) ? session.waiter(id) : undefined;
  if (waiter?.progress === undefined) {
    if (tagged === true) refuse(session, value);
    // That of a call which was given up comes late.
    return waiter === undefined && isId(id) && session.asked?.wasGivenUp(id) === true;
  }
  waiter.progress(tagged === true ? session.passing.inward(value, 'result', waiter.method).values : value);
  return true;
}

function isId(value: unknown): value is Id {
  return typeof value === 'number' || typeof value === 'string';
}
