import { afterEach, describe, expect, it } from 'vitest';
import { Extension } from '../../codecs/aiozmq.js';
import { incoming, namespace, RemoteAPI, type Reply, type Sender, topic } from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { closeAll, closing } from './ends.js';
import { noPython, PythonProgram } from './python.js';

afterEach(closeAll);

const asked = { hasReply: true, allowPositionalArgs: true } as const;

class Maths extends RemoteAPI {
  @incoming({ ...asked, params: ['a', 'b'] }) add(sender: Sender, a: number, b?: number): Reply<number> {}
}
class Peer extends RemoteAPI {
  readonly maths = namespace(Maths);
  @incoming({ ...asked, params: ['value'] }) echo(sender: Sender, value: unknown): Reply<unknown> {}
  @incoming({ ...asked, params: ['message'] }) fail(sender: Sender, message: string): Reply<null> {}
  @incoming({ ...asked, params: ['code'] }) failOwn(sender: Sender, code: number): Reply<null> {}
  @incoming({ ...asked, params: [] }) day(sender: Sender): Reply<unknown> {}
  @incoming({ ...asked, params: ['when'] }) iso(sender: Sender, when: Date): Reply<string> {}
  @incoming({ ...asked, params: [] }) nope(sender: Sender): Reply<null> {}
  @incoming({ ...asked, params: ['seconds'] }) later(sender: Sender, seconds: number): Reply<string> {}
  @incoming({ ...asked, params: [] }) seen(sender: Sender): Reply<unknown> {}
  @incoming({ allowPositionalArgs: true, params: ['text', 'n'] }) note(sender: Sender, text: string, n: number): void {}
}

/** Runs a program of aiozmq that serves, until the end of the test. */
async function python(): Promise<{ rpc: string; pipeline: string; pubsub: string }> {
  const line = await new PythonProgram('aiozmq_peer.py').line();
  const [rpc = '', pipeline = '', pubsub = ''] = (line ?? '').split(' ').map((each) => `zmq+${each}`);
  return { rpc, pipeline, pubsub };
}

const connect = async (address: string) =>
  closing(await Peer.invert().connect(address, { codec: 'aiozmq', logger: null }));
const serve = async (address: string) =>
  closing(await Peer.serve(address, { codec: 'aiozmq', logger: null, errors: 'message' }));

describe.skipIf(noPython !== '')(`with aiozmq of Python${noPython}`, { timeout: 30_000 }, () => {
  it('calls a server of it', async () => {
    const { remote } = await connect((await python()).rpc);
    expect(await remote.maths.add(2, 40)).toBe(42);
    expect(await remote.maths.add(2)).toBe(2);
    expect(await remote.echo(Uint8Array.of(0, 255))).toEqual(Uint8Array.of(0, 255));
    expect(await remote.echo({ list: [1, 'grüße', null, 1.5], long: 'x'.repeat(300_000) })).toEqual({
      list: [1, 'grüße', null, 1.5],
      long: 'x'.repeat(300_000),
    });
    expect(await remote.echo(2n ** 63n)).toBe(2n ** 63n);
    const extension = new Extension(66, Uint8Array.of(1, 2));
    expect(await remote.echo(extension)).toEqual(extension);
  });

  it('sends dates to it, and reads its dates in UTC', async () => {
    const { remote } = await connect((await python()).rpc);
    const date = new Date('2020-02-29T10:20:30.456Z');
    expect(await remote.iso(date)).toBe('2020-02-29T10:20:30.456000+00:00');
    expect(await remote.echo([date, { at: new Date(0) }])).toEqual([date, { at: new Date(0) }]);
    expect(await remote.day()).toMatchObject({ type: 127 });
  });

  it('receives its errors', async () => {
    class OwnError extends Error {
      constructor(
        readonly code: number,
        message: string,
      ) {
        super(message);
      }
      static pack(error: OwnError): [number, string] {
        return [error.code, error.message];
      }
    }
    const { rpc } = await python();
    const { remote } = closing(
      await Peer.invert().connect(rpc, {
        codec: 'aiozmq',
        logger: null,
        errorClasses: { '__main__.OwnError': OwnError },
      }),
    );
    await expect(remote.fail('on purpose')).rejects.toMatchObject({ message: 'on purpose', remoteName: 'ValueError' });
    const own = await failure(remote.failOwn(7));
    expect(own).toBeInstanceOf(OwnError);
    expect(own).toMatchObject({ code: 7, message: 'custom' });
    await expect(remote.nope()).rejects.toMatchObject({ code: -32_601 });
    await expect(remote.echo(...([] as unknown as [unknown]))).rejects.toMatchObject({ code: -32_602 });
  });

  it('ignores its answers after a timeout', async () => {
    const client = await connect((await python()).rpc);
    await expect(client.to(null, { timeout: 50 }).later(0.2)).rejects.toMatchObject({ code: -32_011 });
    expect(await client.remote.later(0.3)).toBe('later');
  });

  it('notifies it, over all three kinds of sockets', async () => {
    const { rpc, pipeline, pubsub } = await python();
    const client = await connect(rpc);
    client.remote.note('by call', 0);
    (await connect(`${pipeline}?role=pipeline`)).remote.note('by push', 1);
    const publisher = await connect(`${pubsub}?role=pubsub`);
    publisher.note(topic('other'), 'never', 3);
    publisher.note(topic('news'), 'by pub', 2);
    let seen: unknown[] = [];
    while (seen.length < 3) seen = (await client.remote.seen()) as unknown[];
    expect(seen).toHaveLength(3);
    expect(seen).toEqual(
      expect.arrayContaining([
        ['by call', 0],
        ['by push', 1],
        ['by pub', 2],
      ]),
    );
  });

  it('is called by a client of it, over all three kinds of sockets', async () => {
    const rpc = await serve('zmq+tcp://127.0.0.1:*');
    const seen: unknown[] = [];
    rpc.maths.add.connect((_sender, a, b = 0) => a + b);
    rpc.echo.connect((_sender, value) => value);
    rpc.fail.connect((_sender, message) => {
      throw new RangeError(message);
    });
    rpc.seen.connect(() => seen);
    const pipeline = await serve('zmq+tcp://127.0.0.1:*?role=pipeline');
    const pubsub = await serve('zmq+tcp://127.0.0.1:*?role=pubsub&topics=news');
    for (const side of [pipeline, pubsub]) side.note.connect((_sender, text, n) => void seen.push([text, n]));
    const addresses = [rpc, pipeline, pubsub].map(({ address }) => address.replace('zmq+', '').replace(/\?.*/, ''));
    const program = new PythonProgram('aiozmq_peer.py', ...addresses);
    expect(await program.rest()).toEqual([
      'add 42',
      'twice ParametersError maths.add got "a" twice',
      "echo b'\\x00\\xff'",
      'utc datetime.datetime(2020, 2, 29, 10, 20, 30, 456000, tzinfo=datetime.timezone.utc)',
      'fail ValueError on purpose',
      'nope NotFoundError nobody handles nope: no handler is connected',
      'wrong ParametersError maths.add has no argument "c"; its arguments are a, b',
      "seen ('by pub', 2) ('by push', 1)",
    ]);
    expect(await program.exit()).toBe(0);
  });
});

