import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopClock } from 'obverse/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { AddressObject } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { type WireOptions, wireFor } from '../../src/testing/transport.js';
import { until } from '../../src/testing/transport-ends.js';
import start from '../../transports/process.js';
import { splitCommand } from '../../transports/shared/stream/command.js';
import { turnUntil } from '../support/clock-turning.js';
import { compiledOnce } from '../support/compile-program.js';
import { keeping, opened } from '../support/stream-sides.js';

const node = process.execPath;
const compiled = compiledOnce(new URL('../support/stream-stdio-program.ts', import.meta.url));
let program = '';
let folder = '';
beforeAll(async () => {
  program = await compiled.path();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'obverse-')));
});
afterAll(() => Promise.all([compiled.remove(), rm(folder, { recursive: true })]));

const transport = (url: string | AddressObject, options: WireOptions = {}) =>
  start(parseAddress(url), wireFor(options));
/** Starts a script of a few lines. */
const script = async (code: string, object: object = {}, options: WireOptions = {}) => {
  const side = await opened(transport({ url: 'process:', command: node, args: ['-e', code], ...object }, options));
  return { side, end: side.ends[0]!, pid: Number(side.ends[0]!.link.peer.slice('process:'.length)) };
};
const stdioProgram = (way: string, object: object = { stderr: 'ignore' }, options: WireOptions = {}) =>
  opened(transport({ url: 'process:', command: node, args: [program, way], ...object }, options));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('how a program is started', () => {
  it('accepts a command line, and uses the pid as the id of the peer', async () => {
    const side = await opened(transport(`process:"${node}" '${program}' echo?stderr=ignore`));
    const { link } = side.ends[0]!;
    expect(link.peer).toMatch(/^process:\d+$/);
    expect(isAlive(Number(link.peer.slice(8)))).toBe(true);
    link.send(['hello']);
    await side.ends[0]!.has(1);
    expect(side.ends[0]!.texts).toEqual(['hello']);
  });

  it('passes arguments, folder and environment unchanged', async () => {
    const code =
      'console.log(JSON.stringify([process.argv.slice(1), process.cwd(), process.env.A, process.env.B, !!process.env.PATH]))';
    process.env.B = 'from here';
    const args = ['-e', code, 'with space', '"quoted"', '$HOME', ''];
    const side = await opened(
      transport({ url: 'process:', command: node, args, cwd: folder, env: { A: '1', B: undefined } }),
    );
    await side.ends[0]!.has(1);
    // JSON writes undefined as null: B was removed, and the rest of the environment was kept.
    expect(JSON.parse(side.ends[0]!.texts[0]!)).toEqual([args.slice(2), folder, '1', null, true]);
  });

  it('reports that there is no such program, or folder', async () => {
    const refused = (object: object) => {
      const one = transport({ url: 'process:', ...object });
      return one
        .open(() => expect.fail('a link'))
        .then(
          () => expect.fail('open'),
          async (error: Error) => {
            await one.close();
            expect(error).toBeInstanceOf(ConnectionLost);
            expect(error.cause).toMatchObject({ code: 'ENOENT' });
            return error.message;
          },
        );
    };
    expect(await refused({ command: 'no-such-program' })).toMatch(
      /cannot start "no-such-program": the program was not found/,
    );
    const cwd = join(folder, 'none');
    expect(await refused({ command: node, cwd })).toContain(`the directory "${cwd}" does not exist`);
  });

  it('refuses invalid options before anything is started', () => {
    const wrong = (url: string | AddressObject, options: WireOptions = {}) => expect(() => transport(url, options));
    wrong('process:node x.js', { listen: true }).toThrow(/so it cannot be served; serve stdio: in the program/);
    wrong('process:').toThrow(/does not name a program/);
    wrong('process:node "x').toThrow(/a " that is not closed/);
    wrong({ url: 'process:node', command: 'node' }).toThrow(/omit one of them/);
    wrong({ url: 'process:', command: 'node', args: 'x' }).toThrow(/"args" must be an array of strings/);
    wrong({ url: 'process:', command: 'node', env: 'x' }).toThrow(/"env" must be an object/);
    wrong({ url: 'process:', command: 'node', stderr: 'pipe' }).toThrow(/inherit or ignore or log/);
    wrong({ url: 'process:', command: 'node', cmd: 'x' }).toThrow(UsageError);
    wrong('process:node x.js', { form: 'values' }).toThrow(UsageError);
  });

  it('reports what the program prints on standard error, line by line', async () => {
    const logger = keeping();
    const code = 'process.stderr.write("one\\ntw"); setTimeout(() => { process.stderr.write("o\\n\\nlast"); }, 50)';
    const { end } = await script(code, { stderr: 'log' }, { logger });
    await end.ended();
    expect(logger.warnings).toEqual(['one', 'two', 'last'].map((line) => `${end.link.peer}: ${line}`));
  });

  it('limits a line of standard error that never ends', async () => {
    const logger = keeping();
    const { end } = await script('process.stderr.write("x".repeat(1e6))', { stderr: 'log' }, { logger });
    await end.ended();
    expect(logger.warnings.length).toBeGreaterThan(5);
    expect(logger.warnings.join('').replace(/[^x]/g, '')).toHaveLength(1e6);
  });
});

describe('how a program ends', () => {
  it.each([
    ['', 'exited with code 0'],
    ['process.exit(3)', 'exited with code 3'],
    ['process.kill(process.pid, "SIGKILL")', 'was ended by SIGKILL'],
  ])('is reported: %s', async (code, how) => {
    const { end, pid } = await script(code);
    const reason = await end.ended();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason?.message).toBe(`the process "${node}" (pid ${pid}) ${how}`);
  });

  it('comes after its last frames', async () => {
    const side = await stdioProgram('echo');
    const [end] = side.ends;
    end!.link.send(['flood and exit']);
    expect((await end!.ended())?.message).toMatch(/exited with code 7$/);
    expect(end!.frames).toHaveLength(10_001);
    expect(end!.texts.at(-1)).toBe('frame 9999');
  });

  it('is delayed by a paused receiver, as long as there is more than a pipe holds', async () => {
    const { end, pid } = await script('process.stdout.write("frame\\n".repeat(500_000))');
    end.link.pause();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(isAlive(pid)).toBe(true);
    expect(end.ends).toEqual([]);
    end.link.resume();
    await end.ended();
    expect(end.frames).toHaveLength(500_000);
  });

  it('comes after the contents of the pipe, also for a paused receiver', async () => {
    const { end } = await script('process.stdout.write("frame\\n".repeat(1_000))');
    end.link.pause();
    await end.ended();
    expect(end.frames).toHaveLength(1_000);
  });

  it('is not delayed by a child of the program that holds its pipes', async () => {
    const holding = "['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'inherit' }";
    const code = `const { pid } = require('child_process').spawn(process.execPath, ${holding}); console.log(pid); process.exit(5)`;
    const { end } = await script(code, { stderr: 'log' });
    expect((await end.ended())?.message).toMatch(/exited with code 5$/);
    const [holder] = end.texts.map(Number);
    expect(isAlive(holder as number)).toBe(true);
    process.kill(holder as number);
  });

  it('is the consequence if the program reads no more', async () => {
    const { end } = await script('require("fs").closeSync(0); console.log("closed"); setTimeout(() => {}, 20_000)');
    await end.has(1);
    const sending = setInterval(() => end.link.send(['to nobody']), 10);
    const reason = await end.ended();
    clearInterval(sending);
    expect(reason?.message).toMatch(/no longer reads its input/);
  });

  it('is forced if the program closes its output without exiting', async () => {
    const code = 'require("fs").closeSync(1); setTimeout(() => {}, 20_000)';
    const { end, pid } = await script(code, { grace: 100 });
    expect((await end.ended())?.message).toMatch(/closed its output but did not exit/);
    expect(isAlive(pid)).toBe(false);
  });
});

