import { quote } from '../base/quote.js';
import { ProtocolError } from '../contract/errors.js';
import { defaultLimits } from '../contract/limits.js';
import { AwaitedHello } from './frame-limits.js';
import type { Session } from './session.js';
import { HELLO } from './system-names.js';

/*
 * `rpc.hello`: the side that has dialed says that it is Obverse, and the other one says so too. From then on each may join
 * the messages of a turn into one frame. To a stranger it is a notification that it does not know.
 */
const VERSION = 1;
/** The largest frame that is read if nothing is said of it, in bytes. */
const USUAL = defaultLimits.frameBytes;
/** Less than this nobody can mean: not even the library's own messages would fit. */
const LEAST = 128;

/** What the handshake sets of its session. */
export interface HandshakeOwner extends Session {
  agreed: boolean;
}

/**
 * Says hello, unless the codec is for peers that are not Obverse: where this side has dialed, or the transport's handshake has shown already
 * that both are Obverse. Then both say how large a frame they read.
 */
export function sayHello(session: HandshakeOwner): void {
  const { link, host, outbox } = session;
  if (link.bus === true || !host.codec.hello || (link.dialed !== true && !session.agreed)) return;
  outbox.hello = new AwaitedHello(session);
  greet(session);
}

/** The peer has said hello. */
export function hello(session: HandshakeOwner, [said]: readonly unknown[]): void {
  const { link, host, outbox } = session;
  const { codec, frameBytes } = (said ?? {}) as { readonly codec?: unknown; readonly frameBytes?: unknown };
  if (typeof codec === 'string' && codec !== host.codec.name) {
    // One direction may be understood all the same; calls in the other one would wait for their timeouts.
    const names = `the peer speaks the codec ${quote(codec, 50)}, and this side "${host.codec.name}"`;
    session.end(new ProtocolError(names));
    return;
  }
  if (!host.codec.hello || link.bus === true) return;
  if (typeof frameBytes === 'number' && frameBytes >= LEAST)
    outbox.limit = Math.min(host.limits.sentFrameBytes, frameBytes);
  outbox.hello?.over();
  if (session.agreed) return;
  if (link.dialed !== true) greet(session);
  session.agreed = true;
}

/** The largest frame, in bytes, that this side reads of the peer. */
function reads({ link, host }: Session): number {
  return link.frameBytes ?? host.limits.frameBytes;
}

function greet(session: Session): void {
  try {
    const frameBytes = reads(session);
    const said = { obverse: VERSION, codec: session.host.codec.name };
    session.notify(HELLO, [frameBytes === USUAL ? said : { ...said, frameBytes }], true);
  } catch (error) {
    // Too large for the link, or refused by the security: the conversation goes on without it, and this may be within `accept`.
    session.host.trouble(session, error);
  }
}
