import { quote } from '../../base/quote.js';
import { ProtocolError } from '../../contract/errors.js';
import { defaultLimits } from '../../contract/limits.js';
import { markPermanent } from '../../contract/permanent.js';
import type { Connection } from '../connection.js';
import { AwaitedHello, type AwaitedHelloOwner } from '../sending/frame-limits.js';
import { HELLO } from './system-names.js';

/*
 * `rpc.hello`: the side that has dialed says that it is Obverse, and the other one says so too. From then on each may join
 * the messages of a turn into one frame. To a peer that is not Obverse it is an unknown notification.
 */
const VERSION = 1;
/** The largest frame that is read if nothing is said of it, in bytes. */
const USUAL = defaultLimits.frameBytes;
/** Smaller values are invalid: not even the library's own messages would fit. */
const LEAST = 128;

/** Whether this side sends hello first: where it has dialed, or the transport's handshake has shown already that both are Obverse. */
export function speaksFirst({ link, host }: Connection): boolean {
  if (link.bus === true || link.brief === true || link.anycast === true || !host.codec.hello) return false;
  // Over a broker, the address has shown that the peer is Obverse, and each message has a cost.
  if ((link.service ?? link.callBeat) !== undefined && link.dialed !== true) return false;
  // On `ws:`, the handshake may have shown that the peer is not Obverse.
  return (link.agreed ?? link.dialed) === true;
}

/**
 * Says hello, unless the codec is for peers that are not Obverse: where this side has dialed, or the transport's handshake has shown already
 * that both are Obverse. Then both report how large a frame they read.
 */
export function sayHello(session: AwaitedHelloOwner, connection: Connection): void {
  if (connection.saidHello || !speaksFirst(connection)) return;
  session.sendQueue.hello = new AwaitedHello(session);
  greet(connection);
}

/** The peer has sent hello. */
export function hello(connection: Connection, args: readonly unknown[]): void {
  if (readHello(connection, args) && !connection.agreed) answerHello(connection);
}

/** Reads the hello of the peer. Returns false if there is nothing to answer: then it may have ended the connection. */
export function readHello(connection: Connection, [said]: readonly unknown[]): boolean {
  const { link, host } = connection;
  const { codec, frameBytes } = (said ?? {}) as { readonly codec?: unknown; readonly frameBytes?: unknown };
  if (typeof codec === 'string' && codec !== host.codec.name) {
    // One direction may be understood all the same; calls in the other one would wait for their timeouts.
    const names = `the peer speaks the codec ${quote(codec, 50)}, and this side "${host.codec.name}"`;
    connection.sink.end(markPermanent(new ProtocolError(names)));
    return false;
  }
  if (!host.codec.hello || link.bus === true || link.brief === true) return false;
  if (typeof frameBytes === 'number' && frameBytes >= LEAST)
    connection.limit = Math.min(host.limits.sentFrameBytes, frameBytes);
  for (const gate of host.gates) gate.greeted?.(connection, Object(said) as Readonly<Record<string, unknown>>);
  if (connection.ended) return false;
  connection.sink.greeted(connection.limit);
  return true;
}

/** Answers the hello of the peer, unless this side has sent its own already. */
export function answerHello(connection: Connection): void {
  if (!connection.saidHello) {
    connection.answersHello = true;
    greet(connection);
  }
  connection.agreed = true;
}

/** The largest frame, in bytes, that this side reads of the peer. */
function reads({ link, host }: Connection): number {
  return link.frameBytes ?? host.limits.frameBytes;
}

/** Says hello, with the fields of extensions. */
export function greet(connection: Connection): void {
  const { host, sink } = connection;
  connection.saidHello = true;
  const frameBytes = reads(connection);
  const said: Record<string, unknown> = { obverse: VERSION, codec: host.codec.name };
  // As a number that JSON has.
  if (frameBytes !== USUAL) said.frameBytes = Math.min(frameBytes, Number.MAX_SAFE_INTEGER);
  for (const gate of host.gates) {
    const field = gate.hello?.(connection);
    if (field !== undefined) said[field.name] = field.value;
  }
  sink.greet(HELLO, [said]);
}
