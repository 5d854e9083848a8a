import type { CallSender } from '../peer.js';
import type { Peer } from '../types.js';
import { MadeCall, ServedCall } from './call-of.js';
import type { Subject } from './chain.js';
import type { Middleware } from './middleware.js';

/** A call of a function that was passed by reference, or of a method of an object that was. */
export interface Callback {
  /** The name on the wire of what carries such calls. */
  readonly method: string;
  /** The name of the method of an object; null for a function. */
  readonly member: string | null;
  readonly args: readonly unknown[];
  /** Who has called what is ours; undefined if this side calls what a peer has passed. */
  readonly sender: CallSender | undefined;
  /** The peer whose function is called; undefined if it is ours. */
  readonly receiver: Peer | undefined;
}

/**
 * Carries a call of a reference out, through what stands around every call of the side: its path is `callback`, or
 * `callback.method`. `last` does it, with the arguments that are left. Gives what `last` gives where nobody stands there.
 */
export function interceptCallback(
  host: { readonly middleware: Middleware },
  callback: Callback,
  last: (args: readonly unknown[]) => unknown,
): unknown {
  const { sender, args, member, method } = callback;
  const run = host.middleware.aroundCallbacks(sender === undefined ? 'outgoing' : 'incoming');
  if (run === undefined) return last(args);
  const path = member === null ? 'callback' : `callback.${member}`;
  const subject: Subject = { kind: 'callback', path, method, meta: undefined, logged: true };
  const call =
    sender === undefined
      ? new MadeCall(subject, args, callback.receiver as Peer, undefined)
      : new ServedCall(subject, args, sender);
  return run(call, () => last(call.args));
}
