import type { About, Call, Frame } from '../../contract/contract.js';
import type { Session, SessionHost } from '../session.js';
import { ABOUT, speaks } from '../system/system-names.js';
import { encode } from './encode.js';
import { mustFit } from './frame-limits.js';

/** Posts a call after its headers. `failed` as for `Session.post`. */
export function postWithHeaders(session: Session, call: Call, about: About, failed?: (error: unknown) => void): void {
  const { codec } = session.host;
  // In a dialect, the call itself contains the token for its progress.
  const named = about.progress === true && codec.words !== undefined && call.id !== undefined;
  const frame = session.encode(named ? { ...call, token: call.id } : call);
  const saying = encodeHeaders(session.host, { call: call.id ?? null, ...about }, session.frameLimit);
  if (session.postTogether !== undefined)
    session.postTogether(call, saying === undefined ? [frame] : [saying, frame], failed);
  else if (saying === undefined) session.post(frame, failed);
  else if (session.link.bus === true && codec.join !== undefined && session.filter === undefined) {
    // A datagram may be lost, or overtaken by another: these two stay together.
    const both = codec.join([saying, frame]);
    mustFit(both, session.frameLimit, session);
    session.post(both, failed);
  } else {
    session.post(saying);
    session.post(frame, failed);
    session.posted?.headed();
  }
}

/** A call with its headers, encoded; undefined if its arguments are more than the codec can carry as they are. */
export function framesOf(session: Session, call: Call, about: About | undefined): readonly Frame[] | undefined {
  const { host } = session;
  if (host.mapper.mustMap(call.args)) return undefined;
  const headers = about === undefined ? undefined : encodeHeaders(host, { call: call.id ?? null, ...about });
  const frame = session.encode(call);
  return headers === undefined ? [frame] : [headers, frame];
}

/** The headers of a call or an answer, encoded; undefined if the peers of the side do not support them. */
export function encodeHeaders(
  host: Pick<SessionHost, 'codec' | 'limits' | 'mapper'>,
  about: Readonly<Record<string, unknown>>,
  limit: number = host.limits.sentFrameBytes,
): Frame | undefined {
  const { codec } = host;
  if (!speaks(codec, ABOUT)) return undefined;
  if (about.metadata !== undefined) host.mapper.mustEnd(about.metadata);
  const message: Call = { kind: 'call', id: undefined, method: ABOUT, args: [about], named: true, batch: undefined };
  return encode(codec, message, limit);
}

/** What is said of a message, with this too: that something in it is in the tagged form. */
export function withTaggedHeader(about: About | undefined): About {
  return { ...about, tagged: true };
}
