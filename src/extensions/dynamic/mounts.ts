import { classesOf, endpointOf, instantiate, makeSideClasses } from '../../api/side-class.js';
import { UsageError } from '../../contract/errors.js';
import { mustBeOptions } from '../../contract/options-object.js';
import { checkCallOptions } from '../../spec/call-options.js';
import { methodTableBelow, type SpecConstructor } from '../../spec/method-table.js';
import { isReserved } from '../../spec/reserved-names.js';
import type { MountOptions, ServiceOptions } from '../../types/dynamic.js';
import type { Mount } from './mount.js';
import { mountedHub } from './mounted-endpoint.js';
import { dynamicOf } from './of-side.js';
import { OpenMethod } from './open-method.js';
import { segmentsOf } from './paths.js';
import { serviceOf } from './service-reader.js';

/** A spec to mount, and which side of it. */
export interface MountedSpec {
  readonly spec: SpecConstructor;
  /** The class that every spec extends. */
  readonly root: object;
  readonly inverted: boolean;
}

/** Serves a spec under a name of a side, and returns its side. Throws a UsageError for a name that is taken. */
export function mountSide(self: object, name: string, api: MountedSpec, options: MountOptions = {}): object {
  checkOptions(options, 'defaults');
  const at = free(self, name);
  const outer = endpointOf(self);
  const { endpoint, end } = mountedHub(outer, at.path, api.inverted);
  const table = methodTableBelow(api.spec, api.root, `${at.path}.`, `${at.wire}.`, checkCallOptions(options.defaults));
  const made = makeSideClasses(table, api.inverted);
  try {
    const side = instantiate(made, endpoint);
    dynamicOf(outer).add({ ...at, side, end });
    return side;
  } catch (error) {
    // Some of its methods may be registered already.
    dynamicOf(outer).clear(at);
    throw error;
  }
}

/** Serves the functions of an object under a name of a side. Returns a function that unmounts it. Throws a UsageError as `serviceOf` does. */
export function mountService(self: object, name: string, given: unknown, options: ServiceOptions = {}): () => void {
  checkOptions(options, 'methods');
  const at = free(self, name);
  const { functions, objects } = serviceOf(at.path, given, options.methods);
  const endpoint = endpointOf(self);
  const dynamic = dynamicOf(endpoint);
  for (const [key, { handler, target }] of functions) {
    const path = `${at.path}.${key}`;
    const method = `${at.wire}.${key}`;
    dynamic.open.set(method, new OpenMethod(endpoint, path, method, handler, target));
  }
  const within = [...objects].map(([key, object]) => [`${at.path}.${key}`, object] as const);
  const mount: Mount = { ...at, objects: new Map([[at.path, given as object], ...within]) };
  dynamic.add(mount);
  return () => {
    if (dynamic.mounts.get(at.path) === mount) dynamic.remove(mount);
  };
}

/** Removes what is mounted under a name of a side. Returns false if there is nothing. */
export function unmount(self: object, name: string): boolean {
  const dynamic = dynamicOf(endpointOf(self));
  const mount = dynamic.mounts.get(`${classesOf(self).table.path}${name}`);
  if (mount === undefined) return false;
  dynamic.remove(mount);
  return true;
}

/** Resolves a name. Throws a UsageError if it is taken. */
function free(self: object, name: string): { readonly path: string; readonly wire: string } {
  if (segmentsOf(name).length > 1 || name.includes('*'))
    throw new UsageError(
      `"${name}": mount() takes one name without a dot; call mount() of the namespace to mount within it`,
    );
  const { table, children } = classesOf(self);
  const endpoint = endpointOf(self);
  const { dispatcher } = endpoint;
  const dynamic = dynamicOf(endpoint);
  const path = `${table.path}${name}`;
  const wire = `${table.wire}${name}`;
  if (isReserved(`${wire}.`))
    throw new UsageError(
      `"${path}": names on the wire that begin with "rpc." are reserved by JSON-RPC; set those of another protocol one by one: setHandler("${wire}.…", …, { foreign: true })`,
    );
  if (dynamic.mounts.has(path)) throw new UsageError(`"${path}" is mounted already: unmount("${name}") first`);
  if (children.has(name) || table.methods.some(({ key }) => key === name))
    throw new UsageError(`"${path}" is declared by ${table.spec.name}: mount it under another name`);
  for (const names of [dispatcher.methods, dispatcher.refusals, dynamic.open]) {
    for (const taken of names.keys()) {
      if (taken === wire || taken.startsWith(`${wire}.`))
        throw new UsageError(`"${path}" is taken by the method "${taken}": mount it under another name`);
    }
  }
  return { path, wire };
}

function checkOptions(options: object, known: string): void {
  mustBeOptions(options, 'the options of mount()', `{ ${known}: … }`);
  for (const key of Object.keys(options))
    if (key !== known) throw new UsageError(`mount(): unknown option "${key}"; the only option here is ${known}`);
}
