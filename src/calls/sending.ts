import { isThenable } from '../base/promise-like.js';
import type { About, Delivery } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { mustKeep } from '../session/delivery-terms.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { Receivers, SlowOptions } from '../types/peers.js';
import type { PackedArguments } from './arguments.js';
import type { CallingSide } from './calling-side.js';
import { deliver, isSelfDelivering } from './self-delivering.js';

/** Checks that there are receivers, and runs the body of an outgoing method, if it is for this side. What it throws stops the call. */
export function prepare(
  side: CallingSide,
  method: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
): void {
  if (receivers === undefined)
    throw new UsageError(
      `${method.path}: the first argument is the receivers: null for every peer, a peer, its id, or several`,
    );
  if (side.inverted) return;
  const given = method.body.call(self, receivers, ...args) as unknown;
  if (!isThenable(given)) return;
  given.then(undefined, () => {});
  throw new UsageError(`the body of ${method.path} is async, and so cannot stop what is sent: check without waiting`);
}

/** Sends a notification. `slow` says what happens at receivers that do not take what they are sent. */
export function notify(
  side: CallingSide,
  method: MethodDescriptor,
  receivers: Receivers,
  packed: PackedArguments,
  about?: About,
  slow?: SlowOptions,
  delivery?: Delivery,
): void {
  if (delivery !== undefined) {
    // Several receivers are each sent a message of their own: nothing is sent unless it can be sent to all of them.
    const sessions = side.peerRegistry.several(receivers);
    for (const { link } of sessions) mustKeep(link, delivery);
    for (const each of sessions) each.notify(method.wire, packed.args, packed.named, about, delivery);
    return;
  }
  const session = slow === undefined ? side.peerRegistry.single(receivers) : undefined;
  if (session !== undefined && (receivers !== null || !side.broadcasts))
    session.notify(method.wire, packed.args, packed.named, about);
  else notifySeveral(side, method, receivers, packed, about, slow);
}

/** Sends a notification where there is not exactly one receiver. */
export function notifySeveral(
  side: CallingSide,
  method: MethodDescriptor,
  receivers: Receivers,
  packed: PackedArguments,
  about?: About,
  slow?: SlowOptions,
): void {
  if (isSelfDelivering(receivers)) receivers[deliver](side, method, packed, about, slow);
  else side.attached.multicast.notify(method, receivers, packed, about, slow);
}
