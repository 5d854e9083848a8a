import { fork } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { type WireOptions, wireFor } from '../../src/testing/transport.js';
import unix from '../../transports/unix.js';
import { opened } from '../support/stream-sides.js';

let folder = '';
let path = '';
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'obverse-'));
});
beforeEach(() => {
  path = join(folder, `${++count}.sock`);
});
afterAll(() => rm(folder, { recursive: true }));

const transport = (url: string, options: WireOptions = {}) => unix(parseAddress(url), wireFor(options));
const serve = (url: string) => opened(transport(url, { listen: true }));
const dial = (url: string) => opened(transport(url));

/** Leaves the socket file of a killed program. */
async function leaveStale(at: string): Promise<void> {
  const script = join(folder, 'stale.cjs');
  await writeFile(script, `require('net').createServer().listen(process.argv[2], () => process.send('up'));`);
  const child = fork(script, [at]);
  await new Promise((resolve) => child.once('message', resolve));
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  expect(statSync(at).isSocket()).toBe(true);
}

describe('the file of a local socket', () => {
  it('exists while it is served, and is removed', async () => {
    const server = await serve(`unix:${path}`);
    expect(statSync(path).isSocket()).toBe(true);
    expect(server.transport.address).toBe(`unix:${path}`);
    await server.close();
    expect(existsSync(path)).toBe(false);
  });

  it('is replaced if no process serves it any more', async () => {
    await leaveStale(path);
    const server = await serve(`unix:${path}`);
    const client = await dial(server.transport.address);
    client.ends[0]!.link.send(['hello']);
    await (await server.end()).has(1);
  });

  it('is replaced by only one of two that find it at the same time', async () => {
    await leaveStale(path);
    const two = [1, 2].map(() => transport(`unix:${path}`, { listen: true }));
    const receiver = { receive() {}, drained() {}, closed() {} };
    const results = await Promise.allSettled(two.map((one) => one.open(() => receiver)));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await dial(`unix:${path}`);
    await Promise.all(two.map((one) => one.close()));
  });

  it('is left unchanged while another process serves it', async () => {
    const server = await serve(`unix:${path}`);
    const second = transport(`unix:${path}`, { listen: true });
    const error = await second.open(() => expect.fail('a link')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect((error as Error).message).toBe(`unix:${path} is already served; end that program, or use another path`);
    await second.close();
    await dial(server.transport.address);
  });

  it('never replaces another file', async () => {
    await writeFile(path, 'precious');
    await expect(serve(`unix:${path}`)).rejects.toThrow(/is not a socket; remove it/);
    expect(await readFile(path, 'utf8')).toBe('precious');
    const link = join(folder, 'link');
    await symlink(path, link);
    await expect(serve(`unix:${link}`)).rejects.toThrow(UsageError);
    expect(await readFile(link, 'utf8')).toBe('precious');
  });

  it('is not found if nobody has served', async () => {
    const error = await dial(`unix:${path}`).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect((error as Error).message).toContain(`cannot connect to unix:${path}: there is no such file`);
  });

  it('refuses a connection if the program was killed', async () => {
    await leaveStale(path);
    await expect(dial(`unix:${path}`)).rejects.toThrow(/nobody listens there/);
    expect(existsSync(path)).toBe(true);
  });
});

describe('addresses of unix', () => {
  it('identify peers by the path and a number', async () => {
    const server = await serve(`unix:${path}`);
    for (let n = 0; n < 3; n++) await dial(`unix:${path}`);
    await server.end(2);
    expect(server.ends.map((end) => end.link.peer)).toEqual([`${path}#1`, `${path}#2`, `${path}#3`]);
    expect((await dial(`unix:${path}`)).ends[0]!.link.peer).toBe(`${path}#1`);
  });

  it('accept relative paths, and the forms with slashes', async () => {
    const server = await serve(`unix:${relative(process.cwd(), path)}`);
    expect(server.transport.address).toBe(`unix:${path}`);
    await dial(`unix://${path}`);
    await server.end(0);
  });

  it('keep the framing that a peer needs', async () => {
    const server = await serve(`unix:${path}?framing=nul`);
    expect(server.transport.address).toBe(`unix:${path}?framing=nul`);
  });

  it('are refused with a path that is too long, or none', () => {
    const long = `/tmp/${'é'.repeat(60)}.sock`;
    expect(() => transport(`unix:${long}`)).toThrow(/at most \d+ bytes, but .* has 130; use a shorter one/);
    expect(() => transport('unix:')).toThrow(/has no path/);
    expect(() => transport('unix:/a?backlog=1')).toThrow(/for the side that listens/);
    expect(() => transport('unix:/a?keepAlive=1')).toThrow(/no option "keepAlive"/);
  });

  it('accept a path of exactly the length that the system allows', async () => {
    const longest = process.platform === 'linux' ? 107 : 103;
    const long = join(folder, 'x'.repeat(longest - folder.length - 1));
    expect(Buffer.byteLength(long)).toBe(longest);
    await serve(`unix:${long}`);
    await dial(`unix:${long}`);
    expect(() => transport(`unix:${long}x`)).toThrow(UsageError);
  });
});

describe('a path where no socket can exist', () => {
  const failure = async (opening: Promise<unknown>): Promise<Error> => {
    const error = await opening.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConnectionLost);
    return error as Error;
  };

  it('is refused with the name of the missing folder, when listening and when dialing', async () => {
    const missing = join(folder, 'nowhere');
    for (const opening of [serve, dial]) {
      const { message } = await failure(opening(`unix:${missing}/chat.sock`));
      expect(message).toContain(`the folder ${missing} does not exist; create it, or check the path`);
      expect(message).not.toContain('ports');
    }
  });

  it('is refused if its folder is a file', async () => {
    await writeFile(join(folder, 'plain'), '');
    for (const opening of [serve, dial]) {
      const { message } = await failure(opening(`unix:${folder}/plain/chat.sock`));
      expect(message).toContain(`${folder}/plain is not a folder; check the path`);
    }
  });

  it.skipIf(process.getuid?.() === 0)('is refused if this user may not write (skipped for root, who may)', async () => {
    const closed = join(folder, 'closed');
    await mkdir(closed, { mode: 0o500 });
    const { message } = await failure(serve(`unix:${closed}/chat.sock`));
    expect(message).toContain(`this user may not write to the folder ${closed}; use another path`);
  });
});
