// `tsx examples/copy/main.ts`: copies a file of 64 MB to a folder of another process, and back.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bar, download, type OnProgress, upload } from './copy.js';
import { Files } from './files.js';

const size = Number(process.argv[2] ?? 64) * 1024 * 1024;
const folder = await mkdtemp(path.join(tmpdir(), 'obverse-copy-'));
const [here, there, back] = [`${folder}/here.bin`, `${folder}/there`, `${folder}/back.bin`];
await mkdir(there);
await writeFile(here, randomBytes(size));

/** Draws one line; on a terminal repeatedly, elsewhere once when it is full. */
const drawing = (what: string): OnProgress => {
  return (done, total) => {
    if (process.stdout.isTTY) process.stdout.write(`\r${what} ${bar(done, total)}${done === total ? '\n' : ''}`);
    else if (done === total) console.log(`${what} ${bar(done, total)}`);
  };
};

const program = fileURLToPath(new URL('server.main.ts', import.meta.url));
const far = { url: 'process:', command: process.execPath, args: ['--import', 'tsx', program, there] };
const files = await Files.invert().connect(far, { codec: 'msgpack' });
try {
  await upload(files.remote, here, 'copy.bin', drawing('there'));
  await download(files.remote, 'copy.bin', back, drawing('back '));
  const hash = async (file: string) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  console.log((await hash(here)) === (await hash(back)) ? 'the copies are equal' : 'THE COPIES DIFFER');
} finally {
  await files.close();
  await rm(folder, { recursive: true, force: true });
}
