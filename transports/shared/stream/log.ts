import type { Readable } from 'node:stream';
import { printable } from '../../../src/base/quote.js';

/**
 * A longer line is reported in pieces, so that a program that never ends its lines fills neither memory nor a line of a
 * log.
 */
const LONGEST = 8_192;

/**
 * Reports each line of a text stream, the last one also without its end; empty lines are omitted. Characters that a
 * terminal may act on are escaped.
 */
export function logLines(stream: Readable, tell: (line: string) => void): void {
  let tail = '';
  const line = (text: string): void => {
    const trimmed = text.trimEnd();
    for (let at = 0; at < trimmed.length; at += LONGEST) tell(printable(trimmed.slice(at, at + LONGEST), LONGEST));
  };
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (tail + text).split('\n');
    tail = lines.pop() ?? '';
    for (const one of lines) line(one);
    if (tail.length > LONGEST) {
      line(tail);
      tail = '';
    }
  });
  stream.on('end', () => line(tail));
  stream.on('error', () => {});
}
