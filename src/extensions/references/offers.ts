import { isThenable } from '../../base/promise-like.js';
import { Code, ProtocolError, RpcError, UsageError } from '../../contract/errors.js';
import type { CallSender } from '../../session/peer.js';
import type { Session } from '../../session/session.js';
import { STREAM, speaks } from '../../session/system-names.js';
import type { CallOptions } from '../../types/call-options.js';
import type { Items } from '../../types/method.js';
import { serveStream } from '../streams/serve-stream.js';
import { sourceOf } from '../streams/source.js';
import { requestStream } from '../streams/stream-call.js';

/*
 * Streams as arguments. One side offers a stream under a number, which travels in the place of the value; the other side asks
 * for it by a request, `rpc.stream [n]`, whose answer is a stream like any other. So there is nothing new on the wire: credit,
 * end, failure and giving up are those of that request.
 */

/** What a side has offered to one peer, and the peer has not asked for yet. */
interface Offers {
  readonly sources: Map<number, object>;
  last: number;
}

const offered = new WeakMap<Session, Offers>();

/**
 * Offers a stream to a peer, once, and gives its number. What the peer has not asked for when the call is answered is to be
 * withdrawn. Throws a UsageError where the peer cannot ask, a ProtocolError, busy, if it leaves too many unasked for.
 */
export function offer(session: Session, source: object): number {
  const { codec, limits } = session.host;
  if (!speaks(codec, STREAM)) throw new UsageError('a peer that is no Obverse takes no stream as an argument');
  if (session.link.bus === true) throw new UsageError('a stream cannot be an argument where messages can be lost');
  const offers = offered.get(session) ?? { sources: new Map(), last: 0 };
  offered.set(session, offers);
  if (offers.sources.size >= limits.streams) {
    throw new ProtocolError(`busy: ${offers.sources.size} streams are offered to the peer already`, Code.Busy);
  }
  offers.sources.set(++offers.last, source);
  return offers.last;
}

/** Takes an offer back, unless the peer has asked for it: its source is told that nobody wants it. */
export function withdraw(session: Session, n: number): void {
  const source = offered.get(session)?.sources.get(n);
  if (source === undefined) return;
  offered.get(session)?.sources.delete(n);
  const report = (error: unknown): void => session.host.trouble(session, error);
  try {
    const closing = sourceOf(source, '').close(undefined);
    if (isThenable(closing)) closing.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

/** How many streams a peer has been offered and has not asked for. */
export function offersTo(session: Session): number {
  return offered.get(session)?.sources.size ?? 0;
}

/** The stream that the peer has offered under this number. It is asked for with the first item, and by one only. */
export function take(session: Session, n: number, options: CallOptions = {}): Items<unknown> {
  return requestStream(session, STREAM, { args: [n], named: false }, options, undefined, undefined, true);
}

/** The peer asks for a stream that it was offered. */
export function serveOffered(sender: CallSender): Promise<unknown> {
  const [n] = sender.call.args;
  const sources = offered.get(sender.peer.session)?.sources;
  return serveStream(sender, () => {
    const source = sources?.get(n as number);
    if (source === undefined) {
      const text = `there is no stream ${JSON.stringify(n)}: it was asked for already, or the call that has offered it is answered`;
      throw new RpcError(text, Code.InvalidParams);
    }
    sources?.delete(n as number);
    return source;
  });
}