it('has no place for a security', async () => {
  const options = { codec: 'aiozmq', security: { url: 'user', user: 'ann' } } as const;
  await expect(Peer.serve('zmq+tcp://127.0.0.1:*', options)).rejects.toThrow(/aiozmq, has no place for a security$/);
});

describe('the codec aiozmq with others around it', () => {
  const named = { in: 'aiozmq', out: 'aiozmq?pickles=on' };

  it('is refused in a pair with a codec whose frames have no parts', async () => {
    for (const codec of [
      { in: 'aiozmq', out: 'msgpack' },
      { in: 'jrpc', out: 'aiozmq' },
    ])
      await expect(Peer.serve('zmq+tcp://127.0.0.1:*', { codec, logger: null })).rejects.toThrow(
        /^the frames of the codec "aiozmq" consist of several parts, and those of "(msgpack|jrpc)" do not; a pair needs/,
      );
  });

  it.skipIf(noPython !== '')(`talks to aiozmq in a pair of it, and with stages that observe${noPython}`, async () => {
    const { rpc } = await python();
    const client = closing(await Peer.invert().connect(rpc, { codec: named, logger: null }));
    expect(await client.remote.maths.add(2, 40)).toBe(42);
    const pickle = new Extension(127, Uint8Array.of(0x80, 4, 0x4b, 7, 0x2e));
    // What it is there is sent back as it is.
    expect(await client.remote.echo(pickle)).toBe(7);
    const seen: string[] = [];
    const stages = { messages: { outgoing: ({ kind }: { kind: string }) => void seen.push(kind) } };
    const observed = closing(await Peer.invert().connect(rpc, { codec: 'aiozmq', stages, logger: null }));
    expect(await observed.remote.maths.add(1, 2)).toBe(3);
    expect(seen).toEqual(['call']);
  });

  it('carries what stages make of its frames as one part, between two sides that have them', async () => {
    const flip = (frame: unknown): Uint8Array => (frame as Uint8Array).map((byte) => byte ^ 0xff);
    const stages = { form: 'bytes', outgoing: flip, incoming: flip } as const;
    const options = { codec: 'aiozmq', stages, logger: null } as const;
    const side = closing(await Peer.serve('zmq+tcp://127.0.0.1:*', options));
    side.maths.add.connect((_sender, a, b = 0) => a + b);
    const client = closing(await Peer.invert().connect(side.address, options));
    expect(await client.remote.maths.add(2, 40)).toBe(42);
    const pipeline = closing(await Peer.serve('zmq+tcp://127.0.0.1:*?role=pipeline', options));
    const heard: unknown[] = [];
    pipeline.note.connect((_sender, text, n) => void heard.push([text, n]));
    const writer = closing(await Peer.invert().connect(pipeline.address, options));
    writer.remote.note('pushed', 1);
    await until(() => heard.length === 1);
    expect(heard).toEqual([['pushed', 1]]);
  });
});
