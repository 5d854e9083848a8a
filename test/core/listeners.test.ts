import { expect, it } from 'vitest';
import { Code, incoming, RemoteAPI, type RemoteError, type Reply, type Sender } from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure, Log } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  checked: string[] = [];
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: { n: number }): void {}
  @incoming({ hasReply: true }) guarded(_sender: Sender, args: { n: number }): Reply<string> {
    this.checked.push(`body ${args.n}`);
    if (args.n < 0) throw new RangeError('n must not be negative');
  }
  @incoming guardedNews(_sender: Sender, args: { n: number }): void {
    if (args.n < 0) throw new RangeError('n must not be negative');
  }
  // A body may return the answer itself if the types are overridden.
  @incoming({ hasReply: true }) known(_sender: Sender, _args: { n?: number }): Reply<string> {
    return 'from the body' as unknown as Reply<string>;
  }
}

async function side(log = new Log()) {
  const played = new Played();
  const far = played.visit();
  const api = await Spec.connect(played.maker, { logger: log, codec: 'jrpc?hello=off' });
  await turn();
  let id = 0;
  const ask = async (method: string, params: object = { n: 1 }) => {
    far.say({ jsonrpc: '2.0', id: ++id, method, params });
    await turn();
    return far.heard.at(-1);
  };
  const tell = (method: string, params: object = { n: 1 }) => far.say({ jsonrpc: '2.0', method, params });
  return { api, far, ask, tell, log };
}

it('handlers are called in the order of connection, with the sender and the arguments', async () => {
  const { api, tell } = await side();
  const calls: unknown[] = [];
  api.tell.connect((sender, args) => calls.push(['a', sender.id, args]));
  api.tell.connect((sender, args) => calls.push(['b', sender.id, args]));
  api.tell.connect((sender, args) => calls.push(['c', sender.id, args]));
  tell('tell', { n: 7 });
  expect(calls).toEqual([
    ['a', 'far', { n: 7 }],
    ['b', 'far', { n: 7 }],
    ['c', 'far', { n: 7 }],
  ]);
});

it('a handler is removed by disconnect, or by the function that connect returns', async () => {
  const { api, tell } = await side();
  const calls: string[] = [];
  const a = () => void calls.push('a');
  const b = () => void calls.push('b');
  api.tell.connect(a);
  const off = api.tell.connect(b);
  api.tell.disconnect(a);
  tell('tell');
  off();
  tell('tell');
  api.tell.disconnect(a);
  expect(calls).toEqual(['b']);
});

it('a handler that is connected twice is removed once for each, however often that is repeated', async () => {
  const { api, tell } = await side();
  let calls = 0;
  const handler = () => void calls++;
  const off = api.tell.connect(handler);
  api.tell.connect(handler);
  off();
  off();
  tell('tell');
  expect(calls).toBe(1);
});

it('handlers belong to the side and not to the class', async () => {
  const [one, two] = [await side(), await side()];
  const calls: string[] = [];
  one.api.tell.connect(() => void calls.push('one'));
  two.api.tell.connect(() => void calls.push('two'));
  one.tell('tell');
  expect(calls).toEqual(['one']);
  expect(two.api.unhandledCalls()).not.toContain('tell');
  expect((await side()).api.unhandledCalls()).toContain('tell');
});

it('a handler can connect and disconnect handlers while it runs, from the next call on', async () => {
  const { api, tell } = await side();
  const calls: string[] = [];
  const late = () => void calls.push('late');
  const off = api.tell.connect(() => {
    calls.push('first');
    off();
    api.tell.connect(late);
  });
  api.tell.connect(() => void calls.push('second'));
  tell('tell');
  expect(calls).toEqual(['first', 'second']);
  tell('tell');
  expect(calls).toEqual(['first', 'second', 'second', 'late']);
});

