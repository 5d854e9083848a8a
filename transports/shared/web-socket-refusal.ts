import type { IncomingMessage } from 'node:http';
import { printable } from '../../src/quote.js';
import { clearTimer, setTimer } from '../../src/time.js';
import { LINGER_MS } from './web-socket-ends.js';

/** How much of a refusal is read, in characters: it is shown to people. */
const REFUSAL_LENGTH = 500;

/** Gives the status and the first words of a response. */
export function readRefusal(response: IncomingMessage, give: (text: string) => void): void {
  let body = '';
  const status = `${response.statusCode} ${response.statusMessage}`;
  const plain = /^text\/plain\b/i.test(response.headers['content-type'] ?? '');
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    body += chunk;
    if (body.length > REFUSAL_LENGTH) response.destroy();
  });
  // Its end may never come: what is known by then is said.
  const timer = setTimer(LINGER_MS, () => response.destroy());
  if (!plain) response.destroy();
  response.on('error', ignore);
  response.on('close', () => {
    clearTimer(timer);
    give(printable(plain ? `${status}: ${body.slice(0, REFUSAL_LENGTH).trim()}` : status, 2 * REFUSAL_LENGTH));
  });
}

function ignore(): void {}
