import { isThenable } from '../../base/promise-like.js';
import { Code, RpcError } from '../../contract/errors.js';
import { beginInTurn } from '../../session/call-order.js';
import type { CallSender } from '../../session/peer.js';
import type { CallContext, Interceptor } from '../../types/interceptor.js';
import type { ServedCall } from '../middleware/call-of.js';
import { CheckedStream } from './checked-stream.js';
import { inTime } from './in-time.js';
import { mayLeave } from './outgoing.js';
import { type Check, type Checked, validationOf } from './validation.js';
import { ValidationError } from './validation-error.js';

/** What a side says of the validation of its methods. */
export interface Checking {
  /** What is checked: see the option of the side. */
  readonly validate: 'incoming' | 'both' | 'off';
  /** How long a schema that is asynchronous may take, in milliseconds. */
  readonly timeout: number;
  /** Whether instances of a class arrive as such, besides those of the standard ones: a registered value type. */
  readonly revived?: ((type: unknown) => boolean) | undefined;
}

/** An interceptor that keeps the order of arrival by itself, whether what it waits for takes its time or not. */
export type Validating = Interceptor & { readonly keepsOrder: boolean };

/**
 * Checks the calls of an incoming method: the arguments, which reach the body and the handlers as the schemas give them, and
 * with `both` the result, the items and the progress, which leave as they are. Undefined where there is nothing to check. It
 * stands next to the body, so that interceptors around it see what came, and what was wrong with it.
 */
export function incomingValidation(row: Checked, checking: Checking): Validating | undefined {
  const validation = checking.validate === 'off' ? undefined : validationOf(row, checking.revived);
  if (validation === undefined) return undefined;
  const both = checking.validate === 'both';
  const { args } = validation;
  const item = both && validation.item ? passing(row.wire, validation.item, checking.timeout) : undefined;
  const result = both && validation.result ? passing(row.wire, validation.result, checking.timeout) : undefined;
  const progress = both ? validation.progress : undefined;
  if (args === undefined && item === undefined && result === undefined && progress === undefined) return undefined;

  const go = (call: CallContext, next: () => unknown): unknown => {
    if (progress !== undefined) checkProgress(call.sender as CallSender, progress);
    const given = next();
    const leave = (value: unknown): unknown => {
      if (item !== undefined) return new CheckedStream(value, row.wire, (one) => item(call, one));
      return result === undefined ? value : result(call, value);
    };
    if (item === undefined && result === undefined) return given;
    return isThenable(given) ? Promise.resolve(given).then(leave) : leave(given);
  };
  if (args === undefined) return Object.assign(go, { keepsOrder: false });

  const checked: Interceptor = (call, next) => {
    if ((call as ServedCall).unfit) return next();
    const begin = (given: readonly unknown[]): unknown => {
      call.args = given;
      return go(call, next);
    };
    const refuse = (error: unknown): never => {
      throw refusal(row.wire, call, error);
    };
    let values: readonly unknown[] | Promise<readonly unknown[]>;
    try {
      values = args(call.args);
    } catch (error) {
      throw refusal(row.wire, call, error);
    }
    const sender = call.sender as CallSender;
    if (!(values instanceof Promise) && sender.peer.session.turn === undefined) return begin(values);
    const late = (): Error => new Error(`${row.wire}: no verdict on the arguments within ${checking.timeout} ms`);
    const ready = values instanceof Promise ? inTime(values, checking.timeout, late).catch(refuse) : values;
    return beginInTurn(sender, ready, begin);
  };
  return Object.assign(checked, { keepsOrder: true });
}

/** What the caller is told: what is wrong with its arguments, or that they could not be checked, which is reported here. */
function refusal(method: string, call: CallContext, error: unknown): RpcError {
  if (error instanceof ValidationError) {
    const { message, issues } = error;
    return new RpcError(message, Code.InvalidParams, { issues });
  }
  report(call, error);
  return new RpcError(`${method}: the arguments could not be checked`, Code.InternalError);
}

/**
 * Checks what leaves, and gives it as it is: the receiver's schema makes of it what it makes. What does not fit is reported
 * here, where it can be mended, and its receiver is only told that.
 */
function passing(method: string, check: Check, timeout: number): (call: CallContext, value: unknown) => unknown {
  return (call, value) => {
    const refuse = (error: unknown): never => {
      report(call, error);
      throw new RpcError(`${method}: what it gives does not fit its schema`, Code.InternalError);
    };
    let checked: unknown;
    try {
      checked = check(value);
    } catch (error) {
      refuse(error);
    }
    if (!(checked instanceof Promise)) return value;
    const late = (): Error => new Error(`${method}: no verdict on what it gives within ${timeout} ms`);
    return inTime(checked, timeout, late).then(() => value, refuse);
  };
}

/** Progress that does not fit throws where it is told. */
function checkProgress(sender: CallSender, check: Check): void {
  const { progress } = sender;
  Object.defineProperty(sender, 'progress', {
    value: (value: unknown) => {
      mayLeave(check, value);
      progress.call(sender, value);
    },
  });
}

function report({ sender }: CallContext, error: unknown): void {
  const { call, peer } = sender as CallSender;
  peer.session.host.trouble(peer.session, error, call.id, call.method);
}
