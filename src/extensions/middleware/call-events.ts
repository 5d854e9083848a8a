import type { Reports } from '../../api/reports.js';
import { isThenable } from '../../base/promise-like.js';
import type { Id } from '../../contract/contract.js';
import { UsageError } from '../../contract/errors.js';
import type { Work } from '../../session/active-call.js';
import type { CallSender } from '../../session/peer.js';
import type { CallContext, IncomingCall, Interceptor } from '../../types/interceptor.js';
import type { Peer } from '../../types/side.js';
import { watchedStream } from '../streams/relayed-stream.js';

/**
 * What listeners are told of calls, in this order. Names and order are those of rpclib: `method_context_created`, `method_call`,
 * `method_return_object` or `method_exception_object`, `method_return_string` or `method_exception_string`,
 * `method_context_closed`.
 */
export interface CallEvents {
  /** There is a call; nothing has been done about it. */
  'method.created': (call: CallContext) => unknown;
  /** It is carried out now: nobody has refused it. Of an outgoing call: it leaves. */
  'method.call': (call: CallContext) => unknown;
  /** What it gives in the end; nothing for a notification, an iterable for a stream. */
  'method.return': (call: CallContext, result: unknown) => unknown;
  /** What it fails with in the end. */
  'method.exception': (call: CallContext, error: unknown) => unknown;
  /** Its answer was encoded, and is on its way; only of an incoming call that is answered. */
  'method.sent': (call: IncomingCall) => unknown;
  /** It is over, with what runs after the reply, and all items of a stream. Whatever has become of it, this comes last and once. */
  'method.closed': (call: CallContext) => unknown;
  /** A peer calls what nobody here serves: it is answered -32601, or ignored. No other event and no interceptor sees such a call. */
  'method.unknown': (call: UnknownCall) => unknown;
}

/** A call of a method that nobody here serves: unknown, without a mark, unmounted, or one that goes the other way. */
export interface UnknownCall {
  /** The property path that the method would have, with dots. */
  readonly path: string;
  /** The name on the wire. */
  readonly method: string;
  /** Undefined for a notification. */
  readonly id: Id | undefined;
  /** Who has made it. */
  readonly peer: Peer;
}

/** Whoever is told of one event. */
export interface Listening {
  readonly event: keyof CallEvents;
  /** The listener hears of the methods whose paths begin so. */
  readonly path: string;
  readonly listener: (...told: unknown[]) => unknown;
}

/** Their names. */
export const callEvents: readonly string[] = [
  'method.created',
  'method.call',
  'method.return',
  'method.exception',
  'method.sent',
  'method.closed',
  'method.unknown',
] satisfies (keyof CallEvents)[];

/** Throws a UsageError for an event that there is not, and for what is no listener. */
export function checkListening({ event, listener }: Listening): void {
  if (!callEvents.includes(event))
    throw new UsageError(`there is no event "${event}"; there are connect, disconnect, ${callEvents.join(', ')}`);
  if (typeof listener !== 'function') throw new UsageError(`a listener is a function, not ${String(listener)}`);
}

type Tell = (...told: unknown[]) => void;

/** Tells the listeners of one event, each whatever the others do. */
function tellerFor(listenings: readonly Listening[], event: keyof CallEvents, reports: Reports): Tell {
  const listeners = listenings.filter((one) => one.event === event).map(({ listener }) => listener);
  const failed = (error: unknown, { peer }: CallContext | UnknownCall): void =>
    reports.write('error', peer, `a listener of ${event} has failed:`, error);
  return (...told) => {
    const call = told[0] as CallContext | UnknownCall;
    for (const listener of listeners) {
      try {
        const given = listener(...told);
        if (isThenable(given)) given.then(undefined, (error: unknown) => failed(error, call));
      } catch (error) {
        failed(error, call);
      }
    }
  };
}

/** Tells those whose paths begin so that a peer has called what nobody serves. */
export function tellUnknown(listenings: readonly Listening[], reports: Reports, call: UnknownCall): void {
  const hears = listenings.filter(({ path }) => call.path.startsWith(path));
  if (hears.length > 0) tellerFor(hears, 'method.unknown', reports)(call);
}

/** What tells listeners of the calls of a method: it stands outermost, and for `method.call` innermost. */
export function telling(
  listenings: readonly Listening[],
  reports: Reports,
): { readonly outermost: Interceptor[]; readonly innermost: Interceptor[] } {
  if (listenings.length === 0) return { outermost: [], innermost: [] };

  const tellerOf = (event: keyof CallEvents): Tell => tellerFor(listenings, event, reports);
  const created = tellerOf('method.created');
  const returns = tellerOf('method.return');
  const fails = tellerOf('method.exception');
  const sent = tellerOf('method.sent');
  const closed = tellerOf('method.closed');

  const watch = (work: Work, call: IncomingCall): void => {
    // A call of a side that was passed is one within another.
    const around = work.watcher;
    work.watcher = {
      sent() {
        sent(call);
        around?.sent();
      },
      closed() {
        closed(call);
        around?.closed();
      },
    };
  };

  const outermost: Interceptor = (call, next) => {
    created(call);
    // An incoming call is over when the session says so.
    const mayClose = call.direction === 'outgoing' ? closed : () => {};
    if (call.direction === 'incoming') watch((call.sender as CallSender).work, call);
    const failed = (error: unknown): never => {
      fails(call, error);
      mayClose(call);
      throw error;
    };
    const returned = (result: unknown): unknown => {
      returns(call, result);
      if (call.kind === 'stream' && call.direction === 'outgoing')
        return watchedStream(result, call.path, () => closed(call));
      mayClose(call);
      return result;
    };
    let given: unknown;
    try {
      given = next();
    } catch (error) {
      return failed(error);
    }
    return isThenable(given) ? Promise.resolve(given).then(returned, failed) : returned(given);
  };

  const calls = tellerOf('method.call');
  const innermost: Interceptor = (call, next) => {
    calls(call);
    return next();
  };
  return { outermost: [outermost], innermost: [innermost] };
}
