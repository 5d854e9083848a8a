import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension, Gate } from '../../api/extension.js';
import { leavingNotifications } from '../../session/system/leaving.js';
import { asksForLeaving, saysLeaving } from './draining-members.js';
import { sessionOf } from './session-of.js';
import { reportCalls, workingNotifications } from './working.js';

const gate: Gate = {
  ...asksForLeaving,
  begins(session) {
    asksForLeaving.begins(session);
    reportCalls(session);
  },
};

/** Links that lead to a service of several peers, links whose other end awaits reports of its calls, and links that cannot carry everything. */
export const services: Extension = {
  name: 'services',
  notifications: { ...workingNotifications, ...leavingNotifications },
  attach: (host: RpcEndpoint) => ({ sessionOf, gate, closing: saysLeaving(host) }),
};
