import type { RpcEndpoint } from '../../api/endpoint.js';
import type { PackedArguments } from '../../calls/arguments.js';
import { notificationFrames } from '../../calls/notification-frames.js';
import type { About, Frame } from '../../contract/contract.js';
import { UsageError } from '../../contract/errors.js';
import type { SealedFrames } from '../../session/frame-filter.js';
import { mustFit } from '../../session/sending/frame-limits.js';
import type { Session } from '../../session/session.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { Receivers } from '../../types/peers.js';
import type { Policy } from './slow-policy.js';

/** A notification for several receivers: encoded and, with a security, sealed once for all. */
interface EncodedNotification {
  readonly method: string;
  /** Its headers, if there are any, and the message. They are sent together or not at all. */
  readonly frames: readonly Frame[];
  readonly sealed: readonly (SealedFrames | Promise<SealedFrames>)[] | undefined;
}

/** How a notification is delivered to slow peers. */
export interface SlowDelivery {
  /** Undefined: it waits, as everything else. */
  readonly policy: Policy | undefined;
  send(session: Session, policy: Policy, bytes: number, post: (session: Session) => void): void;
}

/**
 * Sends a notification to several receivers, to a group or to everybody. No receiver at all is not a mistake on a side that is
 * open. `slowly` is what becomes of it at those who do not take what they are sent.
 */
export function notifyMany(
  side: RpcEndpoint,
  method: MethodDescriptor,
  receivers: Receivers,
  packed: PackedArguments,
  about?: About,
  slowly?: SlowDelivery,
): void {
  const sessions = side.peerRegistry.sessionsOf(receivers);
  const broadcasts = receivers === null && side.broadcasts;
  if (sessions.length === 0) {
    if (!Array.isArray(receivers)) side.mustBeOpen();
    if (!broadcasts) return;
  }
  const frames = notificationFrames(side, method, packed, about);
  if (frames === undefined) {
    notifyEach(side, method, sessions, packed, about, broadcasts);
    return;
  }
  const encoded = sealedForAll(side, method, frames, sessions.length);
  const post = (session: Session): void => postTo(side, session, encoded);
  const policy = slowly?.policy;
  const bytes = policy === undefined ? 0 : encoded.frames.reduce((sum, frame) => sum + frame.length, 0);
  for (const session of sessions) {
    if (session.ended !== undefined || (broadcasts && isReached(session))) continue;
    if (policy === undefined) post(session);
    else slowly?.send(session, policy, bytes, post);
  }
  if (broadcasts) {
    const frame = joined(side, encoded);
    side.broadcast(side.attached.frames?.forAll(frame) ?? [frame]);
  }
}

/** Whether what the transport sends to everybody reaches the peer. */
function isReached({ link }: Session): boolean {
  return link.bus === true || link.broadcast === true;
}

function sealedForAll(
  side: RpcEndpoint,
  method: MethodDescriptor,
  frames: readonly Frame[],
  receivers: number,
): EncodedNotification {
  const frame = frames.at(-1) as Frame;
  if (typeof frame === 'object' && 'transfer' in frame && frame.transfer.length > 0 && receivers > 1) {
    throw new UsageError(`${method.path}: what is transferred can go to one receiver only, not to ${receivers}`);
  }
  const filters = side.attached.frames;
  return { method: method.wire, frames, sealed: filters && frames.map((each) => filters.forAll(each)) };
}

/**
 * What goes by reference is held for each peer by itself, and so each is sent a message of its own, and none is dropped. Throws
 * a UsageError for what can be passed to nobody.
 */
function notifyEach(
  side: RpcEndpoint,
  method: MethodDescriptor,
  sessions: readonly Session[],
  { args, named }: PackedArguments,
  about: About | undefined,
  broadcasts: boolean,
): void {
  if (broadcasts) {
    throw new UsageError(`${method.path}: what is passed by reference goes to certain peers, and not to a whole bus`);
  }
  if (sessions[0] !== undefined) sessions[0].values.check(args);
  for (const session of sessions) {
    try {
      if (session.ended === undefined) session.notify(method.wire, args, named, about);
    } catch (error) {
      side.reportError(session, error);
    }
  }
}

/** Headers and message in one frame, where the codec can join them, since each could be lost alone; otherwise the message only. */
function joined({ codec }: RpcEndpoint, { frames }: EncodedNotification): Frame {
  return (frames.length > 1 ? codec.join?.(frames) : undefined) ?? (frames.at(-1) as Frame);
}

/** An error with one peer does not affect the others. */
function postTo(side: RpcEndpoint, session: Session, { method, frames, sealed }: EncodedNotification): void {
  if (session.ended !== undefined) return;
  try {
    const { frameLimit: limit, filter } = session;
    for (const frame of frames) mustFit(frame, limit, session);
    // A session without a connection has no filter: what waits is sealed once it has one.
    if (sealed !== undefined && filter !== undefined && session.postTogether === undefined) {
      for (const [at, pair] of sealed.entries()) {
        const frame = frames[at] as Frame;
        if (session.journal?.holds?.(frame, undefined) !== true) filter.postSealed(pair, frame);
      }
      session.posted?.encoded(method, frames);
    } else if (frames.length > 1 && session.link.bus === true && side.codec.join !== undefined) {
      // A datagram may be lost, or overtaken by another: these two stay together.
      const both = side.codec.join(frames);
      mustFit(both, limit, session);
      session.post(both);
    } else session.postNotification(method, frames);
  } catch (error) {
    side.reportError(session, error);
  }
}
