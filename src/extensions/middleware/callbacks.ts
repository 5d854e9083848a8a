import type { CallSender } from '../../session/peer.js';
import type { Session } from '../../session/session.js';
import { CALL } from '../../session/system-names.js';
import type { Peer } from '../../types/peers.js';
import { MadeCall, ServedCall } from './call-of.js';
import type { Subject } from './chain.js';
import type { Surroundings } from './surroundings.js';

/*
 * Calls of what was passed by reference go through what stands around every call of the side. Their path is `callback`, or
 * `callback.method` for a method of an object.
 */

interface Host {
  readonly middleware: Surroundings;
}

/** A peer calls something that was passed to it; `last` carries that out, with the arguments that are left. */
export function serveCallback(
  host: Host,
  sender: CallSender,
  member: string | null,
  args: readonly unknown[],
  last: (args: readonly unknown[]) => unknown,
): unknown {
  const run = host.middleware.aroundCallbacks('incoming');
  if (run === undefined) return last(args);
  const call = new ServedCall(subjectOf(member), args, sender);
  return run(call, () => last(call.args));
}

/** This side calls something that a peer has passed: `last` sends it, with the metadata of the call. Gives a promise, whatever those who stand there give and throw. */
export async function makeCallback(
  host: Host,
  session: Session,
  member: string | null,
  args: readonly unknown[],
  last: (args: readonly unknown[], call?: MadeCall) => Promise<unknown>,
): Promise<unknown> {
  const run = host.middleware.aroundCallbacks('outgoing');
  if (run === undefined) return last(args);
  const call = new MadeCall(subjectOf(member), args, session.peer as Peer, undefined, undefined);
  call.leavesFor(session);
  return run(call, () => last(call.args, call));
}

function subjectOf(member: string | null): Subject {
  const path = member === null ? 'callback' : `callback.${member}`;
  return { kind: 'callback', path, method: CALL, meta: undefined, logged: true };
}
