import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/** Internals of a Node stream with its own handle. Other runtimes, and other streams, lack some of them. */
interface Inner {
  readonly _writableState?: { readonly writing?: unknown; readonly writelen?: unknown };
  readonly _handle?: { readonly writeQueueSize?: unknown } | null;
}

/**
 * Bytes that the system has not accepted. Node's own count changes only when a write completes, and everything that has
 * collected meanwhile becomes one write: for a slow reader the count would not move for a hundred megabytes.
 */
export function waiting(output: Writable): number {
  const { _writableState: state, _handle: handle } = output as unknown as Inner;
  const [writing, left] = [state?.writelen, handle?.writeQueueSize];
  if (state?.writing !== true || typeof writing !== 'number' || typeof left !== 'number') return output.writableLength;
  return output.writableLength - writing + Math.min(left, writing);
}

/** A number that changes when bytes have arrived or were sent. */
export function moved(socket: Socket): number {
  return socket.bytesRead - waiting(socket);
}

/** A number that grows when bytes have arrived, or when bytes have left that the system did not accept at once. */
export function progress(socket: Socket): number {
  const left = waiting(socket);
  return socket.bytesRead + (left > 0 ? socket.bytesWritten - left : 0);
}
