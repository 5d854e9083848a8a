import { Code, RpcError } from '../../contract/errors.js';
import type { CallSender } from '../../session/peer.js';
import { sendItems } from './send-items.js';

/**
 * Serves a call whose answer is a stream: `open` carries it out, and gives where the items come from, or a promise of that.
 * Gives a promise that settles when the stream has ended: of nothing, for the items travel by themselves, or of all items
 * where the caller has told no window, and so knows no streams. Throws an RpcError: busy if there are too many already, and for
 * an id that cannot name a stream.
 */
export function produce(sender: CallSender, open: () => unknown): Promise<unknown> {
  const { call, peer } = sender;
  const { session } = peer;
  if (call.id === undefined)
    throw new RpcError(
      `${call.method} is a stream: nobody gets the items of a call without an id`,
      Code.InvalidRequest,
    );
  // `rpc.next [null, …]` is a mark, and `rpc.pull [null, …]` finds no call.
  if (call.id === null && call.about?.window !== undefined)
    throw new RpcError(
      `${call.method} is a stream: its items need the id of their call, and null is none`,
      Code.InvalidRequest,
    );
  const running = session.intake?.streams ?? 0;
  if (running >= session.host.limits.streams)
    throw new RpcError(`busy: ${running} streams run for the peer already`, Code.Busy);
  return sendItems(sender, open());
}
