import { isThenable } from '../../base/promise-like.js';
import { Code, RpcError, TimeoutError, UsageError } from '../../contract/errors.js';
import type { Interceptor } from '../../types/interceptor.js';
import type { MadeCall } from '../middleware/call-of.js';
import { CheckedStream } from './checked-stream.js';
import { inTime } from './in-time.js';
import type { Checking } from './incoming.js';
import { type Check, type Checked, validationOf } from './validation.js';

/**
 * Checks the calls of an outgoing method: what they give, which the caller gets as the schemas make it, and with `both` the
 * arguments, which leave as they are. Undefined where there is nothing to check. It stands innermost, next to the wire, so that
 * interceptors around it see what the caller gets.
 *
 * An asynchronous schema cannot stop what is sent: it would let later calls overtake it. The other side asks it.
 */
export function outgoingValidation(row: Checked, checking: Checking): Interceptor | undefined {
  const validation = checking.validate === 'off' ? undefined : validationOf(row, checking.revived);
  if (validation === undefined) return undefined;
  const { progress } = validation;
  const args = checking.validate === 'both' ? validation.args : undefined;
  const result = validation.result && timely(row.wire, validation.result, checking.timeout);
  const item = validation.item && timely(row.wire, validation.item, checking.timeout);
  if (args === undefined && result === undefined && item === undefined && progress === undefined) return undefined;

  return (call, next) => {
    if (args !== undefined) mayLeave(args, call.args);
    if (progress !== undefined) listen(row.wire, progress, call as MadeCall);
    const given = next();
    if (item !== undefined) return new CheckedStream(given, row.wire, item);
    // A request that is sent as a notification gives nothing.
    if (result === undefined || call.kind === 'notification') return given;
    return isThenable(given) ? Promise.resolve(given).then(result) : given;
  };
}

/** Throws a UsageError, before anything is sent, whose `cause` says what is wrong. An asynchronous schema is not awaited. */
export function mayLeave<T>(check: Check<T>, values: T): void {
  try {
    const checked = check(values);
    if (checked instanceof Promise) checked.catch(() => {});
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/**
 * Whoever listens to the progress of the call is told what the schema makes of it. What does not fit is not told: it is thrown,
 * and so reported, and the call goes on. An asynchronous schema is refused as such, for it could not keep the order.
 */
function listen(method: string, check: Check, call: MadeCall): void {
  const told = call.onProgress;
  if (told === undefined) return;
  call.onProgress = (value) => {
    const checked = check(value);
    if (!(checked instanceof Promise)) return told(checked);
    checked.catch(() => {});
    throw new RpcError(`the progress of ${method}: its schema must not be asynchronous`, Code.InternalError);
  };
}

function timely(method: string, check: Check, timeout: number): Check {
  return (value) => {
    const checked = check(value);
    if (!(checked instanceof Promise)) return checked;
    return inTime(checked, timeout, () => new TimeoutError(`what ${method} gave was not checked in time`));
  };
}
