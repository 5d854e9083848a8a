import { Code, RpcError } from '../../contract/errors.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import { collect } from './collect.js';
import { StreamProducer } from './producer.js';
import { smallerWindow } from './window.js';

const ENDLESS = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/**
 * Serves a call whose reply is a stream. `open` runs the handler and returns the source of the items, or a promise of it. The
 * promise that this returns settles when the stream has ended: with null, since the items travel separately, or with the list of
 * all items for a caller that has sent no window and so does not support streams. Throws an RpcError: busy if too many streams run
 * already, and invalid request for an id that cannot identify a stream.
 */
export function serveStream(sender: CallSender, open: () => unknown): Promise<unknown> {
  const { call, peer } = sender;
  const { session } = peer;
  if (call.id === undefined)
    throw new RpcError(
      `${call.method} is a stream: a call without an id cannot receive its items`,
      Code.InvalidRequest,
    );
  // `rpc.next [null, …]` is a mark, and `rpc.pull [null, …]` finds no call.
  if (call.id === null && call.about?.window !== undefined)
    throw new RpcError(
      `${call.method} is a stream: its items need the id of their call, and null is not an id`,
      Code.InvalidRequest,
    );
  const running = session.callQueue?.streams ?? 0;
  if (running >= session.host.limits.streams)
    throw Object.assign(new RpcError(`busy: ${running} streams run for the peer already`, Code.Busy), {
      maybeExecuted: false,
    });
  const source = open();
  const window = windowOf(sender);
  if (window === undefined) return collect(sender, source);
  const [items, bytes] = window;
  const most = window === ENDLESS ? { items, bytes } : smallerWindow({ items, bytes }, session.host.limits);
  return new StreamProducer(sender, most).run(source);
}

/**
 * The window that the caller has sent. None where messages may be lost, or nothing but answers can be sent: there a stream is one list,
 * whatever the caller specifies. Over a brief link nobody can say that items were taken: there the link alone paces it.
 */
function windowOf({ call, peer }: CallSender): readonly [items: number, bytes: number] | undefined {
  const { bus, brief, takes } = peer.session.link;
  const window = bus === true || takes === 'answers' ? undefined : call.about?.window;
  return window !== undefined && brief === true ? ENDLESS : window;
}
