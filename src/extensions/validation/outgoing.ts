import { isThenable } from '../../base/promise-like.js';
import type { Invoke } from '../../calls/layer.js';
import type { OutgoingCall } from '../../calls/outgoing-call.js';
import { Code, RpcError, TimeoutError } from '../../contract/errors.js';
import { CheckedStream } from './checked-stream.js';
import { type Checking, mustFit } from './checking.js';
import { inTime } from './in-time.js';
import { type Check, type Checked, validationOf } from './validation.js';

/**
 * Checks the calls of an outgoing method: results, items and progress, which the caller gets as the schemas return them, and with `both`
 * the arguments, which are sent as they are. Undefined if there is nothing to check. It is next to the wire: interceptors see
 * what the caller gets.
 *
 * An asynchronous schema cannot stop what is sent: later calls would overtake it. It is left to the other side.
 */
export function outgoingValidation(
  method: Checked,
  checking: Checking,
  next: Invoke<OutgoingCall>,
): Invoke<OutgoingCall> | undefined {
  const validation = checking.validate === 'off' ? undefined : validationOf(method, checking.revived);
  if (validation === undefined) return undefined;
  const { wire } = method;
  const { progress } = validation;
  const args = checking.validate === 'both' ? validation.args : undefined;
  const result = validation.result && timely(wire, validation.result, checking.timeout);
  const item = validation.item && timely(wire, validation.item, checking.timeout);
  if (args === undefined && result === undefined && item === undefined && progress === undefined) return undefined;

  return (call) => {
    if (args !== undefined) mustFit(args, call.args);
    if (progress !== undefined) checkProgress(wire, progress, call);
    const given = next(call);
    if (item !== undefined) return new CheckedStream(given, wire, item);
    // A request that is sent as a notification returns nothing.
    if (result === undefined || call.kind === 'notification') return given;
    return isThenable(given) ? Promise.resolve(given).then(result) : given;
  };
}

/**
 * The listener of the progress of a call gets the values as the schema returns them. One that does not fit is thrown, and so reported,
 * and the call continues. An asynchronous schema is refused, because it could not keep the order.
 */
function checkProgress(method: string, check: Check, call: OutgoingCall): void {
  const { onProgress } = call;
  if (onProgress === undefined) return;
  call.onProgress = (value) => {
    const checked = check(value);
    if (!(checked instanceof Promise)) return onProgress(checked);
    checked.catch(() => {});
    throw new RpcError(`the progress of ${method}: its schema must not be asynchronous`, Code.InternalError);
  };
}

function timely(method: string, check: Check, timeout: number): Check {
  return (value) => {
    const checked = check(value);
    if (!(checked instanceof Promise)) return checked;
    return inTime(
      checked,
      timeout,
      () => new TimeoutError(`${method}: the schema of a value that it returned took longer than ${timeout} ms`),
    );
  };
}
