import type { CallSender } from '../../session/peer.js';
import { collect } from './collect.js';
import { Producer } from './producer.js';
import { least } from './window.js';

/**
 * Sends what a handler gives, or a promise of that, to whoever has called. Settles when the stream has ended: with nothing, for
 * the items travel by themselves, or with all items where the caller has told no window, and so knows no streams.
 */
export function sendItems(sender: CallSender, given: unknown): Promise<unknown> {
  const window = windowOf(sender);
  if (window === undefined) return collect(sender, given);
  const [items, bytes] = window;
  const producer = new Producer(sender, least({ items, bytes }, sender.peer.session.host.limits));
  return producer.run(given);
}

/** The window that the caller has told; none where messages may be lost: there a stream is one list, whatever the caller says. */
function windowOf({ call, peer }: CallSender): readonly [items: number, bytes: number] | undefined {
  return peer.session.link.bus === true ? undefined : call.about?.window;
}
