import type { Codec, Frame, Outbound } from './contract.js';
import { Code, ProtocolError, UsageError } from './errors.js';
import { exceeds } from './measure.js';
import type { Session } from './session.js';

/** Encodes a message. Throws a UsageError for what cannot be encoded, a ProtocolError for what is larger than `limit` bytes. */
export function encode(codec: Codec, message: Outbound, limit: number): Frame {
  let frame: Frame;
  try {
    frame = codec.encode(message);
  } catch (cause) {
    const what = message.kind === 'call' ? `the arguments of ${message.method}` : 'the result';
    throw new UsageError(`${what} cannot be encoded: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  mustFit(frame, limit);
  return frame;
}

/** The frame of a message that is nothing but plain data, and small; undefined for any other, and for one that is too large. Throws what a getter throws. */
export function encodeQuickly(session: Session, message: Outbound): Frame | undefined {
  const frame = session.host.encodePlain?.(message);
  if (frame === undefined || exceeds(frame, frameLimit(session))) return undefined;
  return frame;
}

/** The largest frame, in bytes, that may be given to the outbox now: that of the link may change. */
export function frameLimit({ host, link, outbox }: Session): number {
  return link.maxFrame === undefined ? host.limits.frameBytes : outbox.largest;
}

/** Throws a ProtocolError, too large, for a frame of more than `limit` bytes. */
export function mustFit(frame: Frame, limit: number): void {
  if (exceeds(frame, limit)) throw new ProtocolError(`the message is larger than ${limit} bytes`, Code.TooLarge);
}