it('a handler that an earlier one connects is not called in the same call', async () => {
  const { api, tell } = await side();
  const calls: string[] = [];
  api.tell.connect(() => {
    calls.push('first');
    if (calls.length === 1) api.tell.connect(() => void calls.push('late'));
  });
  tell('tell');
  expect(calls).toEqual(['first']);
  tell('tell');
  expect(calls).toEqual(['first', 'first', 'late']);
});

it('a handler that is not a function is refused', async () => {
  const { api } = await side();
  expect(() => api.tell.connect('x' as never)).toThrow('tell: a handler must be a function, not x');
});

it('the body runs first, and what it throws prevents the handlers', async () => {
  const { api, ask } = await side();
  const order: string[] = [];
  api.guarded.connect((_sender, { n }) => {
    order.push(`handler ${n}, after ${(api as unknown as Spec).checked.at(-1)}`);
    return 'done';
  });
  expect((await ask('guarded', { n: 2 })).result).toBe('done');
  const refused = await ask('guarded', { n: -1 });
  expect(refused.error).toMatchObject({ code: Code.Application, message: 'n must not be negative' });
  expect(order).toEqual(['handler 2, after body 2']);
});

it('what the body of a notification throws is reported, and no handler is called', async () => {
  const { api, tell, log } = await side();
  let calls = 0;
  api.guardedNews.connect(() => void calls++);
  tell('guardedNews', { n: -1 });
  expect(calls).toBe(0);
  expect(log.warnings[0]?.[1]).toBeInstanceOf(RangeError);
});

it('the value that the body returns can be the one reply', async () => {
  const { api, ask } = await side();
  api.known.connect(() => undefined as never);
  expect((await ask('known', {})).result).toBe('from the body');
  api.known.connect(() => 'from a handler');
  expect((await ask('known', {})).error.message).toMatch('known produced more than one reply');
});

it('the body does not run in the inverted class', async () => {
  class Inverse extends RemoteAPI {
    @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<string> {
      throw new Error('the body runs on the wrong side');
    }
  }
  const played = new Played();
  const far = played.visit();
  const api = await Inverse.invert().connect(played.maker, { codec: 'jrpc?hello=off' });
  await turn();
  const answer = api.ask(null, {});
  await turn();
  far.say({ jsonrpc: '2.0', id: far.heard[0].id, result: 'fine' });
  expect(await answer).toBe('fine');
});

const candidates: [string, (() => unknown)[], { result?: unknown; error?: true }][] = [
  ['undefined from all is null', [() => undefined, () => undefined], { result: null }],
  ['one value among undefined', [() => undefined, () => 5, () => undefined], { result: 5 }],
  ['null counts as a reply', [() => null, () => 5], { error: true }],
  ['one promise among undefined', [async () => undefined, async () => 5], { result: 5 }],
  ['a promise of undefined and a value', [async () => undefined, () => 5], { result: 5 }],
  ['two promises of values', [async () => 1, async () => 2], { error: true }],
  ['a value and a promise of one', [() => 1, async () => 2], { error: true }],
  ['an object with then counts as what it gives', [() => thenable(undefined), () => thenable(4)], { result: 4 }],
  ['two objects with then', [() => thenable(3), () => thenable(4)], { error: true }],
];
it.each(candidates)('at most one handler may reply: %s', async (_name, handlers, expected) => {
  const { api, ask } = await side();
  for (const handler of handlers) api.ask.connect(handler);
  const { result, error } = await ask('ask');
  if ('result' in expected) expect({ result, error }).toEqual({ result: expected.result, error: undefined });
  else
    expect(error).toEqual({
      code: Code.InternalError,
      message: expect.stringMatching('ask produced more than one reply'),
    });
});

function thenable(value: unknown): PromiseLike<unknown> {
  // biome-ignore lint/suspicious/noThenProperty: the test is about then methods
  return { then: (resolve: (value: unknown) => void) => resolve(value) } as PromiseLike<unknown>;
}

