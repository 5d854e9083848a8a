import { Code, RpcError, TimeoutError, UsageError } from '../errors.js';
import type { Interceptor } from '../middleware/interceptor.js';
import { isThenable } from '../thenable.js';
import { checkedStream } from './checked-stream.js';
import { inTime } from './in-time.js';
import type { Checking } from './incoming-validation.js';
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
  const args = checking.validate === 'both' ? validation.args : undefined;
  const result = validation.result && timely(row.wire, validation.result, checking.timeout);
  const item = validation.item && timely(row.wire, validation.item, checking.timeout);
  if (args === undefined && result === undefined && item === undefined) return undefined;

  return (call, next) => {
    if (args !== undefined) mayLeave(args, call.args);
    const given = next();
    if (item !== undefined) return checkedStream(given, item);
    // A request that is sent as a notification gives nothing.
    if (result === undefined || call.kind === 'notification') return given;
    return isThenable(given) ? Promise.resolve(given).then(result) : given;
  };
}

/**
 * Takes the progress of an outgoing method's calls, as its schema gives it, to whoever is told of it. What does not fit is
 * reported and not told: the call goes on. An asynchronous schema is refused as such, for it could not keep the order.
 * Undefined where there is nothing to check.
 */
export function progressValidation(
  row: Checked,
  checking: Checking,
): ((deliver: (value: unknown) => void, report: (error: unknown) => void) => (value: unknown) => void) | undefined {
  const check = checking.validate === 'off' ? undefined : validationOf(row, checking.revived)?.progress;
  if (check === undefined) return undefined;
  return (deliver, report) => (value) => {
    let checked: unknown;
    try {
      checked = check(value);
    } catch (error) {
      report(error);
      return;
    }
    if (!(checked instanceof Promise)) {
      deliver(checked);
      return;
    }
    checked.catch(() => {});
    report(new RpcError(`the progress of ${row.wire}: its schema must not be asynchronous`, Code.InternalError));
  };
}

/** Throws a UsageError, before anything is sent, whose `cause` says what is wrong. */
function mayLeave(check: Check<readonly unknown[]>, values: readonly unknown[]): void {
  try {
    const checked = check(values);
    if (checked instanceof Promise) checked.catch(() => {});
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

function timely(method: string, check: Check, timeout: number): Check {
  return (value) => {
    const checked = check(value);
    if (!(checked instanceof Promise)) return checked;
    return inTime(checked, timeout, () => new TimeoutError(`what ${method} gave was not checked in time`));
  };
}
