import { isThenable } from '../../base/promise-like.js';
import { Code, ProtocolError, RpcError, UsageError } from '../../contract/errors.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import type { Session } from '../../session/session.js';
import { STREAM, speaks } from '../../session/system/system-names.js';
import type { CallOptions } from '../../types/call-options.js';
import type { Items } from '../../types/method.js';
import { serveStream } from '../streams/serve-stream.js';
import { sourceOf } from '../streams/source.js';
import { requestStream } from '../streams/stream-call.js';

/*
 * Streams as arguments. One side offers a stream under a number, which is sent in the place of the value; the other side requests it by
 * `rpc.stream [n]`, whose reply is a stream like any other. Window, end, errors and cancellation are those of that request.
 */

/** The streams that a side offers to one peer, and that the peer has not requested. */
interface OfferedStreams {
  readonly sources: Map<number, object>;
  last: number;
}

const offered = new WeakMap<Session, OfferedStreams>();

/** What was offered with a call to a service may be requested by the member that has the call. */
function ownerOf(session: Session): Session {
  return session.service ?? session;
}

/**
 * Offers a stream to a peer for one request, and returns its number. The caller withdraws it when the call has ended. Throws a UsageError
 * if the peer cannot request it, and a ProtocolError, busy, if too many offers are open.
 */
export function offerStream(session: Session, source: object): number {
  const { codec, limits } = session.host;
  if (!speaks(codec, STREAM))
    throw new UsageError('a stream cannot be passed as an argument to a peer that is not Obverse');
  if (session.link.bus === true)
    throw new UsageError('a stream cannot be passed as an argument on a bus, where messages can be lost');
  const owner = ownerOf(session);
  const offers = offered.get(owner) ?? { sources: new Map(), last: 0 };
  offered.set(owner, offers);
  if (offers.sources.size >= limits.streams) {
    throw new ProtocolError(`busy: ${offers.sources.size} streams are offered to the peer already`, Code.Busy);
  }
  offers.sources.set(++offers.last, source);
  return offers.last;
}

/** Withdraws an offer that the peer has not requested, and closes its source. */
export function withdrawStream(session: Session, n: number): void {
  const sources = offered.get(ownerOf(session))?.sources;
  const source = sources?.get(n);
  if (source === undefined) return;
  sources?.delete(n);
  const report = (error: unknown): void => session.host.reportError(session, error);
  try {
    const closing = sourceOf(source, '').close(undefined);
    if (isThenable(closing)) closing.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

/** How many offers to a peer are open. */
export function offeredStreamCount(session: Session): number {
  return offered.get(ownerOf(session))?.sources.size ?? 0;
}

/** The stream that the peer offers under this number. It is requested with the first `next()`, once. */
export function offeredStream(session: Session, n: number, options: CallOptions = {}): Items<unknown> {
  return requestStream(session, STREAM, { args: [n], named: false }, options, undefined, undefined, true);
}

/** The peer requests a stream that this side offers. */
export function serveOffered(sender: CallSender): Promise<unknown> {
  const [n] = sender.call.args;
  const sources = offered.get(ownerOf(sender.peer.session))?.sources;
  return serveStream(sender, () => {
    const source = sources?.get(n as number);
    if (source === undefined) {
      const text = `there is no stream ${JSON.stringify(n)}: it was requested already, or the call that has offered it has ended`;
      throw new RpcError(text, Code.InvalidParams);
    }
    sources?.delete(n as number);
    return source;
  });
}
