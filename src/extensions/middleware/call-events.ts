import { callListeners, type EventListener, type EventListeners } from '../../api/event-listeners.js';
import type { Reports } from '../../api/reports.js';
import { isThenable } from '../../base/promise-like.js';
import type { Work } from '../../session/active-call.js';
import type { CallSender } from '../../session/peer.js';
import type { CallContext, CallEvents, IncomingCall, Interceptor, UnknownCall } from '../../types/interceptor.js';
import { watchedStream } from '../streams/relayed-stream.js';

/** The events of calls around which something stands. */
export const aroundCalls: readonly (keyof CallEvents)[] = [
  'method.created',
  'method.call',
  'method.return',
  'method.exception',
  'method.sent',
  'method.closed',
];

type Tell = (...told: unknown[]) => void;

/** Calls the listeners of one event, each whatever the others do. */
function tellerFor(listeners: readonly EventListener[], event: keyof CallEvents, reports: Reports): Tell {
  return (...args) => {
    const { peer } = args[0] as CallContext | UnknownCall;
    const failed = (error: unknown): void => reports.write('error', peer, `a listener of ${event} has failed:`, error);
    callListeners(listeners, args, failed);
  };
}

/** Tells those whose paths begin so that a peer has called what nobody serves. */
export function tellUnknown(listeners: EventListeners, reports: Reports, call: UnknownCall): void {
  const hears = listeners.of('method.unknown', call.path);
  if (hears.length > 0) tellerFor(hears, 'method.unknown', reports)(call);
}

/** What calls the listeners of calls of a method of this path: it stands outermost, and for `method.call` innermost. */
export function telling(
  listeners: EventListeners,
  path: string,
  reports: Reports,
): { readonly outermost: Interceptor[]; readonly innermost: Interceptor[] } {
  if (!aroundCalls.some((event) => listeners.of(event, path).length > 0)) return { outermost: [], innermost: [] };

  const tellerOf = (event: keyof CallEvents): Tell => tellerFor(listeners.of(event, path), event, reports);
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