describe('how a program is ended', () => {
  it('by the end of its input, if it reacts to that', async () => {
    const side = await stdioProgram('echo');
    await side.transport.close();
    expect(side.ends[0]!.ends).toEqual([undefined]);
    expect(isAlive(Number(side.ends[0]!.link.peer.slice(8)))).toBe(false);
  });

  it('by SIGTERM after `grace`, and the end is clean on this side', async () => {
    const { side, end, pid } = await script('console.log("up"); setTimeout(() => {}, 20_000)', { grace: 100 });
    await end.has(1);
    using clock = stopClock();
    expect(await turnUntil(clock, side.transport.close(), 10)).toBeGreaterThanOrEqual(100);
    expect(isAlive(pid)).toBe(false);
    expect(end.ends).toEqual([undefined]);
  });

  it('by SIGKILL, if it does not react to that either', async () => {
    const logger = keeping();
    const side = await stdioProgram('stubborn', { grace: 200, stderr: 'log' }, { logger });
    await until(
      () => 'the program to be ready',
      () => logger.warnings.some((line) => line.includes('ready')),
    );
    await side.transport.close();
    expect(logger.warnings.filter((line) => line.endsWith('"no"'))).toHaveLength(1);
    expect(isAlive(Number(side.ends[0]!.link.peer.slice(8)))).toBe(false);
  });

  it('immediately, when the link is closed with a reason', async () => {
    const { side, end, pid } = await script('console.log("up"); setTimeout(() => {}, 20_000)');
    await end.has(1);
    const reason = new Error('enough');
    end.link.close(reason);
    expect(end.ends).toEqual([reason]);
    await side.transport.close();
    expect(isAlive(pid)).toBe(false);
  });

  it('when its frames are unreadable', async () => {
    const code = 'process.stdout.write("x".repeat(5_000) + "\\n"); setTimeout(() => {}, 20_000)';
    const { side, end, pid } = await script(code, {}, { limits: { frameBytes: 1_000 } });
    expect((await end.ended())?.message).toMatch(/at most 1000 bytes/);
    await side.transport.close();
    expect(isAlive(pid)).toBe(false);
  });
});

