import type { RpcEndpoint } from '../../api/endpoint.js';
import { flushAtEndOfTurn } from '../../base/clock.js';
import { clearTimer, setTimer, type Timer, time } from '../../base/time.js';
import { ConnectionLost, TimeoutError } from '../../contract/errors.js';
import type { Session } from '../../session/session.js';
import { topicsOf } from './side-topics.js';

/** After how many milliseconds at most it is looked again whether a link has sent what it has: not every link reports that. */
const LOOK_MS = 10;

/**
 * Resolves when everything that was sent before the end of this turn is stored or with the broker; over other transports, when the system
 * has taken it, and where a session goes on over other links, when its peer has it. Rejects with ConnectionLost if a peer disconnects before
 * that, or the side is closed; with TimeoutError after `timeout` ms; and with what the transport rejects with.
 */
export async function flush(side: RpcEndpoint): Promise<void> {
  side.mustBeOpen();
  const deadline = time() + side.timeout;
  await new Promise<void>((resolve) => flushAtEndOfTurn({ flush: resolve }));
  await topicsOf(side).sealed();
  // A transport can only answer for what its links have.
  await noneIs(holding, side, deadline);
  const flushed = Promise.all(
    [...side.transports.all].map(({ transport }) => inTime(side, deadline, transport.flush?.())),
  );
  await Promise.all([flushed, noneIs(sending, side, deadline, flushed)]);
}

/** Resolves when no session of the side is. It is looked at once, too, when `sooner` resolves: the answer of a transport is worth a look. */
async function noneIs(
  is: (session: Session) => boolean,
  side: RpcEndpoint,
  deadline: number,
  sooner?: Promise<unknown>,
): Promise<void> {
  let early = sooner?.then(() => {
    early = undefined;
  });
  early?.catch(() => {});
  let waiting = sessionsOf(side).filter(is);
  for (let ms = 1; waiting.length > 0; ms = Math.min(2 * ms, LOOK_MS)) {
    if (side.isClosed) throw new ConnectionLost('the side was closed before everything was sent');
    if (time() >= deadline) throw late(side);
    const later = new Promise<void>((resolve) => setTimer(Math.min(ms, deadline - time()), resolve));
    await (early === undefined ? later : Promise.race([later, early]));
    // What waits for a link that is dialed again moves to the next session.
    for (const { ended, link } of waiting)
      if (ended !== undefined && link.redialer === undefined)
        throw new ConnectionLost(`${link.peer} has disconnected before everything was sent to it`, { cause: ended });
    waiting = (waiting.some(({ ended }) => ended !== undefined) ? sessionsOf(side) : waiting).filter(is);
  }
}

/** All of them: those that calls go to, which may wait for another link, and those that are in no list of peers. */
function sessionsOf(side: RpcEndpoint): Session[] {
  return [...new Set([...side.peerRegistry.allSessions(), ...side.sessions()])];
}

/** Something waits in the session itself, for a security or for a link. */
function holding({ ended, sendQueue, filter, link }: Session): boolean {
  if (ended !== undefined && link.redialer === undefined) return false;
  return sendQueue.buffered > link.buffered || filter?.isSealing === true;
}

/** Something was not sent, or may have to be sent again. */
function sending({ ended, sendQueue, filter, journal, link }: Session): boolean {
  if (ended !== undefined && link.redialer === undefined) return false;
  return sendQueue.buffered > 0 || filter?.isSealing === true || !!journal?.keptMessages || !!journal?.waiting;
}

/** The same, or TimeoutError at the deadline. */
async function inTime(side: RpcEndpoint, deadline: number, flushed: Promise<void> | undefined): Promise<void> {
  if (flushed === undefined) return;
  let timer: Timer | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    if (deadline !== Number.POSITIVE_INFINITY) timer = setTimer(deadline - time(), () => reject(late(side)));
  });
  try {
    await Promise.race([flushed, over]);
  } finally {
    clearTimer(timer);
  }
}

function late({ timeout, address }: RpcEndpoint): TimeoutError {
  return new TimeoutError(
    `flush(): not everything was sent over ${address} within ${timeout} ms (the option "timeout" of the side)`,
  );
}
