import type { RpcEndpoint } from '../../api/endpoint.js';
import type { SideExtension } from '../../api/extension.js';
import { endpointOf } from '../../api/side-class.js';
import type { Multicast } from '../../calls/calling-side.js';
import type { ConnectedPeer } from '../../session/connected-peer.js';
import type { Receivers, Several, SlowOptions } from '../../types/peers.js';
import { gather } from './gather.js';
import { Groups } from './groups.js';
import { notifyMany } from './notify-many.js';
import { AllPeers, ReceiverSet } from './receiver-set.js';
import { sendSlowly } from './slow-lanes.js';
import { type Policy, policyOf } from './slow-policy.js';

/** Several receivers of one side: groups, and policies for slow receivers. */
export class SideMulticast implements SideExtension, Multicast {
  readonly groups: Groups;
  readonly everyone: Several;

  constructor(private readonly endpoint: RpcEndpoint) {
    this.groups = new Groups(endpoint.peerRegistry);
    this.everyone = new AllPeers(endpoint.peerRegistry);
  }

  get multicast(): this {
    return this;
  }

  readonly notify: Multicast['notify'] = (method, receivers, packed, about, slow) =>
    notifyMany(this.endpoint, method, receivers, packed, about, {
      policy: policyFor(receivers, slow),
      send: sendSlowly,
    });

  readonly gather: NonNullable<Multicast['gather']> = gather;

  peerLeft(peer: ConnectedPeer): void {
    this.groups.leave(peer);
  }
}

/** What holds for one notification: the options of the call count for more than those of its group. */
function policyFor(receivers: Receivers, slow: SlowOptions | undefined): Policy | undefined {
  const group = receivers instanceof ReceiverSet ? receivers : undefined;
  if (slow?.slow === undefined) return group?.policy;
  return group === undefined ? policyOf(slow) : group.policyWith(slow);
}

/** What a side, or a namespace of one, has for several receivers. */
export function multicastOf(side: object): SideMulticast {
  return endpointOf(side).attachedNow().multicast as SideMulticast;
}
