import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/** What Node keeps of a stream over a handle of its own. Other runtimes, and other streams, have less. */
interface Inner {
  readonly _writableState?: { readonly writing?: unknown; readonly writelen?: unknown };
  readonly _handle?: { readonly writeQueueSize?: unknown } | null;
}

/**
 * Bytes that the system has not taken. Of a write that is under way, Node's own count tells the end only, and all that has
 * collected meanwhile becomes one write: for a slow reader it would stand still for a hundred megabytes.
 */
export function waiting(output: Writable): number {
  const { _writableState: state, _handle: handle } = output as unknown as Inner;
  const [writing, left] = [state?.writelen, handle?.writeQueueSize];
  if (state?.writing !== true || typeof writing !== 'number' || typeof left !== 'number') return output.writableLength;
  return output.writableLength - writing + Math.min(left, writing);
}

/** A number that is another one when bytes have come, or were taken. */
export function moved(socket: Socket): number {
  return socket.bytesRead - waiting(socket);
}
