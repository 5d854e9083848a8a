import { describe, expect, it } from 'vitest';
import {
  Code,
  ConnectionLost,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  RemoteError,
  type Reply,
  RpcError,
  type Sender,
  TimeoutError,
  UsageError,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure } from '../support/core-waiting.js';

class NoRoom extends Error {
  readonly code = 4_711;
  constructor(
    readonly data: { seats: number },
    options?: ErrorOptions,
  ) {
    super(`no room for ${data.seats}`, options);
    this.name = 'NoRoom';
  }
  get seats(): number {
    return this.data.seats;
  }
}
class NoTable extends NoRoom {}
class Declined extends RpcError {}
/** A class whose fields cannot be assigned, and whose constructor needs arguments. */
class Stubborn extends Error {
  constructor(readonly needed: object) {
    super(`needs ${Object.keys(needed)}`);
  }
  get code(): number {
    return 12;
  }
  get data(): string {
    return 'fixed';
  }
  override get name(): string {
    return 'Stubborn';
  }
}

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
}

/** What is sent when a handler throws. */
async function faultOf(thrown: unknown, options: Options = {}) {
  const played = new Played();
  const far = played.visit();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', ...options });
  api.ask.connect(() => {
    throw thrown;
  });
  api.ask.connect(() => {});
  far.say({ jsonrpc: '2.0', id: 1, method: 'ask' });
  await turn();
  return far.heard[0].error;
}

it('what is hidden from the peer is logged', async () => {
  const told: unknown[] = [];
  const logger = { warn() {}, error: (...what: unknown[]) => told.push(what[1]) };
  const secret = new Error('secret');
  await faultOf(secret, { errors: 'hidden', logger });
  await faultOf(new RpcError('no', 1), { errors: 'hidden', logger });
  await faultOf(new Error('no secret'), { errors: 'message', logger });
  expect(told).toEqual([secret]);
});

/** What a call rejects with when a handler on the other side throws, over a real transport. */
async function thrownThere(thrown: unknown, there: Options = {}, here: Options = there) {
  await using server = await Spec.serve('memory:errors', there);
  server.ask.connect(async () => {
    throw thrown;
  });
  await using client = await Spec.invert().connect('memory:errors', here);
  return await failure<RemoteError>(client.remote.ask({}));
}

describe('an error that is sent', () => {
  const secret = new RangeError('the password is 1234');
  it.each([
    ['hidden', { code: Code.InternalError, message: 'Internal error' }],
    ['message', { code: Code.Application, message: 'the password is 1234', data: { name: 'RangeError' } }],
    [
      'full',
      {
        code: Code.Application,
        message: 'the password is 1234',
        data: { name: 'RangeError', stack: expect.stringContaining('errors.test') },
      },
    ],
  ] as const)('follows the policy "%s"', async (errors, expected) => {
    expect(await faultOf(secret, { errors })).toEqual(expected);
  });

  it('has its message by default', async () => {
    expect(await faultOf(secret)).toEqual(await faultOf(secret, { errors: 'message' }));
  });

  it.each(['hidden', 'message', 'full'] as const)(
    'is complete for an RpcError, whatever the policy: %s',
    async (errors) => {
      const thrown = new RpcError('not today', 42, { until: 'tomorrow' });
      expect(await faultOf(thrown, { errors })).toEqual({
        code: 42,
        message: 'not today',
        data: { until: 'tomorrow' },
      });
      expect(await faultOf(new RpcError('bare'), { errors })).toEqual({ code: Code.Application, message: 'bare' });
    },
  );

  it.each([
    ['a string', 'plain', 'plain'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 5, '5'],
    ['an object', { a: 1 }, '{"a":1}'],
    ['a BigInt', 5n, 'a value that is not an error was thrown'],
    ['a cycle', cycle(), 'a value that is not an error was thrown'],
    ['what cannot be read', unreadable(), 'a value that is not an error was thrown'],
  ])('has a text for %s', async (_what, thrown, message) => {
    expect(await faultOf(thrown)).toEqual({ code: Code.Application, message });
    expect(await faultOf(thrown, { errors: 'hidden', logger: null })).toEqual({
      code: Code.InternalError,
      message: 'Internal error',
    });
  });

  it.each([
    ['whose message throws', Object.defineProperty(new Error(), 'message', { get: explode })],
    ['whose data throws', Object.defineProperty(new Error('x'), 'data', { get: explode })],
    ['whose name is not a text', Object.assign(new Error('x'), { name: { nested: true } })],
    ['whose message is not a text', Object.assign(new Error('x'), { message: { nested: true } })],
    [
      'without a constructor',
      Object.setPrototypeOf(new Error('x'), Object.create(Error.prototype, { constructor: {} })),
    ],
    ['whose data cannot be encoded', new RpcError('x', 1, { n: 1n })],
    ['whose data throws when it is encoded', new RpcError('x', 1, { toJSON: explode })],
  ])('has a text for an error %s', async (_what, thrown) => {
    const error = await faultOf(thrown);
    expect(Number.isInteger(error.code)).toBe(true);
    expect(typeof error.message).toBe('string');
  });

  it.each([
    [Object.assign(new Error('x'), { code: 404 }), 404],
    [Object.assign(new Error('x'), { code: 'ENOENT' }), Code.Application],
    [Object.assign(new Error('x'), { code: 1.5 }), Code.Application],
    // These would mean that the caller's own link was lost, or that its own call took too long.
    [new ConnectionLost(), Code.Application],
    [new TimeoutError(), Code.Application],
  ])('has the code of the error if that is valid: %s', async (thrown, code) => {
    expect((await faultOf(thrown)).code).toBe(code);
  });
});

