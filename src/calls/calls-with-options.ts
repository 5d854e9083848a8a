import { Aborted, Code, RpcError } from '../contract/errors.js';
import type { CallSender } from '../session/peer.js';
import type { Session } from '../session/session.js';
import { callOptionsOf } from '../spec/call-options.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { CallOptions } from '../types/call-options.js';
import type { Detailed } from '../types/derived.js';
import type { Receivers } from '../types/peers.js';
import { currentCall } from './call-context.js';
import type { CallingSide } from './calling-side.js';
import { OutgoingCall, type Wish, wishOf } from './outgoing-call.js';
import { notify, type PackedArguments, packArguments, prepare } from './outgoing-method.js';

/** Calls with options. As without, a notification gives nothing and may throw, a request gives a promise and never throws. */
export function callWith(
  hub: CallingSide,
  row: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  asked: CallOptions | undefined,
): unknown {
  const answer = carryOut(hub, row, self, receivers, args, callOptionsOf(hub, row, asked));
  return row.request ? answer?.then(justValue) : undefined;
}

/** An answer without what was said of it. */
export function justValue({ value }: Detailed<unknown>): unknown {
  return value;
}

/** The same, and gives with the value what was said of the answer. */
export function callDetailed(
  hub: CallingSide,
  row: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  asked: CallOptions | undefined,
): Promise<Detailed<unknown>> | undefined {
  const chain = hub.middleware.around(row);
  if (chain !== undefined) return chain.detailed(hub, row, self, receivers, args, asked);
  return carryOut(hub, row, self, receivers, args, callOptionsOf(hub, row, asked));
}

/**
 * The same with the options that hold for the call, once every interceptor has passed it on. `sent` is told the id of a request to
 * one peer.
 */
export function carryOut(
  hub: CallingSide,
  row: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  options: CallOptions,
  sent?: (id: number) => void,
): Promise<Detailed<unknown>> | undefined {
  const nothing: Detailed<undefined> = { value: undefined, metadata: {} };
  try {
    prepare(hub, row, self, receivers, args);
    const packed = packArguments(row, args);
    // What a handler calls has no more time than the handler.
    const wish = wishOf(
      options,
      row.timeout ?? hub.timeout,
      (options.within as CallSender | undefined) ?? currentCall(),
    );
    if (!row.request || options.noReply === true) {
      notify(hub, row, receivers, packed, wish.about, options.slow === undefined ? undefined : options);
      return row.request ? Promise.resolve(nothing) : undefined;
    }
    const answer = askFirst(row.wire, hub.roster.several(receivers), packed, wish, sent);
    return options.ignoreErrors === true ? answer.catch(() => nothing) : answer;
  } catch (error) {
    if (options.ignoreErrors === true) return row.request ? Promise.resolve(nothing) : undefined;
    if (row.request) return Promise.reject(error);
    throw error;
  }
}

/**
 * The first success of several receivers, or else what they failed with: that nobody has the method only if all say so. The
 * others are given up.
 */
export function askFirst(
  method: string,
  sessions: readonly Session[],
  { args, named }: PackedArguments,
  wish: Wish,
  sent?: (id: number) => void,
): Promise<Detailed<unknown>> {
  return new Promise((resolve, reject) => {
    const asked: OutgoingCall[] = [];
    let left = sessions.length;
    let failure: unknown;
    const succeed = (answer: Detailed<unknown>): void => {
      resolve(answer);
      for (const other of asked) other.giveUp(new Aborted('another receiver has answered'));
    };
    const fail = (error: unknown): void => {
      if (failure === undefined || isNotFound(failure)) failure = error;
      if (--left === 0) reject(failure);
    };
    for (const session of sessions) {
      try {
        const asking = new OutgoingCall(session, method, wish, { resolve: succeed, reject: fail });
        const id = asking.send(args, named);
        if (sent !== undefined && sessions.length === 1) sent(id);
        asked.push(asking);
      } catch (error) {
        fail(error);
      }
    }
  });
}

/** Whether an error says that nobody has the method. */
function isNotFound(error: unknown): boolean {
  return error instanceof RpcError && error.code === Code.MethodNotFound;
}
