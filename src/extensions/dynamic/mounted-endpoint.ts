import type { RpcEndpoint } from '../../api/endpoint.js';
import { UsageError } from '../../contract/errors.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import { markUnmounted, mustBeMounted } from './of-side.js';

/** The endpoint of a side that is mounted on another. */
export interface MountedHub {
  readonly endpoint: RpcEndpoint;
  /** Marks it as unmounted: its calls fail from now on. */
  end(): void;
}

/**
 * The endpoint of a mounted side: that of the outer side, with its own direction and its own end. Everything else is read through the
 * prototype, so it is always current, whether the outer side is open or not.
 */
export function mountedHub(endpoint: RpcEndpoint, path: string, inverted: boolean): MountedHub {
  const mustBeThere = (): void => mustBeMounted(mounted);
  const refused = (verb: string) => () =>
    Promise.reject(new UsageError(`"${path}" is mounted on another side: ${verb} that one, or unmount("${path}")`));
  const own: { readonly [K in keyof RpcEndpoint]?: PropertyDescriptor } = {
    inverted: { value: inverted },
    // Every send first asks for the sessions.
    peerRegistry: {
      get: () => {
        mustBeThere();
        return endpoint.peerRegistry;
      },
    },
    incomingMethod: {
      value: (descriptor: MethodDescriptor) => {
        mustBeThere();
        return endpoint.incomingMethod(descriptor);
      },
    },
    attachedNow: {
      value: () => {
        mustBeThere();
        return endpoint.attachedNow();
      },
    },
    open: { value: refused('open') },
    changeTransport: { value: refused('change the transport of') },
    close: { value: refused('close') },
  };
  const mounted = Object.create(endpoint, own as PropertyDescriptorMap) as RpcEndpoint;
  return { endpoint: mounted, end: () => markUnmounted(mounted, path) };
}