it('a call is answered once, whatever another kind of promise does', async () => {
  const { api, far } = await side();
  const unruly = (yes: (value: unknown) => void, no: (error: Error) => void) => {
    yes('first');
    yes('second');
    no(new Error('third'));
    throw new Error('fourth');
  };
  // biome-ignore lint/suspicious/noThenProperty: another kind of promise
  api.ask.connect(() => ({ then: unruly }));
  for (const id of [1, 2]) far.say({ jsonrpc: '2.0', id, method: 'ask', params: { n: 1 } });
  await turn();
  expect(far.heard.map(({ id, result }) => [id, result])).toEqual([
    [1, 'first'],
    [2, 'first'],
  ]);
});

it('what a handler throws is the reply, and later handlers are not called', async () => {
  const { api, ask, log } = await side();
  let after = 0;
  api.ask.connect(async () => {
    throw new Error('the first one fails later');
  });
  api.ask.connect(() => {
    throw new Error('boom');
  });
  api.ask.connect(() => void after++);
  expect((await ask('ask')).error.message).toBe('boom');
  expect(after).toBe(0);
  // Other failures are reported, and do not end the process.
  expect(log.texts).toEqual(['the first one fails later']);
});

it('what a handler rejects with is the reply', async () => {
  const { api, ask } = await side();
  api.ask.connect(() => undefined);
  api.ask.connect(() => Promise.reject(new Error('later')));
  expect((await ask('ask')).error.message).toBe('later');
});

it('every handler of a notification runs, whatever the others do, and what they throw is reported', async () => {
  const { api, tell, log } = await side();
  const calls: string[] = [];
  api.tell.connect(() => {
    throw new Error('one');
  });
  api.tell.connect(() => Promise.reject(new Error('two')) as never);
  // biome-ignore lint/suspicious/noThenProperty: another kind of promise
  api.tell.connect(() => ({ then: (_: unknown, no: (e: Error) => void) => no(new Error('three')) }) as never);
  api.tell.connect(() => void calls.push('the last one'));
  tell('tell');
  await turn();
  expect(calls).toEqual(['the last one']);
  expect(log.texts).toEqual(['one', 'two', 'three']);
});

it('an async body may fail', async () => {
  class Loose extends RemoteAPI {
    @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<string> {
      return Promise.reject(new Error('from the body')) as never;
    }
    @incoming tell(_sender: Sender, _args: object): void {
      // biome-ignore lint/correctness/noVoidTypeReturn: a mistake that the types cannot detect everywhere
      return Promise.reject(new Error('from the body')) as never;
    }
  }
  const log = new Log();
  const played = new Played();
  const far = played.visit();
  const api = await Loose.connect(played.maker, { codec: 'jrpc?hello=off', logger: log });
  await turn();
  // Without a handler; an unhandled rejection would fail the run.
  far.say({ jsonrpc: '2.0', id: 1, method: 'ask' }, { jsonrpc: '2.0', method: 'tell' });
  await turn();
  expect(far.heard[0].error.code).toBe(Code.MethodNotFound);
  api.ask.connect(() => undefined as never);
  far.say({ jsonrpc: '2.0', id: 2, method: 'ask' });
  await turn();
  expect(far.heard[1].error.message).toBe('from the body');
  expect(log.warnings.length).toBe(1);
});

it('a caller receives the one reply or the error over a real transport', async () => {
  await using server = await Spec.serve('tcp://127.0.0.1:0');
  server.ask.connect(() => undefined);
  server.ask.connect(async (_sender, { n }) => (n > 0 ? { twice: 2 * n } : Promise.reject(new Error('not positive'))));
  await using client = await Spec.invert().connect(server.address);
  expect(await client.remote.ask({ n: 21 })).toEqual({ twice: 42 });
  expect(await failure<RemoteError>(client.remote.ask({ n: 0 }))).toMatchObject({
    message: 'not positive',
    remoteName: 'Error',
  });
});
