import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeMarks, encodeMarks, parseAddress } from '../../src/contract/address.js';
import type { AddressObject, TransportFactory, TransportSource } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { wireFor } from '../../src/testing/transport.js';
import memory from '../../transports/memory.js';
import startProcess from '../../transports/process.js';
import { splitCommand } from '../../transports/shared/stream/command.js';
import unix from '../../transports/unix.js';
import worker from '../../transports/worker.js';

class Echo extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<unknown> {}
  @incoming({ hasReply: true }) argv(_sender: Sender): Reply<string[]> {}
}
const Client = Echo.invert();

let folder = '';
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'obverse marks ')));
});
afterAll(() => rm(folder, { recursive: true }));

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
async function serve(source: TransportSource) {
  const side = await Echo.serve(source, { codec: 'jrpc', logger: null });
  side.ask.connect((_sender, { n }) => n);
  opened.push(side);
  return side;
}
async function ask(source: TransportSource): Promise<unknown> {
  const side = await Client.connect(source, { codec: 'jrpc', logger: null });
  opened.push(side);
  return side.remote.ask({ n: 7 });
}

/** A program that answers every line with its arguments. */
const PROGRAM = `
  process.stdin.on('data', (data) => {
    for (const line of String(data).trim().split('\\n')) {
      const { id } = JSON.parse(line);
      if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: process.argv.slice(2) }));
    }
  });`;

describe('a question mark in an address', () => {
  it.each([
    ['process:node a.js "--url=http://x/?page=2"', 'node a.js "--url=http://x/?page=2"', {}],
    [
      'process:node a.js --url="http://x/?page=2"?stderr=ignore',
      'node a.js --url="http://x/?page=2"',
      { stderr: 'ignore' },
    ],
    ["process:node '?a=1' '?b=2'?grace=5&stderr=log", "node '?a=1' '?b=2'", { grace: '5', stderr: 'log' }],
    ['process:node "say \\"?a=1\\""', 'node "say \\"?a=1\\""', {}],
    ['process:grep what? file', 'grep what? file', {}],
    ["process:node it\\'s?grace=5", "node it\\'s", { grace: '5' }],
    ['process:(node a.js ?page=2)', '(node a.js ?page=2)', {}],
    ['process:node a.js --url=http://x/?page=2', 'node a.js --url=http://x/', { page: '2' }],
    ["unix:/home/o'brien/x.sock?framing=nul", "/home/o'brien/x.sock", { framing: 'nul' }],
    ['unix:/tmp/what?', '/tmp/what?', {}],
    ['unix:/tmp/a?b/c?framing=nul', '/tmp/a?b/c', { framing: 'nul' }],
    ['unix:/tmp/a b#c%20d.sock?framing=nul', '/tmp/a b#c%20d.sock', { framing: 'nul' }],
    ['tcp://h:1?framing=nul', '//h:1', { framing: 'nul' }],
    ['memory:a?name="x?y=1"', 'a', { name: '"x?y=1"' }],
    ['mux:(process:node "?a=1")(unix:/a%3Fb)', '(process:node "?a=1")(unix:/a%3Fb)', {}],
  ])('begins options only outside quotes: %s', (text, rest, options) => {
    const address = parseAddress(text);
    expect(address.rest).toBe(rest);
    expect({ ...address.options }).toEqual(options);
  });

  it('can be written as %3F, and every text can be written', () => {
    expect(decodeMarks('/a%3Fb%3fc%20%25')).toBe('/a?b?c%20%25');
    expect(decodeMarks('%253F%25253f')).toBe('%3F%253f');
    const unit = fc.constantFrom('?', '%', '3', 'F', 'f', '2', '5', 'a', '=', '/');
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const written = encodeMarks(text);
        expect(written).not.toContain('?');
        expect(decodeMarks(written)).toBe(text);
      }),
    );
  });

  it('is written as %3F outside the quotes of a command line', () => {
    expect(splitCommand('node --url=http://x/%3Fpage=2 "%3F" \'%3f\' %3f %3')).toEqual([
      'node',
      '--url=http://x/?page=2',
      '%3F',
      '%3f',
      '?',
      '%3',
    ]);
    expect(splitCommand(String.raw`"C:\Program Files\node.exe" "C:\a b\?x=1" C:\c%3Fd`, false)).toEqual([
      String.raw`C:\Program Files\node.exe`,
      String.raw`C:\a b\?x=1`,
      String.raw`C:\c?d`,
    ]);
  });

  it.each<[TransportFactory, string, RegExp]>([
    [
      startProcess,
      'process:node a.js --url=http://x/?page=2',
      /no option "page".*put that argument in quotes, or use .*command: .*args: /,
    ],
    [
      startProcess,
      'process:node a.js http://x/?grace=soon',
      /"grace" must be a number, not "soon"\..*command: .*args: /,
    ],
    [unix, 'unix:/tmp/a?b', /no option "b".*write it as %3F, or use \{ url: "unix:", path: /],
    [worker, 'worker:./a.js?v=2', /no option "v".*use \{ url: "worker:", file: /],
    [memory, 'memory:a?b', /no option "b".*write it as %3F/],
  ])('that begins an unknown option is explained: %#', (make, text, message) => {
    const made = () => make(parseAddress(text), wireFor());
    expect(made).toThrow(UsageError);
    expect(made).toThrow(message);
  });

  it.each<[TransportFactory, AddressObject, RegExp]>([
    [startProcess, { url: 'process:', command: 'node', page: 2 }, /no option "page"; there are [\w, ]+$/],
    [unix, { url: 'unix:/a', path: '/b' }, /names a path, and so does the option "path"/],
    [unix, { url: 'unix:', pth: '/b' }, /no option "pth"; did you mean path\? There are framing, backlog, path$/],
    [worker, { url: 'worker:./a.js', file: './b.js' }, /names a file, and so does the option "file"/],
  ])('is not mentioned if there is none: %#', (make, source, message) => {
    expect(() => make(parseAddress(source), wireFor())).toThrow(message);
  });
});

