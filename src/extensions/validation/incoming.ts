import { isThenable } from '../../base/promise-like.js';
import type { IncomingCall } from '../../calls/incoming-call.js';
import type { Invoke } from '../../calls/layer.js';
import { Code, RpcError } from '../../contract/errors.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import { CheckedStream } from './checked-stream.js';
import { type Checking, mustFit, report } from './checking.js';
import { inTime } from './in-time.js';
import { startCallInOrder } from './start-order.js';
import { type Check, type Checked, type Validation, validationOf } from './validation.js';
import { ValidationError } from './validation-error.js';

/**
 * Checks the calls of an incoming method: the arguments, which the body and the handlers get as the schemas return them, and with `both`
 * the result, the items and the progress, which are sent as they are. Undefined if there is nothing to check. It is next to the
 * body: interceptors see the arguments as they arrived, and the validation error.
 */
export function incomingValidation(
  method: Checked,
  checking: Checking,
  next: Invoke<IncomingCall>,
): Invoke<IncomingCall> | undefined {
  const validation = checking.validate === 'off' ? undefined : validationOf(method, checking.revived);
  if (validation === undefined) return undefined;
  const checked = checking.validate === 'both' ? checkingResults(method, validation, checking, next) : next;
  const { args } = validation;
  if (args !== undefined) return checkingArguments(method.wire, args, checking.timeout, checked);
  return checked === next ? undefined : checked;
}

/** An asynchronous schema delays the start of later calls: they start in the order of their arrival. */
function checkingArguments(
  method: string,
  check: Check<readonly unknown[]>,
  timeout: number,
  next: Invoke<IncomingCall>,
): Invoke<IncomingCall> {
  return (call) => {
    if (call.refusal !== undefined) return next(call);
    const start = (args: readonly unknown[]): unknown => {
      call.args = args;
      return next(call);
    };
    const refuse = (error: unknown): never => {
      throw refusal(method, call, error);
    };
    let args: readonly unknown[] | Promise<readonly unknown[]>;
    try {
      args = check(call.args);
    } catch (error) {
      throw refusal(method, call, error);
    }
    if (!(args instanceof Promise)) return start(args);
    const late = (): Error => new Error(`${method}: the schema of the arguments took longer than ${timeout} ms`);
    return startCallInOrder(call.sender, inTime(args, timeout, late).catch(refuse), start);
  };
}

/** Returns `next` if nothing that is sent is checked. */
function checkingResults(
  { wire }: Checked,
  validation: Validation,
  { timeout }: Checking,
  next: Invoke<IncomingCall>,
): Invoke<IncomingCall> {
  const item = validation.item && passing(wire, validation.item, timeout);
  const result = validation.result && passing(wire, validation.result, timeout);
  const { progress } = validation;
  if ((item ?? result ?? progress) === undefined) return next;
  return (call) => {
    if (progress !== undefined) checkProgress(call.sender, progress);
    const given = next(call);
    if (item === undefined && result === undefined) return given;
    const send = (value: unknown): unknown => {
      if (item !== undefined) return new CheckedStream(value, wire, (one) => item(call, one));
      return result === undefined ? value : result(call, value);
    };
    return isThenable(given) ? Promise.resolve(given).then(send) : send(given);
  };
}

/** The error for the caller: what is wrong with its arguments, or that they could not be checked, which is reported here. */
function refusal(method: string, call: IncomingCall, error: unknown): RpcError {
  if (error instanceof ValidationError) {
    const { message, issues } = error;
    return new RpcError(message, Code.InvalidParams, { issues });
  }
  report(call, error);
  return new RpcError(`${method}: the arguments could not be checked`, Code.InternalError);
}

/**
 * Checks a value that is sent, and returns it unchanged: the receiver has the schema, too. A value that does not fit is reported on
 * this side, whose mistake it is; the error for the receiver does not say what is wrong.
 */
function passing(method: string, check: Check, timeout: number): (call: IncomingCall, value: unknown) => unknown {
  return (call, value) => {
    const refuse = (error: unknown): never => {
      report(call, error);
      throw new RpcError(`${method}: a value that it returned does not fit its schema`, Code.InternalError);
    };
    let checked: unknown;
    try {
      checked = check(value);
    } catch (error) {
      refuse(error);
    }
    if (!(checked instanceof Promise)) return value;
    const late = (): Error =>
      new Error(`${method}: the schema of a value that it returned took longer than ${timeout} ms`);
    return inTime(checked, timeout, late).then(() => value, refuse);
  };
}

/** `sender.progress()` throws for a value that does not fit. */
function checkProgress(sender: CallSender, check: Check): void {
  const { progress } = sender;
  Object.defineProperty(sender, 'progress', {
    value: (value: unknown) => {
      mustFit(check, value);
      progress.call(sender, value);
    },
  });
}
