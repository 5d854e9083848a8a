/** The approximate overhead of a chunk. */
const CHUNK = 200;

/** What the package keeps of an incomplete message: unread chunks, and fragments. */
interface Inner {
  readonly _receiver?: { _bufferedBytes?: number; _messageLength?: number; _buffers?: readonly unknown[] };
}

/** How many bytes the package `ws` keeps of an incomplete message; 0 in runtimes that do not show it. */
export function keptOf(socket: object): number {
  const { _receiver: receiver } = socket as Inner;
  const { _bufferedBytes: unread = 0, _messageLength: fragments = 0, _buffers: chunks } = receiver ?? {};
  return unread + fragments + CHUNK * (chunks?.length ?? 0);
}
