import { endpointOf, heldOptions } from '../../api/side-class.js';
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

/** How to call each kind of method, for texts. */
const verbs: Readonly<Record<Kind, string>> = {
  notification: 'notifyPath',
  request: 'callPath',
  stream: 'streamPath',
};

/**
 * Calls a method by its path, as if a side had it: what the spec declares as outgoing is called so, anything else as it is
 * given. Gives what such a method gives. Throws a UsageError for what is no path, and for what does not fit the method.
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
  if (isWild(path) || place.rest === '') throw new UsageError(`"${path}" is no method, but several`);
  const hub = endpointOf(place.self);
  const named = isNamed(path, given);
  const declared =
    place.row !== undefined && (place.row.direction === 'outgoing') !== hub.inverted ? place.row : undefined;
  const row = declared ?? undeclaredMethod('outgoing', kind, place.path, place.wire, !named);
  if (declared === undefined || foreign !== undefined) checkWireName(`"${path}"`, row.wire, foreign);
  mustBe(kind, row);
  if (declared === undefined) hub.layers.composeOutgoing(row);
  const args = named ? byName(row, given as Record<string, unknown>) : [...((given ?? []) as readonly unknown[])];
  const all = Object.keys(asked).length === 0 ? heldOptions(self) : mergeCallOptions(asked, heldOptions(self));
  const { callSites } = hub.diagnostics;
  if (callSites === undefined) return call(hub, row, place.self, to, args, all);
  return callSites.withCallSite(callByPath, () => call(hub, row, place.self, to, args, all));
}

function isNamed(path: string, given: unknown): boolean {
  if (given === undefined || Array.isArray(given)) return false;
  if (typeof given === 'object' && given !== null) return true;
  throw new UsageError(`${path}: the arguments are a list, or an object with their names, not ${String(given)}`);
}

function mustBe(kind: Kind, row: MethodDescriptor): void {
  const is = row.kind as Kind;
  if (is !== kind) throw new UsageError(`${row.path} is a ${is}: it is called with ${verbs[is]}`);
}

/** Named arguments as a method takes them: one object, or what the mark names in its order. */
function byName({ path, params }: MethodDescriptor, given: Record<string, unknown>): unknown[] {
  if (params === undefined) return [given];
  for (const name of Object.keys(given)) {
    if (!params.includes(name))
      throw new UsageError(`${path} has no argument "${name}"; there are ${params.join(', ')}`);
  }
  return params.map((name) => (Object.hasOwn(given, name) ? given[name] : undefined));
}
