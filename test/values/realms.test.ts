import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPlainData } from '../../src/extensions/errors/plain-data.js';
import { weigh } from '../../src/extensions/streams/weigh.js';
import { incoming, RemoteAPI, type Reply, type Sender, standardTypes } from '../../src/index.js';
import { fromJSON, toJSON } from '../../src/testing/recording-values.js';

/* Values and errors of another realm: a `vm` context, an iframe, the sandbox of a test runner. */

const foreign = <T>(code: string): T => runInNewContext(`(${code})`, { Buffer, URL }) as T;

/** Code, and the expected result of sending the value that it makes. */
const values: readonly (readonly [code: string, arrives: unknown])[] = [
  ['{ a: [1, { b: null }] }', { a: [1, { b: null }] }],
  ['new Map([[{ a: 1 }, new Set([2])]])', new Map([[{ a: 1 }, new Set([2])]])],
  ['new Set([1, [2]])', new Set([1, [2]])],
  ['new Date(0)', new Date(0)],
  ['[new Date(NaN)]', [new Date(Number.NaN)]],
  ['new Uint8Array([1, 2])', Uint8Array.of(1, 2)],
  ['new Float64Array([1.5])', Float64Array.of(1.5)],
  ['new Uint8Array([1, 2]).buffer', Uint8Array.of(1, 2).buffer],
  ['new DataView(new ArrayBuffer(2))', new DataView(new ArrayBuffer(2))],
  ['/a/g', /a/g],
  ['12345678901234567890n', 12345678901234567890n],
];

class Mirror extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming({ hasReply: true }) fail(_sender: Sender, _args: { code: string }): Reply<unknown> {}
  @incoming({ hasReply: true }) later(_sender: Sender, _args: { code: string }): Reply<unknown> {}
}

describe.each(['jrpc', 'msgpack', 'clone', 'terse'])('of another realm, in %s', (codec) => {
  let mirror: Awaited<ReturnType<typeof open>>[0];
  let client: Awaited<ReturnType<typeof open>>[1];
  const carried = codec === 'terse' ? values.slice(0, 1) : values;

  async function open() {
    const options = { codec, types: [standardTypes], timeout: 5_000 };
    const served = await Mirror.serve('memory:realms', options);
    served.echo.connect((_sender, { value }) => value);
    served.fail.connect((_sender, { code }) => {
      throw foreign(code);
    });
    served.later.connect((_sender, { code }) => foreign<Promise<unknown>>(code));
    return [served, await Mirror.invert().connect('memory:realms', options)] as const;
  }

  beforeAll(async () => {
    [mirror, client] = await open();
  });
  afterAll(async () => {
    await client.close();
    await mirror.close();
  });

  it.each(carried)('%s is sent like one of this realm', async (code, arrives) => {
    expect(await client.remote.echo({ value: foreign(code) })).toEqual(arrives);
  });

  it('an error is thrown unchanged', async () => {
    const error = (await client.remote
      .fail({ code: 'new RangeError("too far")' })
      .catch((one: unknown) => one)) as Error;
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('too far');
    const code = 'new AggregateError([new TypeError("inner")], "several", { cause: new Error("why") })';
    const several = (await client.remote.fail({ code }).catch((one: unknown) => one)) as AggregateError;
    expect(several).toBeInstanceOf(AggregateError);
    expect((several.errors[0] as Error).message).toBe('inner');
    expect((several.cause as Error).message).toBe('why');
  });

  it('a promise is awaited', async () => {
    expect(await client.remote.later({ code: 'Promise.resolve({ a: 1 })' })).toEqual({ a: 1 });
    await expect(client.remote.later({ code: 'Promise.reject(new RangeError("late"))' })).rejects.toThrow('late');
  });

  if (codec !== 'clone') {
    it('an object that would arrive empty is refused', async () => {
      await expect(client.remote.echo({ value: { a: foreign('new WeakMap()') } })).rejects.toThrow(
        /a WeakMap at \.value\.a/,
      );
      await expect(client.remote.echo({ value: foreign('[Promise.resolve()]') })).rejects.toThrow(/romise/);
    });
  }
});

it('an error has the type of errors, and a URL that of URLs', async () => {
  const options = { codec: 'jrpc', types: [standardTypes] };
  const mirror = await Mirror.serve('memory:realms', options);
  mirror.echo.connect((_sender, { value }) => value);
  const client = await Mirror.invert().connect('memory:realms', options);
  const [error, url] = (await client.remote.echo({
    value: [foreign('new SyntaxError("odd")'), foreign('new URL("http://a/")')],
  })) as [Error, URL];
  expect(error).toBeInstanceOf(SyntaxError);
  expect(error.message).toBe('odd');
  expect(url.href).toBe('http://a/');
  await client.close();
  await mirror.close();
});

it('classes of errors can be registered, and their fields may be plain data', async () => {
  const Lost = foreign<new (message: string) => Error>(
    'class Lost extends Error { name = "Lost"; where = { lat: [1] }; }',
  );
  const options = { codec: 'jrpc', errorClasses: [Lost] };
  const mirror = await Mirror.serve('memory:realms', options);
  mirror.fail.connect(() => {
    throw new Lost('here');
  });
  const client = await Mirror.invert().connect('memory:realms', options);
  const error = await client.remote.fail({ code: '' }).catch((one: unknown) => one);
  expect(error).toBeInstanceOf(Lost);
  expect(error).toMatchObject({ message: 'here', where: { lat: [1] } });
  await client.close();
  await mirror.close();
});

it('they are weighed and recorded like those of this realm', () => {
  expect(weigh(foreign('new Map([["a".repeat(1000), "b".repeat(1000)]])'), 10_000)).toBeGreaterThan(2_000);
  expect(weigh(foreign('new ArrayBuffer(5000)'), 10_000)).toBeGreaterThan(5_000);
  expect(isPlainData(foreign('{ a: [new Date(0), new Map([[1, 2]])] }'), { left: 100 })).toBe(true);
  for (const [code, arrives] of values) expect(fromJSON(toJSON(foreign(code)))).toEqual(arrives);
  expect(fromJSON(toJSON(foreign('new RangeError("far")')))).toEqual(new RangeError('far'));
});
