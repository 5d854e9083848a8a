import type { Hub } from '../../api/endpoint.js';
import type { Packed } from '../../calls/outgoing-method.js';
import type { Session } from '../../session/session.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { CallOptions, Items, Receivers } from '../../types/side.js';
import { Room } from '../room.js';
import { streamOf } from './relayed-stream.js';

/** What is loaded of streams. */
export type StreamRoom = typeof import('./room.js');

/**
 * Streams are loaded when a side is opened whose spec has one. The others, which somebody calls by path, or passes, or mounts on
 * a side that is open, may have to wait for that.
 */
export const streams: Room<StreamRoom> = new Room(() => import('./room.js'));

/** Calls a method whose answer is a stream. Never throws: what goes wrong is told by the first `next()`. */
export function callStream(
  hub: Hub,
  row: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  asked?: CallOptions,
  sent?: (id: number) => void,
): Items<unknown> {
  const { here } = streams;
  if (here !== undefined) return here.callStream(hub, row, self, receivers, args, asked, sent);
  const begun = streams.enter().then((room) => room.callStream(hub, row, self, receivers, args, asked, sent));
  return streamOf(begun, row.path, asked?.ignoreErrors === true);
}

/** Asks a peer for a stream, once streams are loaded: what goes wrong is told by the first `next()`. */
export function askForStream(
  session: Session,
  method: string,
  packed: Packed,
  options: CallOptions = {},
  sent?: (id: number) => void,
): Items<unknown> {
  try {
    return (streams.here as StreamRoom).consume(session, method, packed, options, undefined, sent);
  } catch (error) {
    return failedStream(error, method);
  }
}

/** A stream that fails before its first item. */
export function failedStream(error: unknown, method: string): Items<unknown> {
  return streamOf(Promise.reject(error), method, false);
}
