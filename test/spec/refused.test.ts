import {
  declareMethods,
  incoming,
  type MethodOptions,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  UsageError,
} from 'obverse';
import { describe, expect, it } from 'vitest';

/*
 * What is refused when a class is read, and what at the decorator itself: each with its text. The decorators are called
 * as functions, because the compilers refuse most of these earlier.
 */
type AnyMethod = (...args: never[]) => unknown;
type Mark = (prototype: object, key: string | symbol, descriptor: PropertyDescriptor | undefined) => void;
const inward = incoming as unknown as Mark & ((options?: MethodOptions) => Mark);
const outward = outgoing as unknown as Mark & ((options?: MethodOptions) => Mark);

/** A class with one decorated method. */
function spec(
  mark: Mark,
  method: AnyMethod = (_sender: Sender) => {},
  key: string | symbol = 'method',
): typeof RemoteAPI {
  class Chat extends RemoteAPI {}
  Object.defineProperty(Chat.prototype, key, { value: method, configurable: true, writable: true });
  mark(Chat.prototype, key, Object.getOwnPropertyDescriptor(Chat.prototype, key));
  return Chat;
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  return 'not refused';
}
const read = (api: typeof RemoteAPI): string => refusal(() => api.create());

describe('a name', () => {
  it.each(
    [
      'implement to remote gather unhandledCalls peers address on describe open changeTransport close'.split(' '),
      'onMessageError then toString valueOf hasOwnProperty __proto__'.split(' '),
    ].flat(),
  )('of a member of every side is refused: %s', (name) => {
    expect(read(spec(inward, () => {}, name))).toBe(
      `Chat.${name}: every side has a member "${name}"; rename the method, and keep this name on the wire with name: '${name}'`,
    );
  });

  it('of a member of every side is refused for a namespace', () => {
    class Chat extends RemoteAPI {
      readonly peers = namespace(class Room extends RemoteAPI {});
    }
    expect(read(Chat)).toBe(
      `Chat.peers: every side has a member "peers"; rename the namespace, and keep this name on the wire with { name: 'peers' }`,
    );
  });

  it('of a member of every side is allowed on the wire', () => {
    class Chat extends RemoteAPI {
      readonly people = namespace(Room, { name: 'peers' });
      @outgoing({ name: 'close' }) closeDoor(_receivers: Receivers): void {}
    }
    expect(Chat.describe().map(({ method }) => method)).toEqual(['close', 'peers.join']);
  });

  it('that is a symbol is refused', () => {
    expect(read(spec(inward, () => {}, Symbol('secret')))).toBe(
      'Chat.Symbol(secret) is decorated, but a symbol has no name on the wire',
    );
  });

  it.each([
    ['rpc.hello', inward({ name: 'rpc.hello' })],
    ['rpc.', outward({ name: 'rpc.' })],
  ])('is reserved: %s', (_name, mark) => {
    expect(read(spec(mark))).toBe('Chat.method: names on the wire that begin with "rpc." are reserved by JSON-RPC');
  });

  it('of a namespace must not lead to a reserved name', () => {
    class Chat extends RemoteAPI {
      readonly room = namespace(Room, { name: 'rpc' });
    }
    expect(read(Chat)).toBe(
      'Room.join: names on the wire that begin with "rpc." are reserved by JSON-RPC; set foreign: true if "rpc.join" belongs to another protocol',
    );
  });

  it('that is empty is refused', () => {
    expect(read(spec(inward({ name: '' })))).toBe(
      'Chat.method: the option "name" must be a string that is not empty, not ""',
    );
    expect(refusal(() => namespace(Room, { name: '' }))).toBe(
      'namespace(): the option "name" must be a string that is not empty, not ""',
    );
  });

  it('is unique on the wire', () => {
    class Chat extends RemoteAPI {
      @incoming({ name: 'two' }) one(_sender: Sender): void {}
      @outgoing two(_receivers: Receivers): void {}
    }
    expect(read(Chat)).toBe('one and two have the same name on the wire, "two"');
  });

  it('is unique on the wire across namespaces', () => {
    class Chat extends RemoteAPI {
      readonly room = namespace(Room);
      readonly other = namespace(Room, { name: 'room' });
    }
    expect(read(Chat)).toBe('room.join and other.join have the same name on the wire, "room.join"');
    class Dotted extends RemoteAPI {
      readonly room = namespace(Room);
      @incoming({ name: 'room.join' }) join(_sender: Sender): void {}
    }
    expect(read(Dotted)).toBe('join and room.join have the same name on the wire, "room.join"');
  });
});

