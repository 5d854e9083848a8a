/** What a chunk takes besides its bytes, about. */
const CHUNK = 200;

/** What the package keeps of a message that is not complete: chunks that are not read, and fragments. */
interface Inner {
  readonly _receiver?: { _bufferedBytes?: number; _messageLength?: number; _buffers?: readonly unknown[] };
}

/** How many bytes the package `ws` keeps of a message that is not complete; 0 in runtimes that do not tell. */
export function keptOf(socket: object): number {
  const { _receiver: receiver } = socket as Inner;
  const { _bufferedBytes: unread = 0, _messageLength: fragments = 0, _buffers: chunks } = receiver ?? {};
  return unread + fragments + CHUNK * (chunks?.length ?? 0);
}
