import type { Extension } from '../../api/extension.js';
import { PROVE, PROVED } from '../../session/system/system-names.js';
import { prove, UnprovedSendQueue } from './unproved-send-queue.js';

/** Sends little to an address that has not been proved. Only transports of datagrams have such, and pages have none. */
export const addressProof: Extension = {
  name: 'address proof',
  notifications: {
    [PROVE]: prove,
    [PROVED]: (session, [token]) => session.sendQueue.prove(token),
  },
  attach: () => ({ unprovedQueue: (session) => new UnprovedSendQueue(session) }),
};
