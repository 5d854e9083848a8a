import { isThenable } from '../base/promise-like.js';
import type { About } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { CallOptions } from '../types/call-options.js';
import type { Receivers, SlowOptions } from '../types/peers.js';
import { currentCall } from './call-context.js';
import type { CallingSide } from './calling-side.js';
import { askFirst, callWith, justValue } from './calls-with-options.js';
import { plainWish } from './outgoing-call.js';

/**
 * Calls what a row describes: a notification gives nothing and may throw, a request gives a promise and never throws. `isThrough`:
 * the call has passed those who stand around the method.
 *
 * In one piece on purpose: V8 inlines no function of more than 460 bytes of bytecode. So this one is compiled once, and early,
 * instead of once more within each place of a program that calls a method.
 */
export function call(
  hub: CallingSide,
  row: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  options?: CallOptions,
  isThrough = false,
): unknown {
  if (!isThrough) {
    const chain = hub.middleware.around(row);
    if (chain !== undefined) return chain.call(hub, row, self, receivers, args, options);
  }
  if (row.stream) return hub.attached.streams.call(row, self, receivers, args, options);
  if (options !== undefined || row.defaults !== undefined || hub.defaults !== undefined || currentCall() !== undefined)
    return callWith(hub, row, self, receivers, args, options);
  try {
    if (receivers === undefined || !hub.inverted) prepare(hub, row, self, receivers, args);
    let sent: readonly unknown[] = args;
    let named = true;
    // One object with the arguments travels as it is; anything else is looked at in `pack`.
    const only = args[0];
    if (
      args.length !== 1 ||
      row.positional ||
      row.params !== undefined ||
      typeof only !== 'object' ||
      only === null ||
      Array.isArray(only)
    ) {
      const packed = packArguments(row, args);
      sent = packed.args;
      named = packed.named;
    }
    const session = hub.roster.single(receivers);
    if (!row.request) {
      if (session !== undefined && (receivers !== null || !hub.broadcasts)) session.notify(row.wire, sent, named);
      else hub.attached.multicast.notify(row, receivers, { args: sent, named });
      return undefined;
    }
    const timeout = row.timeout ?? hub.timeout;
    if (session !== undefined) return session.request(row.wire, sent, named, timeout);
    const packed = { args: sent, named };
    return askFirst(row.wire, hub.roster.several(receivers), packed, plainWish(timeout)).then(justValue);
  } catch (error) {
    if (!row.request) throw error;
    return Promise.reject(error);
  }
}

/** The receivers are checked, and the body runs: what it throws stops the call. */
export function prepare(
  hub: CallingSide,
  row: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
): void {
  if (receivers === undefined)
    throw new UsageError(
      `${row.path}: the first argument is the receivers: null for every peer, a peer, its id, or several`,
    );
  if (hub.inverted) return;
  const given = row.body.call(self, receivers, ...args) as unknown;
  if (!isThenable(given)) return;
  given.then(undefined, () => {});
  throw new UsageError(`the body of ${row.path} is async, and so cannot stop what is sent: check without waiting`);
}

/** Arguments as they travel. */
export interface PackedArguments {
  readonly args: readonly unknown[];
  readonly named: boolean;
}

/** The arguments as they travel: by name in one object, or by position. Throws a UsageError if they do not fit. */
export function packArguments(row: MethodDescriptor, args: unknown[]): PackedArguments {
  const { params } = row;
  if (params !== undefined) {
    if (args.length > params.length)
      throw new UsageError(`${row.path} takes ${params.length} arguments (${params.join(', ')}), not ${args.length}`);
    const named: Record<string, unknown> = {};
    for (const [at, value] of args.entries()) if (value !== undefined) named[params[at] as string] = value;
    return { args: [named], named: true };
  }
  if (row.positional) {
    // What is left out at the end does not travel: in JSON it would be null.
    let { length } = args;
    while (length > 0 && args[length - 1] === undefined) length--;
    return { args: args.slice(0, length), named: false };
  }
  const [only] = args;
  if (args.length > 1 || (only !== undefined && (typeof only !== 'object' || only === null || Array.isArray(only)))) {
    throw new UsageError(
      `${row.path} takes one object, whose fields are the arguments, not ${args.length > 1 ? `${args.length} values` : String(only)}`,
    );
  }
  return only === undefined ? { args: [], named: false } : { args, named: true };
}

/** Tells the receivers. `slow` says what becomes of it at those who do not take what they are sent. */
export function notify(
  hub: CallingSide,
  row: MethodDescriptor,
  receivers: Receivers,
  packed: PackedArguments,
  about?: About,
  slow?: SlowOptions,
): void {
  const session = slow === undefined ? hub.roster.single(receivers) : undefined;
  if (session !== undefined && (receivers !== null || !hub.broadcasts))
    session.notify(row.wire, packed.args, packed.named, about);
  else hub.attached.multicast.notify(row, receivers, packed, about, slow);
}
