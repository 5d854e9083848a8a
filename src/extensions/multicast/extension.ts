import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension } from '../../api/extension.js';
import { viewOf } from '../../api/side-class.js';
import type { Check } from '../../contract/check-options.js';
import type { CallOptions, GatherOptions } from '../../types/call-options.js';
import type { Group, GroupOptions, Receivers, Several, SlowOptions } from '../../types/peers.js';
import { checkGatherOptions } from './gather.js';
import { multicastOf, SideMulticast } from './side-multicast.js';
import { mustBelong, slowOptionExpects } from './slow-policy.js';

const slowly =
  (name: keyof SlowOptions): Check =>
  (value) =>
    slowOptionExpects(name, value);

const members = {
  gather(this: object, receivers: Receivers, options?: GatherOptions): object {
    return viewOf(this, 'gather', receivers, checkGatherOptions(options) as CallOptions | undefined);
  },
  get everyone(): Several {
    return multicastOf(this).everyone;
  },
  group(this: object, name: string, options?: GroupOptions): Group {
    return multicastOf(this).groups.group(name, options);
  },
};

/** Several receivers: groups, gathered replies, and policies for slow receivers. */
export const multicast: Extension = {
  name: 'multicast',
  members: Object.getOwnPropertyDescriptors(members),
  callOptions: { slow: slowly('slow'), keep: slowly('keep'), slowBytes: slowly('slowBytes') },
  checkCallOptions: mustBelong,
  attach: (host: RpcEndpoint) => new SideMulticast(host),
};