describe('an option', () => {
  it.each([
    [
      { hasreply: true },
      'unknown option "hasreply"; did you mean hasReply? There are allow, allowPositionalArgs, args, defaults, deprecated, errors, foreign, hasReply, idempotent, items, logged, meta, name, params, progress, returns, stream, summary, timeout, use',
    ],
    [
      { direction: 'outgoing' },
      'unknown option "direction"; there are allow, allowPositionalArgs, args, defaults, deprecated, errors, foreign, hasReply, idempotent, items, logged, meta, name, params, progress, returns, stream, summary, timeout, use',
    ],
    [
      { toString: 1 },
      'unknown option "toString"; there are allow, allowPositionalArgs, args, defaults, deprecated, errors, foreign, hasReply, idempotent, items, logged, meta, name, params, progress, returns, stream, summary, timeout, use',
    ],
    [{ hasReply: 'yes' }, 'the option "hasReply" must be true or false, not "yes"'],
    [
      { stream: true, hasReply: true },
      'a stream has no reply besides its items; set stream: true or hasReply: true, not both',
    ],
    [{ name: 5 }, 'the option "name" must be a string that is not empty, not 5'],
    [{ params: 'a' }, 'the option "params" must be a list of different names, not "a"'],
    [{ params: null }, 'the option "params" must be a list of different names, not null'],
    [{ params: [1] }, 'the option "params" must be a list of different names, not a list'],
    [{ params: [''] }, 'the option "params" must be a list of different names, not a list'],
    [{ params: ['a', 'b', 'a'] }, 'the option "params" must be a list of different names, not a list'],
    [{ params: ['__proto__'] }, 'the option "params" must be a list of different names, not a list'],
    [{ allowPositionalArgs: 1 }, 'the option "allowPositionalArgs" must be true or false, not 1'],
    [{ timeout: '5s' }, 'the option "timeout" must be a positive number of milliseconds, or Infinity, not "5s"'],
    [{ timeout: 0 }, 'the option "timeout" must be a positive number of milliseconds, or Infinity, not 0'],
    [{ timeout: -1 }, 'the option "timeout" must be a positive number of milliseconds, or Infinity, not -1'],
    [{ timeout: Number.NaN }, 'the option "timeout" must be a positive number of milliseconds, or Infinity, not NaN'],
    [{ summary: true }, 'the option "summary" must be a string, not true'],
    [{ deprecated: 'since 2' }, 'the option "deprecated" must be true or false, not "since 2"'],
  ])('is refused: %j', (options, text) => {
    expect(read(spec(inward(options as MethodOptions)))).toBe(`Chat.method: ${text}`);
  });

  it('that is undefined counts as absent', () => {
    const options = { hasReply: undefined, params: undefined, name: undefined, timeout: undefined };
    expect(read(spec(inward(options as unknown as MethodOptions)))).toBe('not refused');
  });

  it('of a namespace must be known', () => {
    expect(refusal(() => namespace(Room, { nmae: 'r' } as object))).toBe(
      'namespace(): unknown option "nmae"; did you mean name? There are defaults, name',
    );
  });
});

