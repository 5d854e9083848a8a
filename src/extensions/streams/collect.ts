import { afterTurn } from '../../base/time.js';
import { Code, RpcError } from '../../contract/errors.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import { type Source, sourceOf } from './source.js';
import { weigh } from './weigh.js';

/** After so many items, the event loop continues. */
const SLICE = 256;

/**
 * All items of a stream as one list, for callers that do not support streams. Rejects with an RpcError, too large, if there are more items
 * than the limit `streamItems`, or more bytes than fit into a frame. Then, and when the call is cancelled, the source is closed.
 */
export async function collect(sender: CallSender, given: unknown): Promise<unknown[]> {
  const { method } = sender.call;
  const source = sourceOf(await given, `the handler of ${method}`);
  sender.details.whenCancelled((reason) => void source.close(reason));
  return takeAll(sender, source);
}

async function takeAll(sender: CallSender, source: Source): Promise<unknown[]> {
  const { sendQueue, host } = sender.peer.session;
  const { streamItems } = host.limits;
  const most = sendQueue.largest;
  const items: unknown[] = [];
  let bytes = 0;
  while (sender.detailsIfAny?.cancelled === undefined) {
    const step = await source.next();
    if (step.done === true) break;
    items.push(step.value);
    bytes += weigh(step.value, most);
    if (items.length > streamItems || bytes > most) {
      const bound = items.length > streamItems ? `${streamItems} items` : `${most} bytes`;
      const text = `${sender.call.method} returned more than ${bound}, too many for one reply`;
      const error = new RpcError(text, Code.TooLarge);
      await source.close(error);
      throw error;
    }
    if (items.length % SLICE === 0) await new Promise<void>((resolve) => afterTurn(resolve));
  }
  return items;
}
