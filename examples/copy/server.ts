import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Side, TransportSource } from 'obverse';
import { Files } from './files.js';

/** Serves the files of a folder, and no others. */
export async function serveFiles(address: TransportSource, folder: string): Promise<Side<Files>> {
  const files = await Files.serve(address, { codec: 'msgpack' });
  const place = (name: string): string => {
    if (name === '' || path.basename(name) !== name || name.startsWith('.')) throw new Error(`${name} is no file here`);
    return path.join(folder, name);
  };
  files.size.connect(async (_sender, { name }) => (await stat(place(name))).size);
  // The file is read only as fast as the other end consumes it, so even a large file needs little memory.
  files.read.connect((_sender, { name }) => createReadStream(place(name)));
  files.write.connect(async (_sender, { name, content }) => {
    const part = `${place(name)}.part`;
    try {
      await pipeline(content, createWriteStream(part));
      await rename(part, place(name));
    } finally {
      await rm(part, { force: true });
    }
    return (await stat(place(name))).size;
  });
  return files;
}
