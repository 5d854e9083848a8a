import type { CallingSide } from '../../calls/calling-side.js';
import { IncomingCall } from '../../calls/incoming-call.js';
import { OutgoingCall } from '../../calls/outgoing-call.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import type { Session } from '../../session/session.js';
import { CALL } from '../../session/system/system-names.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import { undeclaredMethod } from '../../spec/undeclared-method.js';
import type { Peer } from '../../types/peers.js';

/*
 * Calls of what was passed by reference, as layers see them: their path is `callback`, or `callback.member` for a member of an object.
 */

/** A peer calls what was passed to it. `last` carries that out, with the arguments that the layers have left. */
export function incomingCallback(
  sender: CallSender,
  member: string | null,
  args: readonly unknown[],
  last: (args: readonly unknown[]) => unknown,
): IncomingCall {
  return new IncomingCall(descriptorOf('incoming', member), args, sender, (call) => last(call.args));
}

/** This side calls what a peer has passed. `last` sends it. */
export function outgoingCallback(
  side: CallingSide,
  session: Session,
  member: string | null,
  args: readonly unknown[],
  last: (call: OutgoingCall) => unknown,
): OutgoingCall {
  const peer = session.peer as Peer;
  const call = new OutgoingCall(descriptorOf('outgoing', member), args, peer, undefined, side, last);
  call.fixPeers(peer);
  return call;
}

function descriptorOf(direction: MethodDescriptor['direction'], member: string | null): MethodDescriptor {
  return undeclaredMethod(direction, 'callback', member === null ? 'callback' : `callback.${member}`, CALL);
}
