import { afterTurn } from '../../base/time.js';
import { Code, RpcError } from '../../contract/errors.js';
import type { CallSender } from '../../session/peer.js';
import { type Source, sourceOf } from './source.js';
import { weigh } from './weigh.js';

/** After so many items others have their turn. */
const SLICE = 256;

/**
 * All items of a stream as one list: what one gets who knows no streams. Rejects with an RpcError, too large, if there are
 * more than the limit `streamItems` says, or more bytes than fit into a frame; then, and when the call is given up, the source
 * is told that nobody wants more.
 */
export async function collect(sender: CallSender, given: unknown): Promise<unknown[]> {
  const { method } = sender.call;
  const source = sourceOf(await given, `the handler of ${method}`);
  sender.work.whenCancelled((reason) => void source.close(reason));
  return gather(sender, source);
}

async function gather(sender: CallSender, source: Source): Promise<unknown[]> {
  const { outbox, host } = sender.peer.session;
  const { streamItems } = host.limits;
  const most = outbox.largest;
  const items: unknown[] = [];
  let bytes = 0;
  while (sender.begun?.cancelled === undefined) {
    const step = await source.next();
    if (step.done === true) break;
    items.push(step.value);
    bytes += weigh(step.value, most);
    if (items.length > streamItems || bytes > most) {
      const bound = items.length > streamItems ? `${streamItems} items` : `${most} bytes`;
      const text = `${sender.call.method} gives more than ${bound}, too much for one answer`;
      const error = new RpcError(text, Code.TooLarge);
      await source.close(error);
      throw error;
    }
    if (items.length % SLICE === 0) await new Promise<void>((resolve) => afterTurn(resolve));
  }
  return items;
}
