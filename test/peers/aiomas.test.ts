import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { incoming, namespace, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { failure } from '../support/core-waiting.js';

/* aiomas itself needs Python before 3.10. This is its wire, in a program of the standard library of Python. */

const asked = { hasReply: true, allowPositionalArgs: true } as const;

class Maths extends RemoteAPI {
  @incoming({ ...asked, params: ['a', 'b'] }) add(sender: Sender, a: number, b?: number): Reply<number> {}
}
class Peer extends RemoteAPI {
  readonly maths = namespace(Maths);
  @incoming({ ...asked, params: ['value'] }) echo(sender: Sender, value: unknown): Reply<unknown> {}
  @incoming({ ...asked, params: ['message'] }) fail(sender: Sender, message: string): Reply<null> {}
  @incoming({ ...asked, params: [] }) nope(sender: Sender): Reply<null> {}
  @incoming({ ...asked, params: [] }) nan(sender: Sender): Reply<number> {}
  @incoming({ params: ['text'], allowPositionalArgs: true }) note(sender: Sender, text: string): void {}
  @incoming({ ...asked, params: [] }) notes(sender: Sender): Reply<string[]> {}
  @incoming({ ...asked, params: ['path', 'args', 'kwargs'] })
  back(sender: Sender, path: string, args: unknown[], kwargs: object): Reply<[kind: number, content: unknown]> {}
  @outgoing({ ...asked, params: ['a', 'b'] }) sub(receivers: Receivers, a: number, b?: number): Reply<number> {}
  @outgoing({ ...asked, params: ['text'] }) refuse(receivers: Receivers, text: string): Reply<null> {}
  @outgoing({ params: ['text'], allowPositionalArgs: true }) heard(receivers: Receivers, text: string): void {}
}

const PYTHON = ['python3', '/usr/bin/python3'];
const has = (modules: string) => PYTHON.find((program) => spawnSync(program, ['-c', `import ${modules}`]).status === 0);
const program = fileURLToPath(new URL('python/aiomas_wire.py', import.meta.url));

describe.each([
  ['aiomas', 'json', 'json', 'no python3 here'],
  ['aiomas?values=msgpack', 'msgpack', 'msgpack', 'no msgpack of Python here: apt-get install python3-msgpack'],
])('a peer in Python with the codec %s', (codec, form, modules, absent) => {
  const python = has(modules);
  const connect = async () => {
    const child = spawn(python as string, [program, form], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
    // The program ends with the connection.
    return Peer.invert().connect(`tcp://127.0.0.1:${port}`, { codec, errors: 'message' });
  };
  const isSkipped = python === undefined;
  const why = isSkipped ? ` (n/a: ${absent})` : '';

  it.skipIf(isSkipped)(`is called${why}`, async () => {
    await using side = await connect();
    const { remote } = side;
    expect(await remote.maths.add(2, 40)).toBe(42);
    expect(await remote.maths.add(2)).toBe(2);
    const value = { list: [1, 'grüße', null, 1.5, '\ud83d\ude42'], long: 'x'.repeat(300_000) };
    expect(await remote.echo(value)).toEqual(value);
    if (form === 'msgpack') expect(await remote.echo(Uint8Array.of(0, 255))).toEqual(Uint8Array.of(0, 255));
    remote.note('a');
    remote.note('b');
    expect(await remote.notes()).toEqual(['a', 'b']);
  });

  it.skipIf(isSkipped)(`fails with its class and traceback${why}`, async () => {
    await using side = await connect();
    const error = await failure(side.remote.fail('two\n  lines'));
    expect(error).toMatchObject({ code: -32_000, message: 'two\n  lines', remoteName: 'ValueError' });
    expect((error as Error).stack).toMatch(/on the other side:\nTraceback .*in fail\n/s);
    await expect(side.remote.nope()).rejects.toMatchObject({ code: -32_601 });
    await expect(side.remote.maths.add(...([] as unknown as [number]))).rejects.toThrow(TypeError);
    if (form === 'msgpack') expect(await side.remote.nan()).toBeNaN();
    else
      await expect(side.remote.nan()).rejects.toMatchObject({ code: -32_603, message: expect.stringContaining('NaN') });
    expect(await side.remote.maths.add(1, 1)).toBe(2);
  });

  it.skipIf(isSkipped)(`calls back${why}`, async () => {
    await using side = await connect();
    const heard: string[] = [];
    side.sub.connect((_sender, a, b = 0) => a - b);
    side.refuse.connect((_sender, text) => {
      throw new RangeError(text);
    });
    side.heard.connect((_sender, text) => void heard.push(text));
    const back = (path: string, args: unknown[] = [], kwargs = {}) => side.remote.back(path, args, kwargs);
    expect(await back('sub', [44], { b: 2 })).toEqual([1, 42]);
    expect(await back('sub', [], { a: 44, b: 2 })).toEqual([1, 42]);
    expect(await back('refuse', ['grüße'])).toEqual([2, 'ValueError: grüße\n']);
    expect(await back('nope')).toEqual([2, expect.stringMatching(/^LookupError: the method "nope" /)]);
    expect(await back('sub', [1], { c: 2 })).toEqual([2, expect.stringMatching(/^TypeError: sub has no argument "c"/)]);
    expect(await back('heard', ['a'])).toEqual([1, null]);
    expect(heard).toEqual(['a']);
  });
});
