import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Inverted, Remote } from 'obverse';
import type { Files } from './files.js';

type RemoteFiles = Remote<Inverted<Files>>;
/** Receives how many bytes of how many were copied. */
export type OnProgress = (done: number, total: number) => void;

/** Yields the same chunks, and reports progress. */
async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  total: number,
  onProgress: OnProgress,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    yield chunk;
    // The consumer requests the next chunk when this one is written, or was sent.
    done += chunk.length;
    onProgress(done, total);
  }
}

/** Copies a remote file to this machine. */
export async function download(files: RemoteFiles, name: string, to: string, onProgress: OnProgress): Promise<void> {
  const total = await files.size({ name });
  await pipeline(counted(files.read({ name }), total, onProgress), createWriteStream(to));
}

/** Copies a local file to the other machine. */
export async function upload(files: RemoteFiles, from: string, name: string, onProgress: OnProgress): Promise<void> {
  const { size } = await stat(from);
  const written = await files.write({ name, content: counted(createReadStream(from), size, onProgress) });
  if (written !== size) throw new Error(`${written} bytes of ${size} have arrived`);
}

/** A progress bar with `width` characters. */
export function bar(done: number, total: number, width = 30): string {
  const part = total === 0 ? 1 : done / total;
  const full = Math.round(part * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${Math.floor(part * 100)} %`;
}
