import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bar, download, upload } from '../../examples/copy/copy.js';
import { Files } from '../../examples/copy/files.js';
import { serveFiles } from '../../examples/copy/server.js';
import { until } from '../support/core-waiting.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'obverse-copy-test-'));
  await mkdir(`${folder}/there`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0'])('a file is copied in both directions over %s', async (address) => {
  await using server = await serveFiles(address, `${folder}/there`);
  await using files = await Files.invert().connect(server.address, { codec: 'msgpack' });
  const content = randomBytes(3_000_000);
  await writeFile(`${folder}/here`, content);
  const told: number[] = [];
  await upload(files.remote, `${folder}/here`, 'copy', (done) => told.push(done));
  expect(told.length).toBeGreaterThan(10);
  expect(told.at(-1)).toBe(3_000_000);
  await download(files.remote, 'copy', `${folder}/back`, () => {});
  expect((await readFile(`${folder}/back`)).equals(content)).toBe(true);
});

it('an incomplete file is left on neither side when the connection is lost', async () => {
  await using server = await serveFiles('tcp://127.0.0.1:0', `${folder}/there`);
  const files = await Files.invert().connect(server.address, { codec: 'msgpack' });
  await writeFile(`${folder}/here`, randomBytes(8_000_000));
  const copying = upload(files.remote, `${folder}/here`, 'copy', (done) => {
    if (done > 1_000_000) void files.close();
  });
  await expect(copying).rejects.toThrow();
  await until(() => server.peers.size === 0);
  for (let tries = 0; (await readdir(`${folder}/there`)).length > 0 && tries < 500; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(await readdir(`${folder}/there`)).toEqual([]);
});

it('other files cannot be reached', async () => {
  await using server = await serveFiles('tcp://127.0.0.1:0', `${folder}/there`);
  await using files = await Files.invert().connect(server.address, { codec: 'msgpack' });
  await writeFile(`${folder}/secret`, 'secret');
  for (const name of ['../secret', `${folder}/secret`, '..', '', '.hidden']) {
    await expect(files.remote.read({ name }).next()).rejects.toThrow('is no file here');
  }
  await expect(files.remote.read({ name: 'missing' }).next()).rejects.toThrow('ENOENT');
});

it('the program copies between two processes', { timeout: 60_000 }, async () => {
  const main = fileURLToPath(new URL('../../examples/copy/main.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', main, '4']);
  expect(stdout.trim().split('\n')).toEqual([`there ${bar(1, 1)}`, `back  ${bar(1, 1)}`, 'the copies are equal']);
});
