import { callListeners, type EventListener, type EventListeners } from '../../api/event-listeners.js';
import { isThenable } from '../../base/promise-like.js';
import type { CallReports } from '../../calls/calling-side.js';
import type { LayeredCall } from '../../calls/layered-call.js';
import type { CallDetails } from '../../session/incoming-calls/call-details.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import type { CallContext, CallEvents, IncomingCall, Interceptor, UnknownCall } from '../../types/interceptor.js';
import { observedStream } from '../streams/relayed-stream.js';

type Emit = (...args: unknown[]) => void;

/** Calls the listeners of one event. If one throws, that is reported, and the others are still called. */
function emitterOf(listeners: readonly EventListener[], event: keyof CallEvents, reports: CallReports): Emit {
  return (...args) => {
    const { peer } = args[0] as CallContext | UnknownCall;
    const failed = (error: unknown): void => reports.write('error', peer, `a listener of ${event} has failed:`, error);
    callListeners(listeners, args, failed);
  };
}

/** Emits `method.unknown` to the listeners whose path is a prefix of the call's path. */
export function emitUnknown(listeners: EventListeners, reports: CallReports, call: UnknownCall): void {
  const concerned = listeners.of('method.unknown', call.path);
  if (concerned.length > 0) emitterOf(concerned, 'method.unknown', reports)(call);
}

/** The events of calls that have layers. */
const events: readonly (keyof CallEvents)[] = [
  'method.created',
  'method.call',
  'method.return',
  'method.exception',
  'method.sent',
  'method.closed',
];

/** The layer that emits the events of the calls of one method, outside all other interceptors. Undefined if there is no listener. */
export function emitting(listeners: EventListeners, path: string, reports: CallReports): Interceptor | undefined {
  if (!events.some((event) => listeners.of(event, path).length > 0)) return undefined;

  const emitter = (event: keyof CallEvents): Emit => emitterOf(listeners.of(event, path), event, reports);
  const created = emitter('method.created');
  const carriedOut = emitter('method.call');
  const returns = emitter('method.return');
  const fails = emitter('method.exception');
  const sent = emitter('method.sent');
  const closed = emitter('method.closed');

  const watch = (work: CallDetails, call: IncomingCall): void => {
    // A call of a passed side runs within another call.
    const outer = work.watcher;
    work.watcher = {
      sent() {
        sent(call);
        outer?.sent();
      },
      closed() {
        closed(call);
        outer?.closed();
      },
    };
  };

  return (call, next) => {
    created(call);
    (call as unknown as LayeredCall).onCarriedOut = () => carriedOut(call);
    // The session reports when an incoming call is over.
    const close = call.direction === 'outgoing' ? closed : () => {};
    if (call.direction === 'incoming') watch((call.sender as CallSender).details, call);
    const failed = (error: unknown): never => {
      fails(call, error);
      close(call);
      throw error;
    };
    const returned = (result: unknown): unknown => {
      returns(call, result);
      if (call.kind === 'stream' && call.direction === 'outgoing')
        return observedStream(result, call.path, () => closed(call));
      close(call);
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
}