describe('a name with a question mark is used unchanged', () => {
  const NAMES = ['a?b.sock', 'a?framing=nul', 'what?', '%3F.sock', '%253f', "it's 100%#1"];

  it.runIf(process.platform !== 'win32').each(NAMES)('unix: %s', async (name) => {
    const path = join(folder, name);
    const server = await serve({ url: 'unix:', path });
    expect(await ask({ url: 'unix:', path })).toBe(7);
    expect(await ask(server.address)).toBe(7);
    expect(await ask([server.address])).toBe(7);
    expect(await ask(`mux:(${server.address})`)).toBe(7);
  });

  it.each(NAMES)('memory: %s', async (name) => {
    const server = await serve(`memory:${encodeMarks(name)}`);
    expect(await ask(server.address)).toBe(7);
  });

  it.each([
    (node: string, file: string) =>
      `process:"${node}" "${file}" "--url=http://x/?page=2" '?a=1' %3Fb=%20?stderr=ignore`,
    (node: string, file: string) =>
      `mux:[process:"${node}" "${file}" "--url=http://x/?page=2" '?a=1' %3Fb=%20?stderr=ignore]`,
    (command: string, file: string) => ({
      url: 'process:',
      command,
      args: [file, '--url=http://x/?page=2', '?a=1', '?b=%20'],
    }),
  ])('process: %#', async (sourceOf) => {
    const file = join(folder, 'arguments.cjs');
    await writeFile(file, PROGRAM);
    const side = await Client.connect(sourceOf(process.execPath, file), { codec: 'jrpc?hello=off', logger: null });
    opened.push(side);
    expect(await side.remote.argv()).toEqual(['--url=http://x/?page=2', '?a=1', '?b=%20']);
    // The id of the peer can be dialed again.
    const again = await Client.connect(side.address, { codec: 'jrpc?hello=off', logger: null });
    opened.push(again);
    expect(await again.remote.argv()).toEqual(['--url=http://x/?page=2', '?a=1', '?b=%20']);
  });

  it('worker', async () => {
    const sub = join(folder, 'what?');
    await mkdir(sub, { recursive: true });
    const file = join(sub, 'a?name=b.mjs');
    await writeFile(file, 'import { workerData } from "node:worker_threads"; throw new Error(workerData + " here");');
    const refusal = async (source: AddressObject) => {
      const transport = worker(parseAddress(source), { ...wireFor(), form: 'values' });
      return transport.open(() => expect.fail('a link')).catch((error: Error) => error.message);
    };
    expect(await refusal({ url: `worker:${encodeMarks(file)}`, workerData: 'one' })).toContain('one here');
    expect(await refusal({ url: 'worker:', file, workerData: 'two' })).toContain('two here');
  });
});
