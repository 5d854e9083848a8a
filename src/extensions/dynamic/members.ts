import { RemoteAPI } from '../../api/remote-api.js';
import { endpointOf } from '../../api/side-class.js';
import { specOfInverse } from '../../spec/inverse.js';
import type { SpecConstructor } from '../../spec/method-table.js';
import type { Arguments, HandlerOptions, MountOptions, PathOptions, ServiceOptions } from '../../types/dynamic.js';
import type { Items } from '../../types/method.js';
import { pathOf, resolvePath } from './lookup.js';
import { type MountedSpec, mountService, mountSide, unmount } from './mounts.js';
import { dynamicOf } from './of-side.js';
import { callByPath } from './path-calls.js';

function specOf(given: unknown): MountedSpec | undefined {
  const root = RemoteAPI.prototype as object;
  if (typeof given === 'function') {
    const isSpec = Object.prototype.isPrototypeOf.call(root, given.prototype as object);
    return isSpec ? { spec: given as SpecConstructor, root, inverted: false } : undefined;
  }
  const spec = specOfInverse(given);
  return spec && { spec, root, inverted: true };
}

/** The members of a side for methods that no spec declares. Each is called with a side, or a namespace of one, as `this`. */
export const dynamicMembers: Readonly<Record<string, (this: object, ...args: never[]) => unknown>> = {
  setHandler(this: object, path: string, handler: unknown, options?: HandlerOptions): () => void {
    return dynamicOf(endpointOf(this)).set(this, path, handler, options);
  },
  mount(this: object, name: string, given: unknown, options?: MountOptions & ServiceOptions): unknown {
    const spec = specOf(given);
    return spec === undefined ? mountService(this, name, given, options) : mountSide(this, name, spec, options);
  },
  unmount(this: object, name: string): boolean {
    return unmount(this, name);
  },
  pathOf(this: object, target: object): string | undefined {
    return pathOf(this, target);
  },
  resolvePath(this: object, path: string): object | undefined {
    return resolvePath(this, path);
  },
  async callPath(this: object, path: string, args?: Arguments, options?: PathOptions): Promise<unknown> {
    return callByPath(this, 'request', path, args, options);
  },
  notifyPath(this: object, path: string, args?: Arguments, options?: PathOptions): void {
    callByPath(this, 'notification', path, args, options);
  },
  streamPath(this: object, path: string, args?: Arguments, options?: PathOptions): Items<unknown> {
    return callByPath(this, 'stream', path, args, options) as Items<unknown>;
  },
};
