import { describe, expect, it } from 'vitest';
import {
  Code,
  incoming,
  keep,
  type Limits,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
} from '../../src/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { Log, until } from '../support/core-waiting.js';
import { Basket, closing, type Step, sizeOf } from './sides.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) give(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true }) take(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming told(_sender: Sender, _args: { value: unknown }): void {}
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { value: unknown }): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: { value: unknown }): void {}
}

async function attacked(limits: Partial<Limits> = {}) {
  const played = new Played();
  const far = played.visit();
  const log = new Log();
  const api = closing(await Spec.connect(played.maker, { logger: log, limits, codec: 'jrpc' }));
  await turn();
  far.sends.length = 0;
  return { api, far, log };
}

const about = (more: object) => ({ jsonrpc: '2.0', method: 'rpc.about', params: { tagged: true, ...more } });
const call = (id: number, method: string, params: unknown) => ({ jsonrpc: '2.0', id, method, params });
const tell = (method: string, params: unknown) => ({ jsonrpc: '2.0', method, params });
const reply = (id: number, result: unknown) => ({ jsonrpc: '2.0', id, result });
const rpc = (tag: string, ...payload: unknown[]) => ({ $rpc: [tag, ...payload] });
/** The answer with this id. */
const answer = ({ heard }: PlayedLink, id: number) => heard.find((one) => one.id === id && one.method === undefined);
/** The messages with this method, in order. */
const said = ({ heard }: PlayedLink, method: string) =>
  heard.filter((one) => one.method === method).map(({ params }) => params);

describe('a peer that calls references it has not received', () => {
  it.each([[1], [0], [-1], [1.5], ['1'], [null], [{}], [[1]], ['__proto__'], ['x'.repeat(100_000)]])(
    'is refused for the id %j:',
    async (id) => {
      const { far } = await attacked();
      far.say(call(1, 'rpc.call', [id, null, []]));
      await turn();
      const { error } = answer(far, 1);
      expect(error.code).toBe(Code.InvalidParams);
      expect(error.message).toMatch(/^the reference( -?[\d.]+)? is not held: it was released, or never passed$/);
    },
  );

  it.each([
    [undefined],
    [[]],
    [{ id: 1 }],
    [[1]],
    [[1, null]],
    [[1, 5, []]],
    [[1, undefined, {}]],
    [[1, ['put'], []]],
    [[1, null, 'args']],
  ])('is refused for the shape %j:', async (params) => {
    const { far, api } = await attacked();
    api.give.connect(() => () => 1);
    far.say(call(1, 'give', {}), call(2, 'rpc.call', params));
    await turn();
    expect(answer(far, 2).error).toEqual({
      code: Code.InvalidParams,
      message: 'rpc.call takes the id of a reference, the name of a method or null, and a list of arguments',
    });
  });

  it.each([
    'constructor',
    '__proto__',
    'hasOwnProperty',
    'toString',
    '_hidden',
    'then',
    '',
    'put.call',
    '#items',
    null,
  ])('is refused for the member %j of an object:', async (member) => {
    const { far, api } = await attacked();
    api.give.connect(() => new Basket());
    far.say(call(1, 'give', {}), call(2, 'rpc.call', [1, member, []]));
    await turn();
    expect(answer(far, 1).result).toEqual(rpc('ref', 1, ['put', 'list', 'each'], ['each']));
    expect(answer(far, 2).error.code).toBe(Code.MethodNotFound);
  });

  it.each(['call', 'apply', 'constructor', 'bind', ''])(
    'is refused for the member %j of a function:',
    async (member) => {
      const { far, api } = await attacked();
      api.give.connect(() => () => 1);
      far.say(call(1, 'give', {}), call(2, 'rpc.call', [1, member, []]), call(3, 'rpc.call', [1, null, []]));
      await turn();
      expect(answer(far, 2).error.code).toBe(Code.MethodNotFound);
      expect(answer(far, 3).result).toBe(1);
    },
  );

  it('calls nothing with a notification', async () => {
    const { far, api } = await attacked();
    let calls = 0;
    api.give.connect(() => () => ++calls);
    far.say(call(1, 'give', {}), tell('rpc.call', [1, null, []]));
    await turn();
    expect(calls).toBe(0);
  });

  it('cannot call what was passed to another peer', async () => {
    const played = new Played();
    const [one, other] = [played.visit('one'), played.visit('other')];
    const api = closing(await Spec.serve(played.maker, { logger: null }));
    await turn();
    api.give.connect(() => () => 'secret');
    one.say(call(1, 'give', {}));
    other.say(call(2, 'rpc.call', [1, null, []]), about({ call: 3 }), call(3, 'take', { value: rpc('own', 1) }));
    await turn();
    expect(answer(one, 1).result).toEqual(rpc('fn', 1));
    expect(answer(other, 2).error.code).toBe(Code.InvalidParams);
    expect(answer(other, 3).error.code).toBe(Code.InvalidParams);
  });
});