function cycle(): object {
  const holder: { self?: object } = {};
  holder.self = holder;
  return holder;
}
function explode(): never {
  throw new Error('it explodes');
}
function unreadable(): object {
  return new Proxy({}, { get: explode, has: explode, getPrototypeOf: explode, ownKeys: explode });
}

describe('a registered class', () => {
  const errorClasses = [NoRoom, Declined];

  it('arrives as an instance of it, with its code and data', async () => {
    const cause = new Error('the fire brigade');
    const thrown = new NoRoom({ seats: 3 }, { cause });
    const error = (await thrownThere(thrown, { errorClasses, errors: 'hidden' })) as unknown as NoRoom;
    expect(error).toBeInstanceOf(NoRoom);
    expect(error).not.toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ name: 'NoRoom', message: 'no room for 3', code: 4_711, data: { seats: 3 } });
    expect(error.seats).toBe(3);
    expect(error.stack).toMatch(/^NoRoom: no room for 3\n/);
    // The thrown error is not changed, and its cause is not sent.
    expect(error.cause).toBeUndefined();
    expect(thrown.cause).toBe(cause);
    expect(Object.keys(thrown).sort()).toEqual(['code', 'data', 'name']);
  });

  it('applies to classes that extend it', async () => {
    const error = await thrownThere(new NoTable({ seats: 2 }), { errorClasses });
    expect(error).toBeInstanceOf(NoRoom);
    expect(error).not.toBeInstanceOf(NoTable);
  });

  it('may extend RpcError', async () => {
    const error = await thrownThere(new Declined('no', 9, [1]), { errorClasses });
    expect(error).toBeInstanceOf(Declined);
    expect(error).toMatchObject({ name: 'Declined', code: 9, data: [1], message: 'no' });
  });

  it('need not be registered if it extends RpcError: its data and its name are sent, whatever the policy', async () => {
    for (const errors of ['hidden', 'message'] as const) {
      const error = await thrownThere(new Declined('no', 9, [1]), { errors });
      expect(error).toMatchObject({ name: 'RemoteError', remoteName: 'Declined', code: 9, data: [1], message: 'no' });
    }
  });

  it('arrives even with accessors that throw', async () => {
    const error = await thrownThere(new Stubborn({ a: 1 }), { errorClasses: [Stubborn] });
    expect(error).toBeInstanceOf(Stubborn);
    expect(error).toMatchObject({ message: 'needs a', code: 12, name: 'Stubborn' });
  });

  it('arrives as a RemoteError with its name if only the other side has registered it', async () => {
    const error = await thrownThere(new NoRoom({ seats: 3 }), { errorClasses }, {});
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ remoteName: 'NoRoom', code: 4_711, data: { seats: 3 }, message: 'no room for 3' });
  });

  it('is not created for an error that only has its name on the other side', async () => {
    class Impostor extends Error {
      override name = 'NoRoom';
    }
    const error = await thrownThere(new Impostor('x'), {}, { errorClasses });
    // Only a name is sent: this side creates the class that it has registered under that name.
    expect(error).toBeInstanceOf(NoRoom);
    expect(Object.hasOwn(error, 'seats')).toBe(false);
  });

  it('is not named for an error that only has its name on this side', async () => {
    const Impostor = { NoRoom: class NoRoom extends Error {} }.NoRoom;
    expect(await faultOf(new Impostor('secret'), { errorClasses, errors: 'hidden', logger: null })).toEqual({
      code: Code.InternalError,
      message: 'Internal error',
    });
  });

  it.each([
    [[NoRoom, class NoRoom extends Error {}], 'two classes have the name NoRoom'],
    [[class Plain {}], 'expected classes that extend Error'],
    [[undefined], 'expected classes that extend Error'],
  ])('must be a class of errors with its own name', (classes, message) => {
    expect(() => Spec.create({ errorClasses: classes as never })).toThrow(UsageError);
    expect(() => Spec.create({ errorClasses: classes as never })).toThrow(message);
  });

  it('cannot be used by a peer to access anything else by name', async () => {
    const played = new Played();
    const far = played.visit();
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', errorClasses });
    for (const name of ['__proto__', 'constructor', 'Object', 'RpcError', 'toString']) {
      const asked = failure<RemoteError>(api.question(null, {}));
      await turn();
      far.say({ jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x', data: { name } } });
      const error = await asked;
      expect(Object.getPrototypeOf(error)).toBe(RemoteError.prototype);
      expect(error.remoteName).toBe(name);
    }
  });
});