describe('a command line', () => {
  it.each([
    ['node child.js --port 1', ['node', 'child.js', '--port', '1']],
    ['  a \t b\n', ['a', 'b']],
    [`a "b c" 'd e'`, ['a', 'b c', 'd e']],
    [`a"b c"'d'e ""  ''`, ['ab cde', '', '']],
    ['a\\ b \\"c \\\\', ['a b', '"c', '\\']],
    [`"a\\"b\\\\c\\d" '\\'`, ['a"b\\c\\d', '\\']],
    ['$HOME *.js `ls` a;b', ['$HOME', '*.js', '`ls`', 'a;b']],
    ['', []],
    ['a\\', ['a\\']],
  ])('%s', (line, words) => {
    expect(splitCommand(line, true)).toEqual(words);
  });

  it('keeps the backslashes of paths on Windows', () => {
    expect(splitCommand('"C:\\Program Files\\node.exe" C:\\a\\b.js', false)).toEqual([
      'C:\\Program Files\\node.exe',
      'C:\\a\\b.js',
    ]);
  });

  it.each(['a "b', "a 'b", '"a\\"'])('is refused with a quote that is not closed: %s', (line) => {
    expect(() => splitCommand(line, true)).toThrow(UsageError);
  });

  it('can be in parentheses, and the address has it in a form that can be written', async () => {
    expect(transport('process:(node "a b.js" c)').address).toBe('process:node "a b.js" c');
    const object = { url: 'process:', command: 'x y', args: ['a"b', ''] };
    const { address } = transport(object);
    expect(splitCommand(address.slice('process:'.length), true)).toEqual(['x y', 'a"b', '']);
  });
});