describe('a peer that releases and keeps references at will', () => {
  it('frees only what it holds itself', async () => {
    const { far, api, log } = await attacked();
    const step: Step = (n) => n;
    const asked = api.ask(null, { value: step });
    far.say(...Array.from({ length: 5 }, () => tell('rpc.release', [1])));
    // The call still holds it: the peer can call it and pass it back.
    far.say(call(9, 'rpc.call', [1, null, [5]]));
    await turn();
    expect(answer(far, 9).result).toBe(5);
    far.say(about({ answer: 1 }), reply(1, rpc('own', 1)));
    expect(await asked).toBe(step);
    expect(log.texts).toHaveLength(5);
    expect(log.texts[0]).toBe('rpc.release of 1, which the peer does not hold');
    expect(sizeOf(api)).toBe(0);
  });

  it('holds one reference, however often it keeps it', async () => {
    const { far, api } = await attacked();
    void api.ask(null, { value: () => 1 }).catch(() => {});
    for (let n = 0; n < 10_000; n++) far.say(tell('rpc.keep', [1, 1, 2, 'x', null]));
    far.say(reply(1, null));
    expect(sizeOf(api)).toBe(1);
    for (let n = 0; n < 20_000; n++) far.say(tell('rpc.release', [1]));
    await until(() => sizeOf(api) === 0);
  });

  it.each([[['x']], [[{}]], [[null]], [[7]], [[]], [undefined], [{ id: 7 }]])('is ignored for %j:', async (params) => {
    const { far, api, log } = await attacked();
    far.say(tell('rpc.keep', params), tell('rpc.release', params));
    expect([sizeOf(api), log.texts]).toEqual([0, []]);
  });
});

