import { describe, expect, it } from 'vitest';
import {
  Code,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  UsageError,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure, Log } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) none(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true }) named(_sender: Sender, _args: { a?: number; b?: number }): Reply<unknown> {}
  @incoming({ hasReply: true, params: ['a', 'b'] }) byName(_sender: Sender, _a: number, _b?: number): Reply<unknown> {}
  @incoming({ hasReply: true, allowPositionalArgs: true })
  byPosition(_sender: Sender, ..._numbers: number[]): Reply<unknown> {}
  @incoming({ hasReply: true, params: ['a', 'b'], allowPositionalArgs: true })
  both(_sender: Sender, _a: number, _b?: number): Reply<unknown> {}

  @outgoing({ hasReply: true }) askNone(_to: Receivers): Reply<unknown> {}
  @outgoing({ hasReply: true }) askNamed(_to: Receivers, _args: { a?: number; b?: number }): Reply<unknown> {}
  @outgoing({ hasReply: true, params: ['a', 'b'] }) askByName(
    _to: Receivers,
    _a: number,
    _b?: number,
  ): Reply<unknown> {}
  @outgoing({ hasReply: true, allowPositionalArgs: true })
  askByPosition(_to: Receivers, ..._numbers: (number | undefined)[]): Reply<unknown> {}
  @outgoing({ hasReply: true, params: ['a', 'b'], allowPositionalArgs: true })
  askBoth(_to: Receivers, _a: number, _b?: number): Reply<unknown> {}
  @outgoing tell(_to: Receivers, _args: { a?: number }): void {}
  @outgoing({ params: ['a'] }) tellByName(_to: Receivers, _a: number): void {}
}

async function side(codec = 'jrpc?hello=off') {
  const played = new Played();
  const far = played.visit();
  const log = new Log();
  const api = await Spec.connect(played.maker, { codec, logger: log });
  await turn();
  const echo = (_sender: unknown, ...args: unknown[]) => ({ args });
  api.none.connect(echo);
  api.named.connect(echo);
  api.byName.connect(echo);
  api.byPosition.connect(echo);
  api.both.connect(echo);
  return { api, far, log };
}

describe('incoming arguments', () => {
  it.each([
    ['none', undefined, []],
    ['none', [], []],
    ['named', undefined, [{}]],
    ['named', [], [{}]],
    ['named', {}, [{}]],
    ['named', { a: 1, b: 2 }, [{ a: 1, b: 2 }]],
    ['byName', undefined, []],
    ['byName', { a: 1 }, [1]],
    ['byName', { b: 2, a: 1 }, [1, 2]],
    ['byName', { b: 2 }, [null, 2]],
    ['byPosition', undefined, []],
    ['byPosition', [], []],
    ['byPosition', [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]],
    ['both', [1, 2], [1, 2]],
    ['both', [1], [1]],
    ['both', { b: 2, a: 1 }, [1, 2]],
    ['both', {}, []],
  ])('%s accepts %j', async (method, params, expected) => {
    const { far } = await side();
    far.say({ jsonrpc: '2.0', id: 1, method, ...(params !== undefined && { params }) });
    await turn();
    expect(far.heard[0]).toEqual({ jsonrpc: '2.0', id: 1, result: { args: expected } });
  });

  it.each([
    ['none', [1], 'none takes its arguments by name, in one object'],
    ['named', [1], 'named takes its arguments by name, in one object'],
    ['named', [{ a: 1 }], 'named takes its arguments by name, in one object'],
    ['byName', [1, 2], 'byName takes its arguments by name, in one object'],
    ['byName', { a: 1, c: 3 }, 'byName has no argument "c"; its arguments are a, b'],
    ['byName', { hasOwnProperty: 1 }, 'byName has no argument "hasOwnProperty"; its arguments are a, b'],
    ['both', [1, 2, 3], 'both takes 2 arguments (a, b), not 3'],
    ['both', { a: 1, c: 3 }, 'both has no argument "c"; its arguments are a, b'],
  ])('%s refuses %j as invalid params, and names what it accepts', async (method, params, message) => {
    const { far, api } = await side();
    let calls = 0;
    api.both.connect(() => void calls++);
    far.say({ jsonrpc: '2.0', id: 1, method, params });
    await turn();
    expect(far.heard[0]).toEqual({ jsonrpc: '2.0', id: 1, error: { code: Code.InvalidParams, message } });
    expect(calls).toBe(0);
  });

  it('are not read from the prototype of what was sent', async () => {
    class Odd extends RemoteAPI {
      @incoming({ hasReply: true, params: ['toString', 'b'] }) odd(
        _sender: Sender,
        _a: unknown,
        _b: number,
      ): Reply<unknown> {}
    }
    const played = new Played();
    const far = played.visit();
    const api = await Odd.connect(played.maker, { codec: 'jrpc?hello=off' });
    await turn();
    api.odd.connect((_sender, ...args) => ({ args: args.map((value) => typeof value) }));
    far.say({ jsonrpc: '2.0', id: 1, method: 'odd', params: { b: 2 } });
    await turn();
    expect(far.heard[0].result).toEqual({ args: ['undefined', 'number'] });
  });

  it('are reported to the caller even if the errors of handlers are hidden', async () => {
    const played = new Played();
    const far = played.visit();
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', errors: 'hidden' });
    await turn();
    api.none.connect(() => 1);
    far.say({ jsonrpc: '2.0', id: 1, method: 'none', params: [1] }, { jsonrpc: '2.0', id: 2, method: 'nope' });
    await turn();
    expect(far.heard.map(({ error }) => error.code)).toEqual([Code.InvalidParams, Code.MethodNotFound]);
    expect(far.heard[0].error.message).toMatch('takes its arguments by name');
  });

  it('of a notification are reported if they are wrong', async () => {
    const { far, log } = await side();
    far.say({ jsonrpc: '2.0', method: 'byName', params: { c: 1 } });
    await turn();
    expect(far.sends).toEqual([]);
    expect(log.texts).toEqual(['byName has no argument "c"; its arguments are a, b']);
  });

  it('that the library adds are not shared with the next call', async () => {
    const { far, api } = await side();
    const seen: unknown[] = [];
    api.named.connect((_sender, args) => {
      seen.push({ ...args });
      args.a = 5;
    });
    far.say({ jsonrpc: '2.0', method: 'named' }, { jsonrpc: '2.0', method: 'named' });
    expect(seen).toEqual([{}, {}]);
  });
});

