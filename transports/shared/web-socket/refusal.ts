import type { IncomingMessage } from 'node:http';
import { printable } from '../../../src/base/quote.js';
import { clearTimer, setTimer } from '../../../src/base/time.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import { markPermanent } from '../../../src/contract/permanent.js';
import { explain } from '../stream/errors.js';
import type { SecureClient } from '../tls/client.js';
import type { Dialed } from './dial.js';
import { LINGER_MS } from './ends.js';

/** How much of a refusal is read, in characters: it is shown to people. */
const REFUSAL_LENGTH = 500;

/** Returns the status and the beginning of a response. */
export function readRefusal(response: IncomingMessage, give: (text: string) => void): void {
  let body = '';
  const status = `${response.statusCode} ${response.statusMessage}`;
  const plain = /^text\/plain\b/i.test(response.headers['content-type'] ?? '');
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    body += chunk;
    if (body.length > REFUSAL_LENGTH) response.destroy();
  });
  // Its end may never come: then the part read so far is used.
  const timer = setTimer(LINGER_MS, () => response.destroy());
  if (!plain) response.destroy();
  response.on('error', ignore);
  response.on('close', () => {
    clearTimer(timer);
    give(printable(plain ? `${status}: ${body.slice(0, REFUSAL_LENGTH).trim()}` : status, 2 * REFUSAL_LENGTH));
  });
}

/** The statuses of the group 4xx after which a server may accept the same request later: Request Timeout, Too Many Requests. */
const FOR_NOW = [408, 429];

/** The error for a server that answers a handshake with another status than 101. */
export function refusedHandshake(address: string, answer: string, status: number | undefined): ConnectionLost {
  const error = new ConnectionLost(`${address} refused the handshake: ${answer}`);
  const isOurs = status !== undefined && status >= 400 && status < 500 && !FOR_NOW.includes(status);
  return isOurs ? markPermanent(error) : error;
}

const ended = 'what listens there ended the connection without an answer; if it expects TLS, connect with wss:';

/** The error for a failed handshake, with what to do if that is known. */
export function notConnected({ address }: Dialed, error: Error, secure: SecureClient | undefined): ConnectionLost {
  const what = `cannot connect to ${address}`;
  return secure?.explain(what, error) ?? explain(what, error, { ECONNRESET: ended });
}

function ignore(): void {}
