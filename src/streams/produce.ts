import { Code, RpcError } from '../errors.js';
import type { CallSender } from '../peer.js';
import { collect } from './collect.js';
import { Producer } from './producer.js';
import { least } from './window.js';

/**
 * Serves a call whose answer is a stream: `open` carries it out, and gives where the items come from, or a promise of that.
 * Gives a promise that settles when the stream has ended: of nothing, for the items travel by themselves, or of all items
 * where the caller has told no window, and so knows no streams. Throws an RpcError, busy, if there are too many already.
 */
export function produce(sender: CallSender, open: () => unknown): Promise<unknown> {
  const { call, peer } = sender;
  const { host, streams } = peer.session;
  if (call.id === undefined)
    throw new RpcError(
      `${call.method} is a stream: nobody gets the items of a call without an id`,
      Code.InvalidRequest,
    );
  if (streams >= host.limits.streams)
    throw new RpcError(`busy: ${streams} streams run for the peer already`, Code.Busy);
  const window = call.about?.window;
  if (window === undefined) return collect(sender, open());
  const [items, bytes] = window;
  const producer = new Producer(sender, least({ items, bytes }, host.limits));
  return producer.run(open());
}
