import type { Extension } from '../../api/extension.js';
import type { CallSender } from '../../session/peer.js';
import { CALL, KEEP, RELEASE, STREAM } from '../../session/system-names.js';
import { references as room } from '../rooms.js';
import type { ReferenceTables } from './reference-tables.js';
import { ReferenceMapper, referencesOf } from './value-mapper.js';

/** Value types, and what goes by reference: functions, objects, streams as arguments. */
export const references: Extension = {
  name: 'references',
  notifications: {
    [KEEP]: (session, ids) => referencesOf(session).keep(ids),
    [RELEASE]: (session, ids) => referencesOf(session).release(ids),
  },
  requests: {
    [CALL]: {
      lane: 'callbacks',
      serve: (sender: CallSender) => referencesOf(sender.peer.session).call(sender),
      queued: (session, call) => {
        if (room.here !== undefined) referencesOf(session).await(call);
      },
    },
    [STREAM]: { lane: 'free', serve: (sender: CallSender) => room.must(STREAM).serveOffered(sender) },
  },
  attach: (host) => {
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
