import { quote } from '../base/quote.js';
import type { Call } from '../contract/contract.js';
import { Code, RpcError, UsageError } from '../contract/errors.js';
import { described } from '../contract/options-object.js';
import type { CallSender } from '../session/incoming-calls/call-sender.js';
import type { MethodDescriptor } from '../spec/method-table.js';

/** Arguments in the form in which they are sent. */
export interface PackedArguments {
  readonly args: readonly unknown[];
  /** `args` is one object, whose fields are the arguments. */
  readonly named: boolean;
}

/** The arguments of an outgoing call in the form in which they are sent. Throws a UsageError if they do not fit the method. */
export function packArguments(method: MethodDescriptor, args: unknown[]): PackedArguments {
  const { params } = method;
  if (params !== undefined) {
    if (args.length > params.length)
      throw new UsageError(`${method.path} takes ${counted(params)}, not ${args.length}`);
    const named: Record<string, unknown> = {};
    for (const [at, value] of args.entries()) if (value !== undefined) named[params[at] as string] = value;
    return { args: [named], named: true };
  }
  if (method.positional) {
    // What is undefined at the end is not sent: in JSON it would be null.
    let { length } = args;
    while (length > 0 && args[length - 1] === undefined) length--;
    return { args: args.slice(0, length), named: false };
  }
  const [only] = args;
  if (args.length > 1 || (only !== undefined && (typeof only !== 'object' || only === null || Array.isArray(only)))) {
    const given = args.length > 1 ? `${args.length} values` : described(only);
    throw new UsageError(`${method.path} takes one object, whose fields are the arguments, not ${given}`);
  }
  return only === undefined ? { args: [], named: false } : { args, named: true };
}

/** The arguments of an incoming call in the order of the method's parameters. Throws an RpcError, invalid params, if they do not fit. */
export function bindArguments(method: MethodDescriptor, call: Call): readonly unknown[] {
  const { args, named } = call;
  const { params, positional } = method;
  if (call.keywords !== undefined) return bindBoth(call, params, call.keywords);
  if (named && params !== undefined && !(positional && isOneArgument(params, args[0] as object)))
    return bindNamed(call.method, params, args[0] as Record<string, unknown>);
  const isNothing = args.length === 0 || (args[0] === null && call.mayBeEmpty === true && !positional);
  if (isNothing) return method.arity === 0 || params !== undefined || positional ? [] : [{}];
  if (!named && !positional)
    throw new RpcError(`${call.method} takes its arguments by name, in one object`, Code.InvalidParams);
  if (params !== undefined && args.length > params.length) {
    throw new RpcError(`${call.method} takes ${counted(params)}, not ${args.length}`, Code.InvalidParams);
  }
  return args;
}

/** As in `2 arguments (a, b)`. */
function counted(params: readonly string[]): string {
  return `${params.length} argument${params.length === 1 ? '' : 's'} (${params.join(', ')})`;
}

/** Arguments by position, and others by name. */
function bindBoth({ method, args }: Call, params: readonly string[] | undefined, keywords: object): unknown[] {
  if (params === undefined)
    throw new RpcError(`${method} takes its arguments either by position or by name`, Code.InvalidParams);
  const given: Record<string, unknown> = { ...keywords };
  for (const [at, value] of args.entries()) {
    const name = params[at] ?? `argument ${at + 1}`;
    if (Object.hasOwn(given, name)) throw new RpcError(`${method} got ${quote(name)} twice`, Code.InvalidParams);
    given[name] = value;
  }
  return bindNamed(method, params, given);
}

function bindNamed(method: string, params: readonly string[], given: Record<string, unknown>): unknown[] {
  for (const name of Object.keys(given)) {
    if (!params.includes(name))
      throw new RpcError(
        `${method} has no argument ${quote(name)}; its arguments are ${params.join(', ')}`,
        Code.InvalidParams,
      );
  }
  const args = params.map((name) => (Object.hasOwn(given, name) ? given[name] : undefined));
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  return args;
}

/**
 * Whether an object is itself an argument. Where a codec cannot distinguish one object by position from arguments by name
 * (MessagePack-RPC has one list), the keys decide: it is one if none of them is the name of an argument.
 */
function isOneArgument(params: readonly string[], given: object): boolean {
  const keys = Object.keys(given);
  return keys.length > 0 && keys.every((key) => !params.includes(key));
}

/** The arguments of a handler that gets the information of the security: it comes after all that the method declares. */
export function withSecurityInfo(
  { arity }: MethodDescriptor,
  args: readonly unknown[],
  sender: CallSender,
): readonly unknown[] {
  const missing = new Array<undefined>(Math.max(0, arity - args.length)).fill(undefined);
  return [...args, ...missing, sender.securityInfo];
}