describe('outgoing arguments', () => {
  it.each([
    ['askNone', [], undefined],
    ['askNamed', [{ a: 1, b: 2 }], { a: 1, b: 2 }],
    ['askNamed', [], undefined],
    ['askByName', [1, 2], { a: 1, b: 2 }],
    ['askByName', [1], { a: 1 }],
    ['askByName', [undefined, 2], { b: 2 }],
    ['askByPosition', [1, 2, 3], [1, 2, 3]],
    ['askByPosition', [], undefined],
    // JSON has no undefined: trailing undefined arguments are left out, and not sent as null.
    ['askByPosition', [1, undefined, 3, undefined, undefined], [1, null, 3]],
    ['askBoth', [1, 2], { a: 1, b: 2 }],
  ])('%s sends %j', async (method, args, params) => {
    const { api, far } = await side();
    const asked = (api as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]?.(null, ...args);
    await turn();
    expect(far.heard[0]).toEqual({ jsonrpc: '2.0', id: 1, method, ...(params !== undefined && { params }) });
    far.say({ jsonrpc: '2.0', id: 1, result: true });
    expect(await asked).toBe(true);
  });

  it('are encoded as they were at the call', async () => {
    const { api, far } = await side();
    const args = { a: 1 };
    api.tell(null, args);
    args.a = 2;
    await turn();
    expect(far.heard[0].params).toEqual({ a: 1 });
  });

  it.each([
    ['askNamed', [null, 1], 'askNamed takes one object, whose fields are the arguments, not 1'],
    ['askNamed', [null, [1]], 'askNamed takes one object, whose fields are the arguments, not a list'],
    ['askNamed', [null, {}, {}], 'askNamed takes one object, whose fields are the arguments, not 2 values'],
    ['askNamed', [null, null], 'askNamed takes one object, whose fields are the arguments, not null'],
    ['askNone', [null, 'x'], 'askNone takes one object, whose fields are the arguments, not "x"'],
    ['askByName', [null, 1, 2, 3], 'askByName takes 2 arguments (a, b), not 3'],
    ['askNamed', [], 'askNamed: the first argument is the receivers: null for every peer, a peer, its id, or several'],
    ['askNamed', [{ a: 1 }], 'a receiver must be a sender, a peer or the id of one, not another object'],
  ])('%s rejects %j with a UsageError, and sends nothing', async (method, args, message) => {
    const { api, far } = await side();
    const call = api as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const error = await failure(call[method]?.(...args) as Promise<unknown>);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(message);
    await turn();
    expect(far.sends).toEqual([]);
  });

  it('of a notification throw if they are wrong, and nothing is sent', async () => {
    const { api, far } = await side();
    const call = api as unknown as Record<string, (...args: unknown[]) => unknown>;
    expect(() => call.tell?.(null, 5)).toThrow(UsageError);
    expect(() => call.tell?.()).toThrow('the first argument is the receivers');
    expect(() => call.tellByName?.(null, 1, 2)).toThrow('tellByName takes 1 argument (a), not 2');
    expect(() => call.tell?.(7, {})).toThrow('a receiver must be a sender, a peer or the id of one, not 7');
    await turn();
    expect(far.sends).toEqual([]);
  });

  it('are passed to the body before anything is sent: what it throws is thrown, or rejects', async () => {
    class Checked extends RemoteAPI {
      @outgoing({ hasReply: true }) ask(_to: Receivers, { n }: { n: number }): Reply<number> {
        if (n < 0) throw new RangeError('n must not be negative');
      }
      @outgoing tell(_to: Receivers, { n }: { n: number }): void {
        if (n < 0) throw new RangeError('n must not be negative');
      }
    }
    const played = new Played();
    const far = played.visit();
    const api = await Checked.connect(played.maker, { codec: 'jrpc?hello=off' });
    await turn();
    expect(await failure(api.ask(null, { n: -1 }))).toBeInstanceOf(RangeError);
    expect(await failure(api.remote.ask({ n: -1 }))).toBeInstanceOf(RangeError);
    expect(await failure(api.gather(null).ask({ n: -1 }))).toBeInstanceOf(RangeError);
    expect(() => api.tell(null, { n: -1 })).toThrow(RangeError);
    expect(() => api.to(null).tell({ n: -1 })).toThrow(RangeError);
    await turn();
    expect(far.sends).toEqual([]);
    api.tell(null, { n: 1 });
    await turn();
    expect(far.heard.length).toBe(1);
  });

  it('are not passed to an async body, which is refused because it could not stop the call', async () => {
    class Late extends RemoteAPI {
      @outgoing tell(_to: Receivers, _args: object): void {
        // biome-ignore lint/correctness/noVoidTypeReturn: a mistake that the types cannot detect everywhere
        return Promise.reject(new Error('too late')) as never;
      }
    }
    const played = new Played();
    const far = played.visit();
    const api = await Late.connect(played.maker, { codec: 'jrpc?hello=off' });
    await turn();
    expect(() => api.tell(null, {})).toThrow('the body of tell is async');
    await turn();
    expect(far.sends).toEqual([]);
  });
});
