import { expect, it } from 'vitest';
import {
  Code,
  incoming,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';

class Room extends RemoteAPI {
  @incoming({ hasReply: true }) enter(_sender: Sender, _args: object): Reply<string> {}
  secret(): string {
    return 'nobody may know this';
  }
}

class Spec extends RemoteAPI {
  readonly room = namespace(Room);
  field = 'a field';
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @incoming({ hasReply: true }) unheard(_sender: Sender, _args: object): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: object): void {}
  @incoming({ hasReply: true, name: 'list' }) listAll(_sender: Sender, _args: object): Reply<unknown> {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
  helper(): string {
    return 'nobody may know this';
  }
  get accessor(): string {
    throw new Error('an accessor was read');
  }
  [Symbol.for('hidden')](): void {}
  protected override onMessageError(): void {}
}

const options = { codec: 'jrpc?hello=off', logger: null };

function visited(played = new Played()) {
  const far = played.visit();
  const refusal = async (method: string, id = 1) => {
    far.say({ jsonrpc: '2.0', id, method, params: {} });
    await turn();
    return far.heard.find((message) => message.id === id);
  };
  return { played, far, refusal };
}

async function side() {
  const { played, far, refusal } = visited();
  return { api: await Spec.connect(played.maker, options), far, refusal };
}

it.each([
  ['nothing', 'is unknown'],
  ['', 'is unknown'],
  ['question', 'has the other direction: this side calls it, and does not serve it'],
  ['helper', 'is not marked as incoming'],
  ['accessor', 'is not marked as incoming'],
  ['onMessageError', 'is not marked as incoming'],
  ['room.secret', 'is not marked as incoming'],
  // A method with another name on the wire is not known by its own name.
  ['listAll', 'is unknown'],
  ['field', 'is unknown'],
  ['room', 'is unknown'],
  ['enter', 'is unknown'],
  ['room.', 'is unknown'],
  ['room.enter.call', 'is unknown'],
  ...names().map((name) => [name, 'is unknown']),
])('the method "%s", which %s, is refused', async (method, why) => {
  const { refusal } = await side();
  expect(await refusal(method as string)).toEqual({
    jsonrpc: '2.0',
    id: 1,
    error: { code: Code.MethodNotFound, message: `the method "${method}" ${why}` },
  });
});

/** The names that every object and every side have. */
function names(): string[] {
  return [
    ...['constructor', '__proto__', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'],
    ...['then', 'connect', 'disconnect', 'handlers', 'serve', 'apply', 'call', 'bind', 'name', 'length'],
    ...[
      'close',
      'open',
      'to',
      'on',
      'remote',
      'gather',
      'peers',
      'stats',
      'address',
      'implement',
      'describe',
      'changeTransport',
      'reconnect',
    ],
    ...[
      'Symbol(hidden)',
      'Symbol(Symbol.asyncDispose)',
      'Symbol(hub)',
      'room.constructor',
      'room.__proto__',
      'rpc.nope',
    ],
  ];
}

it('a request whose method has no handler is refused with that reason', async () => {
  const { refusal } = await side();
  expect((await refusal('unheard')).error).toEqual({
    code: Code.MethodNotFound,
    message: 'nobody handles unheard: no handler is connected',
  });
});

it('a request is refused again once its only handler has been removed', async () => {
  const { api, refusal } = await side();
  const off = api.ask.connect(() => 'here');
  expect((await refusal('ask')).result).toBe('here');
  off();
  expect((await refusal('ask', 2)).error.code).toBe(Code.MethodNotFound);
});

it('a decorated method is called by its name on the wire', async () => {
  const { api, refusal } = await side();
  api.listAll.connect(() => ['all']);
  api.room.enter.connect(() => 'welcome');
  expect((await refusal('list')).result).toEqual(['all']);
  expect((await refusal('room.enter', 2)).result).toBe('welcome');
});

it('the directions of an inverted side are distinguished too', async () => {
  const { played, refusal } = visited();
  const api = await Spec.invert().connect(played.maker, options);
  expect((await refusal('ask')).error.message).toMatch('has the other direction');
  expect((await refusal('helper', 2)).error.message).toMatch('is not marked as incoming');
  api.question.connect(() => 'answer');
  expect((await refusal('question', 3)).result).toBe('answer');
});

it('an unknown notification is not answered, and the link continues', async () => {
  const { api, far, refusal } = await side();
  api.ask.connect(() => 'here');
  for (const method of ['nothing', 'question', 'helper', 'rpc.discover', '__proto__', 'constructor'])
    far.say({ jsonrpc: '2.0', method });
  await turn();
  expect(far.sends).toEqual([]);
  expect((await refusal('ask')).result).toBe('here');
});

it('polluted JSON reaches no prototype', async () => {
  const { api, far } = await side();
  const given: Record<string, unknown>[] = [];
  api.ask.connect((_sender, args) => {
    given.push(args as Record<string, unknown>);
    return { ...args };
  });
  const nasty = '{"polluted":"yes"}';
  far.say(
    `{"jsonrpc":"2.0","id":1,"method":"ask","params":{"__proto__":${nasty},"constructor":{"prototype":${nasty}},"a":1}}`,
    `{"jsonrpc":"2.0","id":2,"method":"ask","params":{"deep":[{"\\u005f_proto__":${nasty}}]}}`,
    `{"jsonrpc":"2.0","id":3,"method":"ask","params":{},"__proto__":{"method":"helper"}}`,
    `{"__proto__":{"jsonrpc":"2.0","id":4,"method":"ask"}}`,
  );
  await turn();
  const clean = {} as Record<string, unknown>;
  expect(clean.polluted).toBeUndefined();
  expect(Object.hasOwn(given[0] ?? {}, '__proto__')).toBe(false);
  expect(Object.getPrototypeOf(given[0])).toBe(Object.prototype);
  expect(given[0]).toEqual({ constructor: { prototype: { polluted: 'yes' } }, a: 1 });
  const [deep] = (given[1] as { deep: object[] }).deep;
  expect(Object.hasOwn(deep as object, '__proto__')).toBe(false);
  expect(far.heard[3].error.code).toBe(Code.InvalidRequest);
  expect(given.length).toBe(3);
});

it("names are found in the side's own table even if Object.prototype is polluted", async () => {
  const { refusal } = await side();
  Object.defineProperty(Object.prototype, 'pollution', {
    value: () => 'called',
    configurable: true,
    enumerable: false,
  });
  try {
    expect((await refusal('pollution')).error.message).toBe('the method "pollution" is unknown');
  } finally {
    delete (Object.prototype as Record<string, unknown>).pollution;
  }
});
