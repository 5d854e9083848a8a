import type { Extension, SideHost } from '../../api/extension.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import { CALL, KEEP, RELEASE, STREAM } from '../../session/system/system-names.js';
import { revoke } from './exports.js';
import { provideHandles } from './handles.js';
import { keep, release } from './keep.js';
import { serveOffered } from './offered-streams.js';
import type { ReferenceTables } from './reference-tables.js';
import { ReferenceMapper, referencesOf } from './value-mapper.js';

/** Value types, and what goes by reference: functions, objects, streams as arguments. */
export const references: Extension = {
  name: 'references',
  installed: () => provideHandles({ keep, release, revoke }),
  notifications: {
    [KEEP]: (session, ids) => referencesOf(session).keep(ids),
    [RELEASE]: (session, ids) => referencesOf(session).release(ids),
  },
  requests: {
    [CALL]: {
      lane: 'callbacks',
      serve: (sender: CallSender) => referencesOf(sender.peer.session).call(sender),
      queued: (session, call) => referencesOf(session).holdQueued(call),
    },
    [STREAM]: { lane: 'free', serve: serveOffered },
  },
  attach: (host: SideHost) => {
    const values = new ReferenceMapper(host, host.options.types);
    return {
      values,
      opening: (codec) => values.open(codec),
      stats() {
        let references = 0;
        for (const session of host.sessions()) references += (session.mapped as ReferenceTables | undefined)?.size ?? 0;
        return { references };
      },
    };
  },
};
