import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Inverted, Remote } from 'obverse';
import type { Files } from './files.js';

type There = Remote<Inverted<Files>>;
/** Is told how much of how much was copied. */
export type Tell = (done: number, total: number) => void;

/** The same chunks; tells how far they are. */
async function* told(chunks: AsyncIterable<Uint8Array>, total: number, tell: Tell): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    yield chunk;
    // Whoever takes the chunks asks for the next one when this one is written, or has left.
    done += chunk.length;
    tell(done, total);
  }
}

/** Copies a file from there to here. */
export async function download(files: There, name: string, to: string, tell: Tell): Promise<void> {
  const total = await files.size({ name });
  await pipeline(told(files.read({ name }), total, tell), createWriteStream(to));
}

/** Copies a file from here to there. */
export async function upload(files: There, from: string, name: string, tell: Tell): Promise<void> {
  const { size } = await stat(from);
  const written = await files.write({ name, content: told(createReadStream(from), size, tell) });
  if (written !== size) throw new Error(`${written} bytes of ${size} have arrived`);
}

/** A progress bar of so many letters. */
export function bar(done: number, total: number, width = 30): string {
  const part = total === 0 ? 1 : done / total;
  const full = Math.round(part * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${Math.floor(part * 100)} %`;
}
