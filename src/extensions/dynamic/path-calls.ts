import { endpointOf, optionsOf } from '../../api/side-class.js';
import { call } from '../../calls/outgoing-method.js';
import { UsageError } from '../../contract/errors.js';
import { mustBeOptions } from '../../contract/options-object.js';
import { checkCallOptions, mergeCallOptions } from '../../spec/call-options.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import { checkWireName } from '../../spec/reserved-names.js';
import { undeclaredMethod } from '../../spec/undeclared-method.js';
import type { Arguments, PathOptions } from '../../types/dynamic.js';
import { dynamicOf } from './of-side.js';
import type { Kind } from './open-method.js';
import { isWild } from './pattern.js';

/** How each kind of method is called, for messages. */
const verbs: Readonly<Record<Kind, string>> = {
  notification: 'notifyPath',
  request: 'callPath',
  stream: 'streamPath',
};

/**
 * Calls a method by its path, as if it were a method of the side: one that the spec declares as outgoing is called as declared,
 * any other with the arguments as they are. Returns what such a method returns. Throws a UsageError for an invalid path, and for
 * arguments or a kind that do not fit the method.
 */
export function callByPath(
  self: object,
  kind: Kind,
  path: string,
  given?: Arguments,
  options: PathOptions = {},
): unknown {
  mustBeOptions(options, 'the options of a call', '{ timeout: 1_000 }');
  const { to = null, foreign, ...asked } = options;
  checkCallOptions(asked);
  const place = dynamicOf(endpointOf(self)).place(self, path);
  if (isWild(path) || place.rest === '')
    throw new UsageError(`"${path}" names several methods; call one of them by its path`);
  const endpoint = endpointOf(place.self);
  const named = isNamed(path, given);
  const declared =
    place.descriptor !== undefined && (place.descriptor.direction === 'outgoing') !== endpoint.inverted
      ? place.descriptor
      : undefined;
  const descriptor = declared ?? undeclaredMethod('outgoing', kind, place.path, place.wire, !named);
  if (declared === undefined || foreign !== undefined) checkWireName(`"${path}"`, descriptor.wire, foreign);
  mustBe(kind, descriptor);
  if (declared === undefined) endpoint.layers.composeOutgoing(descriptor);
  const args = named
    ? byName(descriptor, given as Record<string, unknown>)
    : [...((given ?? []) as readonly unknown[])];
  const all = Object.keys(asked).length === 0 ? optionsOf(self) : mergeCallOptions(asked, optionsOf(self));
  const { callSites } = endpoint.diagnostics;
  if (callSites === undefined) return call(endpoint, descriptor, place.self, to, args, all);
  return callSites.withCallSite(callByPath, () => call(endpoint, descriptor, place.self, to, args, all));
}

function isNamed(path: string, given: unknown): boolean {
  if (given === undefined || Array.isArray(given)) return false;
  if (typeof given === 'object' && given !== null) return true;
  throw new UsageError(`${path}: the arguments must be an array, or an object with their names, not ${String(given)}`);
}

function mustBe(kind: Kind, descriptor: MethodDescriptor): void {
  const is = descriptor.kind as Kind;
  if (is !== kind) throw new UsageError(`${descriptor.path} is a ${is}: call it with ${verbs[is]}`);
}

/** Named arguments as a method takes them: one object, or the parameters that the decorator names, in that order. */
function byName({ path, params }: MethodDescriptor, given: Record<string, unknown>): unknown[] {
  if (params === undefined) return [given];
  for (const name of Object.keys(given)) {
    if (!params.includes(name))
      throw new UsageError(`${path} has no argument "${name}"; its arguments are ${params.join(', ')}`);
  }
  return params.map((name) => (Object.hasOwn(given, name) ? given[name] : undefined));
}