describe('arguments', () => {
  const several = (): AnyMethod => (_sender: Sender, _a: number, _b: number) => {};
  it('that are several need names or positions', () => {
    expect(read(spec(inward, several()))).toBe(
      'Chat.method: 2 arguments need params: [names], to be sent by name, or allowPositionalArgs: true, to be sent by position',
    );
    expect(read(spec(inward({ params: ['a', 'b'] }), several()))).toBe('not refused');
    expect(read(spec(inward({ allowPositionalArgs: true }), several()))).toBe('not refused');
  });
  it('all have names, or none', () => {
    expect(read(spec(inward({ params: ['a'] }), several()))).toBe(
      'Chat.method: it has 2 arguments, but params names only 1',
    );
    const withDefault = (_sender: Sender, _a: number, _b = 1): void => {};
    expect(read(spec(inward({ params: ['a', 'b'] }), withDefault))).toBe('not refused');
  });

  it.each([String, Number, Boolean, Array, Function])('that are not objects are detected in metadata: %o', (type) => {
    const api = spec(inward, (_sender: Sender, _a: unknown) => {});
    Reflect.defineMetadata('design:paramtypes', [Object, type], api.prototype, 'method');
    expect(read(api)).toBe(
      'Chat.method: an argument that is not an object needs params: [names], to be sent by name, or allowPositionalArgs: true, to be sent by position',
    );
  });
  it('with defaults are detected in metadata', () => {
    const api = spec(inward, (_sender: Sender, _a = {}, _b = {}) => {});
    expect(read(api)).toBe('not refused');
    const shown = spec(inward, (_sender: Sender, _a = {}, _b = {}) => {});
    Reflect.defineMetadata('design:paramtypes', [Object, Object, Object], shown.prototype, 'method');
    expect(read(shown)).toMatch(/^Chat.method: 2 arguments need params/);
  });
  it.each([Object, Date, Map])('that may be objects are accepted: %o', (type) => {
    const api = spec(inward, (_sender: Sender, _a: unknown) => {});
    Reflect.defineMetadata('design:paramtypes', [Object, type], api.prototype, 'method');
    expect(read(api)).toBe('not refused');
  });
});

describe('a decorator', () => {
  const place = 'only methods of an instance can be decorated, not fields, accessors, or static or private members';

  it.each([
    ['field', undefined, { kind: 'field' }],
    ['getter', () => 1, { kind: 'getter' }],
    ['setter', () => {}, { kind: 'setter' }],
    ['accessor', { get: () => 1, set: () => {} }, { kind: 'accessor' }],
    ['class', class {}, { kind: 'class' }],
    ['static method', () => {}, { kind: 'method', static: true }],
    ['private method', () => {}, { kind: 'method', private: true }],
  ])('is refused on a %s, in the standard dialect', (_what, value, context) => {
    const full = { static: false, private: false, name: 'place', addInitializer() {}, ...context };
    const standard = inward as unknown as (value: unknown, context: object) => void;
    expect(refusal(() => standard(value, full))).toBe(`@incoming place: ${place}`);
  });

  it.each([
    ['field', {}, undefined],
    ['accessor', {}, { get: () => 1 }],
    ['static method', class {}, { value: () => {} }],
    ['field that holds a value', {}, { value: 5 }],
  ])('is refused on a %s, in the legacy dialect', (_what, target, descriptor) => {
    expect(refusal(() => outward(target, 'place', descriptor))).toBe(`@outgoing place: ${place}`);
  });

  it('is refused on a class in the legacy dialect', () => {
    const legacy = inward as unknown as (target: unknown) => void;
    expect(refusal(() => legacy(class {}))).toBe('@incoming takes a method, or options in an object');
    expect(refusal(() => (outward as unknown as (options: unknown) => void)('name'))).toBe(
      '@outgoing takes a method, or options in an object',
    );
    expect(refusal(() => (outward as unknown as (options: unknown) => void)(null))).toBe(
      '@outgoing takes a method, or options in an object',
    );
  });

  it('is allowed once for a method', () => {
    const text = 'method: a method can be decorated only once, with @incoming or @outgoing';
    expect(refusal(() => spec((...place) => [inward(...place), outward(...place)]))).toBe(text);
    expect(refusal(() => spec((...place) => [inward(...place), inward({})(...place)]))).toBe(text);
    expect(
      refusal(
        () =>
          class extends RemoteAPI {
            // @ts-expect-error it cannot be both
            @incoming @outgoing method(_sender: Sender): void {}
          },
      ),
    ).toBe(text);
  });

  it('is not lost under another decorator', () => {
    function wrap<T extends AnyMethod>(method: T, _context: ClassMethodDecoratorContext): T {
      return ((...args: never[]) => method(...args)) as T;
    }
    class Below extends RemoteAPI {
      @wrap @incoming({ hasReply: true }) method(_sender: Sender): Reply<number> {}
    }
    expect(read(Below)).toBe(
      'Below.method: another function has replaced the one that @incoming decorates; write @incoming above a decorator that replaces the method',
    );
    class Above extends RemoteAPI {
      @incoming({ hasReply: true }) @wrap method(_sender: Sender): Reply<number> {}
    }
    expect(read(Above)).toBe('not refused');
    const legacy = spec(outward);
    Object.defineProperty(legacy.prototype, 'method', { value: () => {} });
    expect(read(legacy)).toMatch(/^Chat.method: another function .* @outgoing decorates; write @outgoing above/);
  });

  it('must not be overridden by a member that is not a method', () => {
    class Chat extends RemoteAPI {
      @incoming method(_sender: Sender): void {}
    }
    class WithField extends Chat {
      override method = (_sender: Sender): void => {};
    }
    expect(read(WithField)).toBe('WithField.method is decorated, but its override is not a method');
    class WithGetter extends Chat {}
    Object.defineProperty(WithGetter.prototype, 'method', { get: () => () => {} });
    expect(read(WithGetter)).toBe('WithGetter.method is decorated, but its override is not a method');
  });
});

