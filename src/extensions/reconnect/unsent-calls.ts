import { Code, ConnectionLost, RpcError } from '../../contract/errors.js';
import type { ReplyHandler } from '../../session/outgoing-calls/pending-calls.js';
import type { RpcSession } from '../../session/rpc-session.js';
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
    if (sessions >= MOST_SESSIONS) {
      const text = `${waiter.method}: it was sent in ${MOST_SESSIONS} sessions, and each has ended before it was answered`;
      session.pending?.drop(id)?.reject(new ConnectionLost(text));
      continue;
    }
    sentIn.set(waiter, sessions + 1);
    if (sessions === 1) doubtful(waiter);
    calls.push({ frames: frames.map((frame) => ({ frame })), id, waiter });
  }
  return calls;
}

/** From now on, "busy" does not say that the call was not carried out: it may have been, in an earlier session. */
function doubtful(waiter: ReplyHandler): void {
  const reject = waiter.reject.bind(waiter);
  waiter.reject = (error) => {
    if (!(error instanceof RpcError) || error.code !== Code.Busy) reject(error);
    else
      reject(
        new ConnectionLost(`${waiter.method}: it was sent in a session that has ended, and now: ${error.message}`, {
          cause: error,
        }),
      );
  };
}

/**
 * The calls of a session that have certainly not arrived, and that another session may send. Nothing leaves the session any more. Notes of
 * each of its calls whether it may have arrived.
 */
export function notArrived(session: RpcSession): HeldCall[] {
  const { journal, posted, sendQueue, filter, pending } = session;
  pending?.noteGiven(sendQueue.sent, session);
  if (posted === undefined) return [];
  const before = sendQueue.sent;
  const { messages = [], mayMove = true } = journal?.unheard ?? {};
  const last = journal?.takeWaiting?.() ?? [];
  const waiting = [...sendQueue.exchange([]), ...(filter?.takeBack() ?? []), ...last];
  const calls = mayMove
    ? posted.among([...messages, ...waiting], before)
    : posted.among(waiting, before + messages.length);
  return calls.map((call) => ({ ...call, frames: call.frames.map((frame) => ({ frame })) }));
}
