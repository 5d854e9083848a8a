import { Aborted, Code, ConnectionLost, RpcError } from '../contract/errors.js';
import type { Session } from '../session/session.js';
import type { Detailed } from '../types/derived.js';
import type { PackedArguments } from './arguments.js';
import type { CallSettings } from './call-settings.js';
import { SentRequest } from './sent-request.js';

/**
 * Sends a request to one or more receivers. Resolves with the first success, and cancels the others; rejects if all
 * fail: with the first error, and with "method not found", or an error that says that it was not sent, only if all of them do.
 * `onSent` gets the id of a request to one receiver.
 */
export function requestFirst(
  method: string,
  sessions: readonly Session[],
  { args, named }: PackedArguments,
  settings: CallSettings,
  onSent?: (id: number) => void,
): Promise<Detailed<unknown>> {
  return new Promise((resolve, reject) => {
    const requests: SentRequest[] = [];
    let left = sessions.length;
    let failure: unknown;
    const succeed = (answer: Detailed<unknown>): void => {
      resolve(answer);
      for (const other of requests) other.cancel(new Aborted('another receiver has answered'));
    };
    const fail = (error: unknown): void => {
      if (failure === undefined || isUncalled(failure)) failure = error;
      if (--left === 0) reject(failure);
    };
    for (const session of sessions) {
      try {
        const request = new SentRequest(session, method, settings, { resolve: succeed, reject: fail });
        const id = request.send(args, named);
        if (sessions.length === 1) onSent?.(id);
        requests.push(request);
      } catch (error) {
        fail(error);
      }
    }
  });
}

/** Whether an error says that the peer does not have the method, or was certainly not called. */
function isUncalled(error: unknown): boolean {
  if (error instanceof ConnectionLost) return !error.maybeExecuted;
  return error instanceof RpcError && error.code === Code.MethodNotFound;
}
