import type { RpcEndpoint } from '../../api/endpoint.js';
import type { PackedArguments } from '../../calls/arguments.js';
import type { About, Call, Frame } from '../../contract/contract.js';
import { UsageError } from '../../contract/errors.js';
import { encode } from '../../session/encode.js';
import type { SealedFrames } from '../../session/frame-filter.js';
import { mustFit } from '../../session/frame-limits.js';
import { announced, sayingAbout } from '../../session/sent-calls.js';
import type { Session } from '../../session/session.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { Receivers } from '../../types/peers.js';
import type { Policy } from './slow-policy.js';

/** A notification as it leaves for many: encoded and, under a security, sealed once for all. */
interface EncodedNotification {
  /** What is said of it, if anything, and the message. They leave together or not at all. */
  readonly frames: readonly Frame[];
  readonly sealed: readonly (SealedFrames | Promise<SealedFrames>)[] | undefined;
}

/** What becomes of a notification at those who do not take what they are sent. */
export interface SlowDelivery {
  /** Undefined: it waits, as everything else. */
  readonly policy: Policy | undefined;
  send(session: Session, policy: Policy, bytes: number, post: (session: Session) => void): void;
}

/**
 * Sends a notification to several receivers, to a group or to everybody. That nobody is there is no mistake, on a side that is
 * open. `slowly` is what becomes of it at those who do not take what they are sent.
 */
export function notifyMany(
  hub: RpcEndpoint,
  row: MethodDescriptor,
  receivers: Receivers,
  packed: PackedArguments,
  about?: About,
  slowly?: SlowDelivery,
): void {
  const sessions = hub.roster.told(receivers);
  const broadcasts = receivers === null && hub.broadcasts;
  if (sessions.length === 0 && !broadcasts) {
    if (!Array.isArray(receivers)) hub.mustBeOpen();
    return;
  }
  let same = packed;
  let said = about;
  if (hub.mapper.mustMap(packed.args)) {
    const args = hub.mapper.sameForAll(packed.args);
    if (args === undefined) {
      tellEach(hub, row, sessions, packed, about, broadcasts);
      return;
    }
    if (args !== packed.args) {
      same = { args, named: packed.named };
      said = announced(about);
    }
  }
  const notice = noticeOf(hub, row, same, said, sessions.length);
  const post = (session: Session): void => postTo(hub, session, notice);
  const policy = slowly?.policy;
  const bytes = policy === undefined ? 0 : notice.frames.reduce((sum, frame) => sum + frame.length, 0);
  for (const session of sessions) {
    if (session.over !== undefined || (broadcasts && session.link.bus === true)) continue;
    if (policy === undefined) post(session);
    else slowly?.send(session, policy, bytes, post);
  }
  if (broadcasts) {
    const frame = joined(hub, notice);
    hub.broadcast(hub.attached.frames?.forAll(frame) ?? [frame]);
  }
}

function noticeOf(
  hub: RpcEndpoint,
  row: MethodDescriptor,
  { args, named }: PackedArguments,
  about: About | undefined,
  receivers: number,
): EncodedNotification {
  const call: Call = { kind: 'call', id: undefined, method: row.wire, args, named, batch: undefined };
  const frame = encode(hub.codec, call, hub.limits.sentFrameBytes);
  if (typeof frame === 'object' && 'transfer' in frame && frame.transfer.length > 0 && receivers > 1) {
    throw new UsageError(`${row.path}: what is transferred can go to one receiver only, not to ${receivers}`);
  }
  const saying = about && sayingAbout(hub, { call: null, ...about });
  const frames = saying === undefined ? [frame] : [saying, frame];
  const filters = hub.attached.frames;
  return { frames, sealed: filters && frames.map((each) => filters.forAll(each)) };
}

/**
 * What goes by reference is held for each peer by itself, and so each is sent a message of its own, and none is dropped. Throws
 * a UsageError for what can be passed to nobody.
 */
function tellEach(
  hub: RpcEndpoint,
  row: MethodDescriptor,
  sessions: readonly Session[],
  { args, named }: PackedArguments,
  about: About | undefined,
  broadcasts: boolean,
): void {
  if (broadcasts) {
    throw new UsageError(`${row.path}: what is passed by reference goes to certain peers, and not to a whole bus`);
  }
  if (sessions[0] !== undefined) sessions[0].values.check(args);
  for (const session of sessions) {
    try {
      if (session.over === undefined) session.notify(row.wire, args, named, about);
    } catch (error) {
      hub.trouble(session, error);
    }
  }
}

/** Of what may be lost on its own, both parts in one, where the codec can join them; or else the message alone. */
function joined({ codec }: RpcEndpoint, { frames }: EncodedNotification): Frame {
  return (frames.length > 1 ? codec.join?.(frames) : undefined) ?? (frames.at(-1) as Frame);
}

/** One peer that cannot take it harms no other. */
function postTo(hub: RpcEndpoint, session: Session, { frames, sealed }: EncodedNotification): void {
  if (session.over !== undefined) return;
  try {
    const limit = session.frameLimit;
    for (const frame of frames) mustFit(frame, limit, session);
    if (sealed !== undefined) for (const pair of sealed) session.sealing?.postSealed(pair);
    else if (frames.length > 1 && session.link.bus === true && hub.codec.join !== undefined) {
      // A datagram may be lost, or overtaken by another: these two stay together.
      const both = hub.codec.join(frames);
      mustFit(both, limit, session);
      session.post(both);
    } else for (const frame of frames) session.post(frame);
  } catch (error) {
    hub.trouble(session, error);
  }
}
