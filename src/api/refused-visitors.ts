import { printable } from '../base/quote.js';
import type { Link, Message } from '../contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../contract/errors.js';
import { markPermanent } from '../contract/permanent.js';
import type { Connection } from '../session/connection.js';

/**
 * The error for a peer that is dialed again and again, and whose answer to `rpc.hello` cannot be read: it has another codec, and another
 * attempt would not help. Undefined for any other. A program that this side has started may begin with lines for people.
 */
export function otherCodec({ link, host }: Connection, first: Message | ProtocolError): ProtocolError | undefined {
  const { hello, name } = host.codec;
  if (link.redialer === undefined || !hello || link.info?.command !== undefined) return undefined;
  if ('kind' in first && first.kind !== 'bad') return undefined;
  const text = `${printable(link.peer)} does not understand the codec "${name}": what it has answered to rpc.hello cannot be read; give both sides the same codec`;
  return markPermanent(new ProtocolError(text, Code.ParseError));
}

/** The error for a peer that sends too much before it is admitted. */
export function tooMuch(bytes: number, most: number): ProtocolError {
  const text = `it has sent ${bytes} bytes before the session began, and the limit "bufferedBytes" is ${most}`;
  return new ProtocolError(text, Code.Busy);
}

/** The error for a link that has ended before it was decided whether it is let in. */
export function endedEarly({ peer }: Link): ConnectionLost {
  return new ConnectionLost(`the link to ${printable(peer)} ended before the session began`);
}

/** Closes the link of a refused connection. A brief link always gets why: without a reason, it would count as done. */
export function closeRefused(link: Link, why: Error | undefined, reason?: Error): void {
  link.close(link.brief === true ? why : reason);
}

/** Closes the link of a connection that a gate does not let in. */
export function denyLink(link: Link, why: Error): void {
  link.denied?.(why);
  closeRefused(link, why);
}

/**
 * Whether the side reports for what reason a connection was refused. If not, whoever dials it again and again does, or the promise of who
 * opens the side rejects with it: `waiting`.
 */
export function isReported({ link }: Connection, reason: Error | undefined, waiting: unknown): boolean {
  const { redialer } = link;
  if (reason === undefined || link.service !== undefined) return false;
  return redialer === undefined ? waiting === undefined : redialer.awaits === undefined;
}

/** What is reported before the reason, as {@link isReported} says. */
export function refusalOf({ link }: Connection): string {
  const peer = printable(link.peer);
  return link.dialed === true ? `the session with ${peer} has not begun:` : `${peer} was not let in:`;
}
