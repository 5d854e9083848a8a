import { isThenable } from '../base/promise-like.js';
import { Code, RpcError } from '../contract/errors.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { Sender } from '../types/peers.js';

/** A handler of an incoming method. */
export type AnyHandler = (sender: Sender, ...args: unknown[]) => unknown;

/** Runs the handlers of a notification. Each runs, whatever the others do. */
export function serveNotification(
  handlers: readonly AnyHandler[],
  sender: Sender,
  args: readonly unknown[],
  report: (error: unknown) => void,
): unknown {
  let pending: Promise<unknown> | undefined;
  for (const handler of handlers) {
    try {
      const given = handler(sender, ...args);
      if (!isThenable(given)) continue;
      const settled = Promise.resolve(given).then(nothing, report);
      pending = pending === undefined ? settled : Promise.all([pending, settled]).then(nothing);
    } catch (error) {
      report(error);
    }
  }
  return pending;
}
function nothing(): undefined {}

/**
 * Runs the handlers of a request, of which at most one may return a reply; `own` is what the body has returned. If a handler throws, that
 * is the error of the call, and the handlers after it do not run. `onTwo` is called if more than one returns a reply.
 */
export function serveRequest(
  method: MethodDescriptor,
  handlers: readonly AnyHandler[],
  sender: Sender,
  args: readonly unknown[],
  own: unknown,
  report: (error: unknown) => void,
  onTwo: (text: string) => void = nothing,
): unknown {
  const given: unknown[] = [own];
  try {
    for (const handler of handlers) given.push(handler(sender, ...args));
  } catch (error) {
    for (const value of given) if (isThenable(value)) value.then(nothing, report);
    throw error;
  }
  return given.some(isThenable)
    ? Promise.all(given).then((values) => only(method, values, onTwo))
    : only(method, given, onTwo);
}

function only(method: MethodDescriptor, values: readonly unknown[], onTwo: (text: string) => void): unknown {
  const answers = values.filter((value) => value !== undefined);
  if (answers.length > 1) {
    const text = `${method.wire} produced more than one reply: at most one handler may return one`;
    onTwo(text);
    throw new RpcError(text, Code.InternalError);
  }
  return answers[0];
}
