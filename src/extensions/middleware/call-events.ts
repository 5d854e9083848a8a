import type { Reports } from '../../api/reports.js';
import { isThenable } from '../../base/promise-like.js';
import { UsageError } from '../../contract/errors.js';
import type { Work } from '../../session/active-call.js';
import type { CallSender } from '../../session/peer.js';
import type { CallContext, CallEvents, IncomingCall, Interceptor, UnknownCall } from '../../types/interceptor.js';
import { watchedStream } from '../streams/relayed-stream.js';

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
