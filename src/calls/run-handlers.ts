import { isThenable } from '../base/promise-like.js';
import { Code, RpcError } from '../contract/errors.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { Sender } from '../types/peers.js';

/** A handler of an incoming method. */
export type AnyHandler = (sender: Sender, ...args: unknown[]) => unknown;

/** A notification: every handler runs, whatever the others do. */
export function tell(
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

/** A request with several candidates for its one answer. What is thrown is the answer, and the handlers after it do not run. `twice`
 * is told if more than one of them answers. */
export function ask(
  row: MethodDescriptor,
  handlers: readonly AnyHandler[],
  sender: Sender,
  args: readonly unknown[],
  own: unknown,
  report: (error: unknown) => void,
  twice: (text: string) => void = nothing,
): unknown {
  const given: unknown[] = [own];
  try {
    for (const handler of handlers) given.push(handler(sender, ...args));
  } catch (error) {
    for (const value of given) if (isThenable(value)) value.then(nothing, report);
    throw error;
  }
  return given.some(isThenable)
    ? Promise.all(given).then((values) => only(row, values, twice))
    : only(row, given, twice);
}

function only(row: MethodDescriptor, values: readonly unknown[], twice: (text: string) => void): unknown {
  const answers = values.filter((value) => value !== undefined);
  if (answers.length > 1) {
    const text = `${row.wire} produced more than one reply: at most one handler may give one`;
    twice(text);
    throw new RpcError(text, Code.InternalError);
  }
  return answers[0];
}
