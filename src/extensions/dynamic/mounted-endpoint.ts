import type { RpcEndpoint } from '../../api/endpoint.js';
import { UsageError } from '../../contract/errors.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import { markUnmounted, mustBeMounted } from './of-side.js';

/** What a side that is mounted on another has for a hub. */
export interface MountedHub {
  readonly hub: RpcEndpoint;
  /** It was unmounted: its calls fail from now on. */
  end(): void;
}

/**
 * The hub of a side that is mounted: that of the side on which it is, with a direction of its own, and an end. Everything else
 * is found through the prototype, as it is at the time, whether the side is open yet or not.
 */
export function mountedHub(hub: RpcEndpoint, path: string, inverted: boolean): MountedHub {
  const mustBeThere = (): void => mustBeMounted(mounted);
  const refused = (verb: string) => () =>
    Promise.reject(new UsageError(`"${path}" is mounted on another side: ${verb} that one, or unmount("${path}")`));
  const own: { readonly [K in keyof RpcEndpoint]?: PropertyDescriptor } = {
    inverted: { value: inverted },
    // Whatever is sent asks first who is there.
    roster: {
      get: () => {
        mustBeThere();
        return hub.roster;
      },
    },
    port: {
      value: (row: MethodDescriptor) => {
        mustBeThere();
        return hub.port(row);
      },
    },
    attachedNow: {
      value: () => {
        mustBeThere();
        return hub.attachedNow();
      },
    },
    open: { value: refused('open') },
    changeTransport: { value: refused('change the transport of') },
    close: { value: refused('close') },
  };
  const mounted = Object.create(hub, own as PropertyDescriptorMap) as RpcEndpoint;
  return { hub: mounted, end: () => markUnmounted(mounted, path) };
}
