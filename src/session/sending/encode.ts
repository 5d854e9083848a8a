import type { Codec, Frame, Limits, Link, Outbound } from '../../contract/contract.js';
import { UsageError } from '../../contract/errors.js';
import { ABOUT, CALL, NEXT, PROGRESS } from '../system/system-names.js';
import { mustFit } from './frame-limits.js';
import { exceeds } from './message-size.js';
import { whyUnencodable } from './unencodable.js';

/** The receiver of a message, so that the error for one that is too large names whose bound it is. */
interface Receiver {
  readonly link: Link;
  readonly host: { readonly limits: Limits };
}

/** For whom a message is encoded quickly. */
interface QuickReceiver {
  readonly host: { readonly encodePlain: Codec['encodePlain'] };
  readonly frameLimit: number;
}

/**
 * Encodes a message. Throws a UsageError for what cannot be encoded, a ProtocolError for what is larger than `limit` bytes;
 * `receiver`: for whom it is, if it is for one peer.
 */
export function encode(codec: Codec, message: Outbound, limit: number, receiver?: Receiver): Frame {
  let frame: Frame;
  try {
    frame = codec.encode(message);
  } catch (cause) {
    const what = message.kind === 'call' ? whatOf(message.method) : 'the result';
    throw new UsageError(`${what} cannot be encoded: ${whyUnencodable(codec, message, cause)}`, { cause });
  }
  mustFit(frame, limit, receiver);
  return frame;
}

/** What a message holds that the program has given. Messages of the library itself mean nothing to those who use it. */
function whatOf(method: string): string {
  switch (method) {
    case NEXT:
      return 'an item of the stream';
    case PROGRESS:
      return 'the progress';
    case ABOUT:
      return 'the metadata';
    case CALL:
      return 'the arguments of a callback';
    default:
      return `the arguments of ${method}`;
  }
}

/** The frame of a message that is nothing but plain data, and small; undefined for any other, and for one that is too large. Throws what a getter throws. */
export function encodeQuickly(receiver: QuickReceiver, message: Outbound): Frame | undefined {
  const frame = receiver.host.encodePlain?.(message);
  if (frame === undefined || exceeds(frame, receiver.frameLimit)) return undefined;
  return frame;
}
