import type { Readable } from 'node:stream';

/**
 * Passes on each line of a stream. Only `\n` ends one: `node:readline` also splits at U+2028, which JSON leaves
 * unescaped.
 */
export function onLine(stream: Readable, give: (line: string) => void): void {
  let begun = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (begun + text).split('\n');
    begun = lines.pop() as string;
    for (const line of lines) give(line);
  });
}