describe('an error of the other side', () => {
  it('is a RemoteError with its code and data, and the name if it was sent', async () => {
    expect(await thrownThere(Object.assign(new Error('too far'), { name: 'Far' }))).toMatchObject({
      name: 'RemoteError',
      remoteName: 'Far',
      message: 'too far',
      code: Code.Application,
      data: undefined,
    });
    expect(await thrownThere(new RpcError('no', 5, { why: 'because' }))).toMatchObject({
      remoteName: 'Error',
      code: 5,
      data: { why: 'because' },
    });
    expect(await thrownThere(new RpcError('no', 5, { name: 'looks like ours' }))).toMatchObject({
      data: { name: 'looks like ours' },
    });
  });

  it('keeps data of a peer that is not Obverse, even if they look like those of Obverse', async () => {
    const played = new Played();
    const far = played.visit();
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', errorClasses: [NoRoom] });
    for (const data of [{ name: 'NoRoom', seats: 3 }, { name: ['NoRoom'] }, { data: 1 }]) {
      const asked = failure<RemoteError>(api.question(null, {}));
      await turn();
      far.say({ jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x', data } });
      expect(await asked).toBeInstanceOf(RemoteError);
      expect((await asked).data).toEqual(data);
    }
  });

  it('has the stack of the other side only if it was sent', async () => {
    expect((await thrownThere(new RangeError('x'), { errors: 'full' })).stack).toMatch(
      /on the other side:\nRangeError: x\n/,
    );
    expect((await thrownThere(new RangeError('x'))).stack).not.toMatch('on the other side');
  });

  it.each([
    { code: 1, message: 'x', data: null },
    { code: 1, message: 'x', data: [] },
    { code: 1, message: 'x', data: { name: 5 } },
    { code: 1, message: 'x', data: { name: 'N', stack: 5 } },
    { code: 1, message: 'x', data: { name: 'N', stack: { toString: 1 } } },
    { code: 1.5, message: 'x' },
    { code: 'x', message: 5 },
    {},
    'x',
    5,
    [],
  ])('rejects its call, whatever a peer that is not Obverse has sent: %j', async (error) => {
    const played = new Played();
    const far = played.visit();
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', errorClasses: [NoRoom] });
    const asked = failure<RemoteError>(api.question(null, {}));
    await turn();
    far.say({ jsonrpc: '2.0', id: 1, error });
    expect(await asked).toBeInstanceOf(RemoteError);
    expect(Number.isInteger((await asked).code)).toBe(true);
  });
});
