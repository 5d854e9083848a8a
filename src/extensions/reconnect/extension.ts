import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension } from '../../api/extension.js';
import { endpointOf } from '../../api/side-class.js';
import { reconnectOption } from './options.js';
import { SideReconnect } from './side-reconnect.js';

const NAME = 'reconnect';

const members = {
  reconnect(this: object): void {
    (endpointOf(this).attachedNow().of(NAME) as SideReconnect).reconnect();
  },
};

/** What a side that dials does between two links: calls wait, and go out in the next session. */
export const reconnect: Extension = {
  name: NAME,
  options: { reconnect: reconnectOption },
  events: ['reconnecting', 'reconnected', 'lost'],
  members: Object.getOwnPropertyDescriptors(members),
  attach: (host: RpcEndpoint) => new SideReconnect(host),
};
