import { ProtocolError } from './errors.js';
import { HELLO } from './extensions.js';
import { quote } from './quote.js';
import type { Session } from './session.js';

/*
 * `rpc.hello`: the side that has dialed says that it is Obverse, and the other one says so too. From then on each may join
 * the messages of a turn into one frame. To a stranger it is a notification that it does not know.
 */
const VERSION = 1;

/** Says hello, unless the transport's handshake has done it, or the codec speaks to strangers. */
export function sayHello(session: Session): void {
  const { link, host } = session;
  if (link.dialed === true && link.bus !== true && !session.agreed && host.codec.hello) greet(session);
}

/** The peer has said hello. */
export function hello(session: Session, [said]: readonly unknown[]): void {
  const { link, host } = session;
  const { codec } = (said ?? {}) as { readonly codec?: unknown };
  if (typeof codec === 'string' && codec !== host.codec.name) {
    // One direction may be understood all the same; calls in the other one would wait for their timeouts.
    const names = `the peer speaks the codec ${quote(codec, 50)}, and this side "${host.codec.name}"`;
    session.end(new ProtocolError(names));
    return;
  }
  if (session.agreed || !host.codec.hello || link.bus === true) return;
  if (link.dialed !== true) greet(session);
  session.agreed = true;
}

function greet(session: Session): void {
  try {
    session.notify(HELLO, [{ obverse: VERSION, codec: session.host.codec.name }], true);
  } catch (error) {
    // Too large for the link, or refused by the security: the conversation goes on without it, and this may be within `accept`.
    session.host.trouble(session, error);
  }
}