describe('a peer that passes malformed references', () => {
  it.each([
    ['no id', rpc('fn')],
    ['a text for an id', rpc('fn', '1')],
    ['a fraction for an id', rpc('fn', 1.5)],
    ['methods that are not a list', rpc('ref', 1, 'put')],
    ['no methods', rpc('ref', 1)],
    ['methods that are not names', rpc('ref', 1, [['put']])],
    ['a method twice', rpc('ref', 1, ['put', 'put'])],
    ['a method that is a namespace, too', rpc('ref', 1, ['room', 'room.join'])],
    ['a namespace that is a method, too', rpc('ref', 1, ['room.join', 'room'])],
    ['a promise', rpc('ref', 1, ['then'])],
    ['a promise within', rpc('ref', 1, ['room.then'])],
    ['streams that are not a list', rpc('ref', 1, ['put'], 'put')],
    [
      'too many methods',
      rpc(
        'ref',
        1,
        Array.from({ length: 1_001 }, (_, n) => `m${n}`),
      ),
    ],
    ['a stream without a number', rpc('stream', 'x')],
    ['its own that is not there', rpc('own', 1)],
  ])('has its call refused, and nothing is held: %s', async (_what, value) => {
    const { far, api } = await attacked();
    api.take.connect(() => 'taken');
    far.say(about({ call: 1 }), call(1, 'take', { value: [rpc('fn', 7), value, rpc('fn', 8)] }));
    await turn();
    expect([Code.InvalidRequest, Code.InvalidParams]).toContain(answer(far, 1).error.code);
    // Both sides know that an answered call holds nothing.
    expect(said(far, 'rpc.release')).toEqual([]);
    expect(sizeOf(api)).toBe(0);
    far.say(about({ call: null }), tell('told', { value: [rpc('fn', 7), value, rpc('fn', 8)] }));
    await turn();
    expect(said(far, 'rpc.release').flat()).toEqual(expect.arrayContaining([7, 8]));
    const asked = api.ask(null, { value: 1 });
    far.say(about({ answer: 1 }), reply(1, [rpc('fn', 7), value, rpc('fn', 8)]));
    await expect(asked).rejects.toThrow();
    await turn();
    expect(
      said(far, 'rpc.release')
        .flat()
        .filter((id) => id === 8),
    ).toHaveLength(2);
    expect(sizeOf(api)).toBe(0);
  });

  it('can use names of prototype members like any other', async () => {
    const { far, api } = await attacked();
    const names = ['__proto__', 'constructor', 'prototype', 'a.__proto__.polluted', 'constructor.prototype.polluted2'];
    let keys: string[] = [];
    api.take.connect((_sender, { value }) => {
      keys = Object.getOwnPropertyNames(value as object);
      expect(Object.getPrototypeOf(Object.getPrototypeOf(value))).toBeNull();
    });
    far.say(about({ call: 1 }), call(1, 'take', { value: rpc('ref', 1, names.slice(0, 4)) }));
    await turn();
    expect(keys).toEqual(['__proto__', 'constructor', 'prototype', 'a']);
    expect(answer(far, 1).result).toBeNull();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('passes one object if it uses an id twice', async () => {
    const { far, api } = await attacked();
    api.take.connect((_sender, { value }) => (value as unknown[]).every((one) => one === (value as unknown[])[0]));
    far.say(about({ call: 1 }), call(1, 'take', { value: [rpc('fn', 1), rpc('ref', 1, ['a']), rpc('fn', 1)] }));
    await turn();
    expect(answer(far, 1).result).toBe(true);
    expect(sizeOf(api)).toBe(0);
  });
});

describe('the limit "references"', () => {
  it('limits what a peer passes: 10,001 by default', async () => {
    const { far, api } = await attacked();
    api.take.connect((_sender, { value }) => (value as unknown[]).length);
    const value = Array.from({ length: 10_001 }, (_, n) => rpc('fn', n));
    far.say(about({ call: 1 }), call(1, 'take', { value }));
    far.say(about({ call: 2 }), call(2, 'take', { value: value.slice(1) }));
    await turn();
    expect(answer(far, 1).error).toMatchObject({
      code: Code.TooLarge,
      message: expect.stringContaining('"references"'),
    });
    expect(answer(far, 2).result).toBe(10_000);
    expect(sizeOf(api)).toBe(0);
  });

  it('limits what it passes in calls that are never answered, and in results', async () => {
    const { far, api } = await attacked({ references: 10 });
    api.take.connect(() => new Promise(() => {}));
    for (let id = 1; id <= 11; id++) far.say(about({ call: id }), call(id, 'take', { value: rpc('fn', id) }));
    await turn();
    expect(far.heard.filter(({ error }) => error !== undefined).map(({ id }) => id)).toEqual([11]);
    const asked = api.ask(null, { value: 1 });
    far.say(about({ answer: 1 }), reply(1, rpc('fn', 12)));
    await expect(asked).rejects.toMatchObject({ code: Code.TooLarge });
    await turn();
    expect(said(far, 'rpc.release')).toEqual([[12]]);
  });

  it('counts an object with many methods as several', async () => {
    const { far, api } = await attacked({ references: 10 });
    api.take.connect((_sender, { value }) => Object.keys(value as object).length);
    const methods = (count: number) => Array.from({ length: count }, (_, n) => `m${n}`);
    far.say(about({ call: 1 }), call(1, 'take', { value: rpc('ref', 1, methods(16 * 10)) }));
    far.say(about({ call: 2 }), call(2, 'take', { value: rpc('ref', 2, methods(16 * 10 - 1)) }));
    await turn();
    expect(answer(far, 1).error.code).toBe(Code.TooLarge);
    expect(answer(far, 2).result).toBe(159);
    expect(sizeOf(api)).toBe(0);
  });

  it('limits the results that a peer holds without releasing them', async () => {
    const { far, api } = await attacked({ references: 10 });
    api.give.connect(() => () => 1);
    for (let id = 1; id <= 11; id++) far.say(call(id, 'give', {}));
    await turn();
    expect(answer(far, 10).result).toEqual(rpc('fn', 10));
    expect(answer(far, 11).error).toMatchObject({
      code: Code.TooLarge,
      message: expect.stringContaining('"references"'),
    });
    await expect(api.ask(null, { value: () => 1 })).rejects.toMatchObject({ code: Code.Busy });
    expect(() => api.news(null, { value: [() => 1] })).toThrow('"references"');
    far.say(tell('rpc.release', [1, 2]));
    far.say(call(12, 'give', {}));
    await turn();
    expect(answer(far, 12).result).toEqual(rpc('fn', 11));
    expect(sizeOf(api)).toBe(9);
  });

  it('limits what handlers keep of a peer', async () => {
    const { far, api } = await attacked({ references: 10 });
    api.told.connect((_sender, { value }) => void keep(value as Step));
    for (let id = 1; id <= 11; id++) far.say(about({ call: null }), tell('told', { value: rpc('fn', id) }));
    await turn();
    expect(sizeOf(api)).toBe(10);
    expect(said(far, 'rpc.keep').flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(said(far, 'rpc.release').flat()).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].filter((id) => id !== 11).concat(11),
    );
  });
});

describe('a peer whose answers are not expected', () => {
  it('gets back what it passes in an answer that nobody awaits', async () => {
    const { far, api } = await attacked();
    far.say(about({ answer: 77 }), reply(77, [rpc('own', 5), rpc('fn', 3), rpc('nonsense', rpc('ref', 4, 5))]));
    await turn();
    expect(said(far, 'rpc.release')).toEqual([[3, 4]]);
    expect(sizeOf(api)).toBe(0);
  });

  it('gets it back from progress and items that nobody has asked for', async () => {
    const { far, api } = await attacked();
    far.say(tell('rpc.progress', [5, [rpc('fn', 3)], true]), tell('rpc.next', [6, [rpc('fn', 4)], true]));
    void api.ask(null, { value: 1 }).catch(() => {});
    far.say(tell('rpc.progress', [1, [rpc('fn', 5)], true]));
    await turn();
    expect(said(far, 'rpc.release')).toEqual([[3], [4], [5]]);
    expect(sizeOf(api)).toBe(0);
  });

  it('gets it back from a message that is nested too deep', async () => {
    const { far, api } = await attacked({ depth: 10 });
    const deep = JSON.parse(`${'['.repeat(20)}${JSON.stringify(rpc('fn', 3))}${']'.repeat(20)}`);
    const asked = api.ask(null, { value: 1 });
    far.say(about({ answer: 1 }), reply(1, deep));
    await expect(asked).rejects.toMatchObject({ code: Code.TooLarge });
    far.say(about({ call: null }), tell('told', { value: deep }));
    await turn();
    expect(said(far, 'rpc.release')).toEqual([[3], [3]]);
  });
});
