import type { Call, Frame, Message } from '../../contract/contract.js';
import type { ReplyHandler } from '../../session/pending-calls.js';
import type { RpcSession } from '../../session/rpc-session.js';
import { ABOUT } from '../../session/system-names.js';
import type { HeldCall } from './held-calls.js';

/** In how many sessions an idempotent call is sent at most: one that ends each session must not do so for ever. */
const MOST_SESSIONS = 3;
const sentIn = new WeakMap<ReplyHandler, number>();

/** The open calls of a session that has lost its link, and that are sent again: idempotent ones, with the frames that they had. */
export function repeatable(session: RpcSession): HeldCall[] {
  const calls: HeldCall[] = [];
  for (const [id, waiter] of session.pending?.all() ?? []) {
    const { frames, idempotent, given } = waiter;
    if (given !== true || idempotent !== true || frames === undefined) continue;
    const sessions = sentIn.get(waiter) ?? 1;
    if (sessions >= MOST_SESSIONS) continue;
    sentIn.set(waiter, sessions + 1);
    calls.push({ frames: frames.map((frame) => ({ frame })), id, waiter, isBound: false });
  }
  return calls;
}

/**
 * The calls in these frames, which the session has not given to a link: notifications, and requests that still wait for their replies.
 * What else is in them belongs to the session, and so does what goes by reference. A frame that the codec cannot read is left out: with
 * different codecs for the two directions, or stages.
 */
export function unsentCalls(session: RpcSession, frames: readonly Frame[]): HeldCall[] {
  const calls: HeldCall[] = [];
  let headers: Frame[] = [];
  let isTagged = false;
  for (const frame of frames) {
    const call = callIn(session, frame);
    if (call?.method === ABOUT) {
      headers = [frame];
      isTagged = (call.args[0] as { readonly tagged?: unknown } | undefined)?.tagged === true;
      continue;
    }
    const all = [...headers, frame].map((each) => ({ frame: each }));
    if (call !== undefined && !isTagged) {
      const { id, method } = call;
      const waiter = id === undefined ? undefined : session.pending?.at(id);
      if (id === undefined ? !method.startsWith('rpc.') : waiter !== undefined && !isBound(waiter))
        calls.push({ frames: all, id: id as number | undefined, waiter, isBound: false });
    }
    headers = [];
    isTagged = false;
  }
  return calls;
}

/** The call in a frame, if that is what it carries. */
function callIn({ host }: RpcSession, frame: Frame): Call | undefined {
  const found: Message[] = [];
  try {
    host.codec.decode(frame, (message) => found.push(message), true);
  } catch {
    return undefined;
  }
  const [message] = found;
  return found.length === 1 && message?.kind === 'call' ? message : undefined;
}

function isBound({ next, passed }: ReplyHandler): boolean {
  return next !== undefined || passed !== undefined;
}
