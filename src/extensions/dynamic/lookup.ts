import { classesOf, endpointOf } from '../../api/side-class.js';
import { IncomingMethod } from '../../calls/incoming-method.js';
import { dynamicOf } from './of-side.js';
import { segmentFault } from './paths.js';

/** Returns what is served under a path of a side or of a namespace; undefined if nothing is. */
export function resolvePath(self: object, path: string): object | undefined {
  const endpoint = endpointOf(self);
  const { dispatcher } = endpoint;
  const dynamic = dynamicOf(endpoint);
  if (typeof path !== 'string' || path.split('.').some((segment) => segmentFault(segment) !== undefined))
    return undefined;
  const place = dynamic.place(self, path);
  if (place.rest === '') return place.self;
  const full = place.path;
  for (const { objects } of dynamic.mounts.values()) {
    const object = objects?.get(full);
    if (object !== undefined) return object;
  }
  return dispatcher.methods.get(place.wire) ?? dynamic.open.get(place.wire)?.target;
}

/** Returns the path, from a side or a namespace, under which something is served; undefined if it is not served there. */
export function pathOf(self: object, target: unknown): string | undefined {
  if (typeof target !== 'function' && (typeof target !== 'object' || target === null)) return undefined;
  const prefix = classesOf(self).table.path;
  for (const path of pathsOf(self, target)) {
    if (path === prefix.slice(0, -1)) return '';
    if (path.startsWith(prefix)) return path.slice(prefix.length);
  }
  return undefined;
}

/** Every path from the root under which something is served. */
function* pathsOf(self: object, target: object): Generator<string> {
  const own = endpointOf(self);
  const { dispatcher } = own;
  const dynamic = dynamicOf(own);
  const { methods } = dispatcher;
  if (target instanceof IncomingMethod) {
    if (methods.get(target.descriptor.wire) === target) yield target.descriptor.path;
    return;
  }
  const endpoint = endpointOf(target);
  if (endpoint !== undefined) {
    const isHere = endpoint === dynamic.endpoint || [...dynamic.sides()].some((side) => endpointOf(side) === endpoint);
    if (isHere) yield classesOf(target).table.path.slice(0, -1);
    return;
  }
  for (const { objects = [] } of dynamic.mounts.values())
    for (const [path, object] of objects) if (object === target) yield path;
  for (const { path, target: set } of dynamic.open.values()) if (set === target) yield path;
  for (const { descriptor, handlers } of methods.values())
    if (handlers.includes(target as never)) yield descriptor.path;
}
