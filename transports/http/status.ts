import { printable } from '../../src/base/quote.js';
import { Code, ConnectionLost, ProtocolError, RpcError } from '../../src/contract/errors.js';
import { markPermanent } from '../../src/contract/permanent.js';
import { type Headers, headerOf } from './exchange.js';

/** A response that is no answer. */
export interface Response {
  /** What was called, and where. */
  readonly what: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** The beginning of its body, if that is text. */
  readonly text: string;
}

/** How much of a body is shown, in characters. */
const SHOWN = 300;

/** What a status means for a call that was not carried out. */
const MEANS: Readonly<Record<number, string>> = {
  401: 'the server wants credentials, or refuses these: set the option "headers"',
  403: 'the server refuses the request',
  404: 'the server has nothing at this path: check the address',
  405: 'the server takes no POST at this path: check the address',
  406: 'the server has no answer in a form that this side reads',
  410: 'the server has nothing at this path any more',
  413: 'the message is larger than the server takes',
  415: 'the server does not take messages of this type: use another codec',
};

/** The error for a response that is no answer. */
export function errorOf(response: Response): RpcError {
  const { what, status, statusText, headers } = response;
  const name = statusText === '' ? String(status) : `${status} ${statusText}`;
  const said = response.text.trim() === '' ? '' : `: ${printable(response.text.trim().slice(0, SHOWN))}`;
  if (status === 0 || (status >= 300 && status < 400)) {
    const to = headerOf(headers, 'location');
    const where = to === undefined ? 'elsewhere' : `to ${printable(to.slice(0, SHOWN))}`;
    const text = `${what}: the server sends the request ${where} (${name}), and credentials are not sent there: connect to that address`;
    return markPermanent(new ConnectionLost(text, { maybeExecuted: false }));
  }
  const means = MEANS[status];
  const text = `${what}: the server answered ${name}${said}${means === undefined ? '' : ` (${means})`}`;
  if (status === 401 || status === 403) return markPermanent(new RpcError(text, Code.Refused));
  if (status === 413) return new ProtocolError(text, Code.TooLarge);
  if (status === 429) return new RpcError(text, Code.Busy);
  if (means !== undefined) return markPermanent(new ConnectionLost(text, { maybeExecuted: false }));
  if (status >= 200 && status < 300)
    return new ProtocolError(`${what}: the response (${name}) contains no answer to the call${said}`);
  // A server that is being closed, or has too much to do, says when to try again.
  const isUnseen = status === 408 || (status === 503 && headers['retry-after'] !== undefined);
  return status >= 500 || status === 408
    ? new ConnectionLost(text, isUnseen ? { maybeExecuted: false } : {})
    : new ProtocolError(text);
}
