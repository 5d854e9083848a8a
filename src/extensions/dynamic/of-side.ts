import type { RpcEndpoint } from '../../api/endpoint.js';
import { ConnectionLost } from '../../contract/errors.js';
import type { DynamicMethods } from './dynamic-methods.js';

/** The paths of unmounted sides, by their endpoints. */
const unmounted = new WeakMap<RpcEndpoint, string>();

/** Marks the side of an endpoint as unmounted: its calls fail from now on. */
export function markUnmounted(endpoint: RpcEndpoint, path: string): void {
  unmounted.set(endpoint, path);
}

/** Throws ConnectionLost if the side of an endpoint was unmounted. */
export function mustBeMounted(endpoint: RpcEndpoint): void {
  const path = unmounted.get(endpoint);
  if (path !== undefined) throw new ConnectionLost(`"${path}" was unmounted`, { maybeExecuted: false });
}

/** The methods of a side that its spec does not declare. Throws ConnectionLost if the side was unmounted. */
export function dynamicOf(endpoint: RpcEndpoint): DynamicMethods {
  mustBeMounted(endpoint);
  return endpoint.attachedNow().methods as DynamicMethods;
}