class Room extends RemoteAPI {
  @incoming join(_sender: Sender): void {}
}

describe('a class', () => {
  it('must extend RemoteAPI', () => {
    const create = RemoteAPI.create as (this: unknown) => unknown;
    const text = 'a side is made from a class that extends RemoteAPI';
    expect(refusal(() => create.call(RemoteAPI))).toBe(text);
    expect(refusal(() => create.call(class {}))).toBe(text);
    expect(refusal(() => namespace(class {} as unknown as typeof Room))).toBe(
      'namespace() takes a class that extends RemoteAPI',
    );
    expect(refusal(() => namespace(undefined as unknown as typeof Room))).toBe(
      'namespace() takes a class that extends RemoteAPI',
    );
  });

  it('must not contain itself', () => {
    class Loop extends RemoteAPI {
      readonly loop: Loop = namespace(Loop);
    }
    expect(read(Loop)).toBe('loop: Loop contains itself as a namespace');
    class Outer extends RemoteAPI {
      readonly inner: Inner = namespace(Inner);
    }
    class Inner extends RemoteAPI {
      readonly outer: Outer = namespace(Outer);
    }
    expect(read(Outer)).toBe('inner.outer: Outer contains itself as a namespace');
    class Derived extends Outer {}
    expect(read(Derived)).toBe('inner.outer.inner: Inner contains itself as a namespace');
  });

  it('must be constructible without arguments', () => {
    const boom = new Error('no database');
    class Chat extends RemoteAPI {
      constructor() {
        super();
        throw boom;
      }
    }
    const text = 'Chat cannot be read: its constructor must work without arguments, but it threw: no database';
    expect(read(Chat)).toBe(text);
    expect(refusal(() => Chat.describe())).toBe(text);
    expect(() => Chat.create()).toThrow(expect.objectContaining({ cause: boom }));
    class Hall extends RemoteAPI {
      readonly chat = namespace(Chat);
    }
    expect(read(Hall)).toBe(text);
  });

  it('is refused by every method that reads it, each time', async () => {
    const api = spec(inward({ name: '' }));
    const text = 'Chat.method: the option "name" must be a string that is not empty, not ""';
    expect(read(api)).toBe(text);
    expect(read(api)).toBe(text);
    expect(refusal(() => api.invert().create())).toBe(text);
    expect(refusal(() => api.describe())).toBe(text);
    await expect(api.serve('memory:refused')).rejects.toThrow(text);
    await expect(api.connect('memory:refused')).rejects.toThrow(text);
  });

  it('is refused with the names of its methods', () => {
    class Chat extends RemoteAPI {
      said(_receivers: Receivers): void {}
      field = 5;
    }
    class Derived extends Chat {}
    const declare = declareMethods as (api: unknown, marks: object) => void;
    expect(refusal(() => declare(Chat, { leave: incoming }))).toBe('Chat.leave is not a method of its own');
    expect(refusal(() => declare(Chat, { field: incoming }))).toBe('Chat.field is not a method of its own');
    expect(refusal(() => declare(Derived, { said: outgoing }))).toBe('Derived.said is not a method of its own');
    expect(refusal(() => declare(Chat, { said: 'outgoing' }))).toBe(
      'said: expected incoming or outgoing, with or without options',
    );
  });
});
