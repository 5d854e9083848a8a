import type { MethodDescriptor } from '../spec/method-table.js';
import type { CallOptions } from '../types/call-options.js';
import type { Receivers } from '../types/peers.js';
import { packArguments } from './arguments.js';
import { currentCall } from './call-context.js';
import { plainSettings } from './call-settings.js';
import type { CallingSide } from './calling-side.js';
import { callInFull } from './full-call.js';
import { requestFirst } from './request-first.js';
import { notifySeveral, prepare } from './sending.js';

/**
 * Calls an outgoing method: a notification returns nothing and may throw, a request returns a promise and never throws, a stream
 * returns its iterator.
 *
 * In one piece on purpose: V8 inlines no function of more than 460 bytes of bytecode. So this one is compiled once, and early,
 * instead of once more within each place of a program that calls a method.
 */
export function call(
  side: CallingSide,
  method: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  options?: CallOptions,
): unknown {
  if (
    side.layers.outgoing?.has(method) === true ||
    method.stream ||
    options !== undefined ||
    method.defaults !== undefined ||
    side.defaults !== undefined ||
    currentCall() !== undefined
  )
    return callInFull(side, method, self, receivers, args, options);
  try {
    if (receivers === undefined || !side.inverted) prepare(side, method, self, receivers, args);
    let sent: readonly unknown[] = args;
    let named = true;
    // One object with the arguments is sent as it is; `packArguments` looks at anything else.
    const only = args[0];
    if (
      args.length !== 1 ||
      method.positional ||
      method.params !== undefined ||
      typeof only !== 'object' ||
      only === null ||
      Array.isArray(only)
    ) {
      const packed = packArguments(method, args);
      sent = packed.args;
      named = packed.named;
    }
    const session = side.peerRegistry.single(receivers);
    if (!method.request) {
      if (session !== undefined && (receivers !== null || !side.broadcasts)) session.notify(method.wire, sent, named);
      else notifySeveral(side, method, receivers, { args: sent, named });
      return undefined;
    }
    const timeout = method.timeout ?? side.timeout;
    if (session !== undefined) return session.request(method.wire, sent, named, timeout);
    const sessions = side.peerRegistry.several(receivers);
    return requestFirst(method.wire, sessions, { args: sent, named }, plainSettings(timeout)).then(replyValue);
  } catch (error) {
    if (!method.request) throw error;
    return Promise.reject(error);
  }
}

function replyValue({ value }: { readonly value: unknown }): unknown {
  return value;
}
