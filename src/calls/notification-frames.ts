import type { About, Call, Frame } from '../contract/contract.js';
import { encode } from '../session/sending/encode.js';
import { encodeHeaders, withTaggedHeader } from '../session/sending/outgoing-headers.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { PackedArguments } from './arguments.js';
import type { CallingSide } from './calling-side.js';

/**
 * A notification that is the same for all receivers: its headers, if there are any, and the message. Undefined if something in it goes by
 * reference, which each peer has its own of. Throws a UsageError for what cannot be encoded, a ProtocolError for what is too large.
 */
export function notificationFrames(
  side: CallingSide,
  method: MethodDescriptor,
  { args, named }: PackedArguments,
  about: About | undefined,
): readonly Frame[] | undefined {
  let same = args;
  let said = about;
  if (side.mapper.mustMap(args)) {
    const mapped = side.mapper.sameForAll(args);
    if (mapped === undefined) return undefined;
    if (mapped !== args) {
      same = mapped;
      said = withTaggedHeader(about);
    }
  }
  const call: Call = { kind: 'call', id: undefined, method: method.wire, args: same, named, batch: undefined };
  const frame = encode(side.codec, call, side.limits.sentFrameBytes);
  const saying = said && encodeHeaders(side, { call: null, ...said });
  return saying === undefined ? [frame] : [saying, frame];
}
