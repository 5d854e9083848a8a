import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { wireFor } from '../../src/testing/transport.js';
import { until } from '../../src/testing/transport-ends.js';
import stdio from '../../transports/stdio.js';
import { compiledOnce } from '../support/compile-program.js';
import { opened } from '../support/stream-sides.js';
import { ends } from '../support/stream-ways.js';

const compiled = compiledOnce(new URL('../support/stream-stdio-program.ts', import.meta.url));
let program = '';
beforeAll(async () => {
  program = await compiled.path();
});
afterAll(() => compiled.remove());

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** The program, what it has written to either stream, and its exit code. */
function run(way: string) {
  const child = spawn(process.execPath, [program, way], { stdio: 'pipe' });
  children.push(child);
  const told = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    told.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    told.err += chunk;
  });
  const exit = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  const said = () =>
    told.err
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  return { child, told, said, exit };
}

describe('the standard streams', () => {
  it('carry nothing but frames, and end with standard input', async () => {
    const { child, told, said, exit } = run('echo');
    child.stdin.end('one\ntwo\nthree');
    expect(await exit).toBe(0);
    // Also the last line, which has no end of its own.
    expect(told.out).toBe('one\ntwo\nthree\n');
    expect(said()).toEqual([{ frame: 'one' }, { frame: 'two' }, { frame: 'three' }, { end: 'clean' }]);
  });

  it('are released by close, so that the process can exit while both are open', async () => {
    const { child, said, exit } = run('echo');
    child.stdin.write('close\n');
    expect(await exit).toBe(0);
    expect(said()).toEqual([{ frame: 'close' }, { end: 'clean' }, 'closed']);
    expect(child.stdin.writableEnded).toBe(false);
  });

  it('are released by a link that is closed abruptly during a chunk', async () => {
    const { child, said, exit } = run('echo');
    child.stdin.write('cut\nmore\n');
    expect(await exit).toBe(0);
    expect(said()).toEqual([{ frame: 'cut' }, { end: 'enough' }]);
    expect(child.stdin.writableEnded).toBe(false);
  });

  it('carry another link after an abrupt end', async () => {
    const { child, told, said, exit } = run('again');
    child.stdin.write('cut\n');
    await until(
      () => 'the second link',
      () => told.err.includes('again'),
    );
    child.stdin.end('next\n');
    expect(await exit).toBe(0);
    expect(said()).toEqual([{ frame: 'cut' }, { end: 'enough' }, 'again', { frame: 'next' }, { end: 'clean' }]);
  });

  it('carry one link at a time, and another one later', async () => {
    const { child, told, said, exit } = run('twice');
    await until(
      () => 'the second link',
      () => told.out.includes('two'),
    );
    child.stdin.write('to the second\n');
    expect(await exit).toBe(0);
    expect(told.out).toBe('one\ntwo\n');
    expect(said()).toEqual([
      { refused: expect.stringContaining('already in use') },
      { end: 'clean' },
      { frame: 'to the second' },
      { end: 'clean' },
      { left: expect.not.arrayContaining(['Timeout']), listeners: 0 },
    ]);
  });

  it('end the link when nobody reads standard output any more', async () => {
    const { child, told, said, exit } = run('flood');
    await until(
      () => 'the first of the flood',
      () => told.out.length > 0,
    );
    child.stdout.destroy();
    expect(await exit).toBe(0);
    expect(said()).toEqual([{ end: 'clean' }]);
  });

  it.each(['close', 'cut'])(
    'end the process normally by %s when nobody reads standard output any more',
    async (way) => {
      const { child, told, exit } = run('silent');
      await until(
        () => 'the link is open',
        () => told.err.includes('open'),
      );
      child.stdout.destroy();
      child.stdin.write(`${way}\n`);
      expect(await exit).toBe(0);
      expect(told.err).not.toContain('EPIPE');
    },
  );

  it('can be files', async () => {
    const [input, output] = ['in', 'out'].map((name) => join(dirname(program), name)) as [string, string];
    writeFileSync(input, 'one\ntwo\n');
    const [from, to] = [openSync(input, 'r'), openSync(output, 'w')];
    const child = spawn(process.execPath, [program, 'echo'], { stdio: [from, to, 'ignore'] });
    children.push(child);
    const code = await new Promise((resolve) => child.once('close', resolve));
    closeSync(from);
    closeSync(to);
    expect(code).toBe(0);
    expect(readFileSync(output, 'utf8')).toBe('one\ntwo\n');
  });
});

describe('two streams in place of the standard ones', () => {
  const over = (options: object) =>
    stdio(parseAddress({ url: 'stdio:', ...options }), wireFor({ limits: { stalledMs: 60_000 } }));

  it('are ended with the link', async () => {
    const [here, there] = ends();
    const side = await opened(over(here));
    side.ends[0]!.link.send(['last']);
    const came: string[] = [];
    there.input.setEncoding('utf8').on('data', (text: string) => came.push(text));
    const ended = new Promise((resolve) => there.input.once('end', resolve));
    await side.transport.close();
    await ended;
    expect(came.join('')).toBe('last\n');
    expect([here.input.destroyed, here.output.destroyed]).toEqual([true, true]);
  });

  it('can be a single duplex stream', async () => {
    const both = new PassThrough();
    const side = await opened(over({ input: both, output: both }));
    side.ends[0]!.link.send(['to myself']);
    await side.ends[0]!.has(1);
    expect(side.ends[0]!.texts).toEqual(['to myself']);
  });

  it('carry one link at a time', async () => {
    const [here] = ends();
    await opened(over(here));
    await expect(opened(over(here))).rejects.toThrow(UsageError);
  });

  it('end the link when one of them fails or is closed', async () => {
    const [one] = ends();
    const failing = await opened(over(one));
    const cause = new Error('the cable is out');
    one.input.destroy(cause);
    const reason = await failing.ends[0]!.ended();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason?.message).toContain('the cable is out');
    expect(reason?.cause).toBe(cause);

    const [two] = ends();
    const closing = await opened(over(two));
    two.output.destroy();
    expect((await closing.ends[0]!.ended())?.message).toContain('its stream was closed');
    expect(two.input.destroyed).toBe(true);
  });

  it('end the link when a write fails', async () => {
    const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) });
    const side = await opened(over({ input: new PassThrough(), output }));
    side.ends[0]!.link.send(['one']);
    expect((await side.ends[0]!.ended())?.message).toContain('full');
  });

  it('are refused if they are not streams', () => {
    expect(() => over({ input: new PassThrough() })).toThrow(/"output" must be a writable stream/);
    expect(() => over({ output: new PassThrough() })).toThrow(/"input" must be a readable stream/);
    expect(() => over({ input: 'in', output: 'out' })).toThrow(UsageError);
    expect(() => stdio(parseAddress('stdio:in'), wireFor())).toThrow(/expected stdio: without anything after it/);
  });
});
