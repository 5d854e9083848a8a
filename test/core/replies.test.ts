import { expect, it } from 'vitest';
import { Code, incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: object): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
}

async function side(peers = 1) {
  const played = new Played();
  const links = Array.from({ length: peers }, (_, n) => played.visit(`far${n}`));
  const log = new Log();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: log });
  await turn();
  const far = links[0] as NonNullable<(typeof links)[0]>;
  return { api, links, far, log };
}

it('a request that is called without an id is not answered', async () => {
  const { api, far, log } = await side();
  let calls = 0;
  api.ask.connect(async () => ++calls);
  far.say({ jsonrpc: '2.0', method: 'ask', params: {} });
  await turn();
  expect(calls).toBe(1);
  expect(far.sends).toEqual([]);
  api.ask.connect(() => {
    throw new Error('nobody awaits this');
  });
  far.say({ jsonrpc: '2.0', method: 'ask', params: {} });
  await turn();
  expect(far.sends).toEqual([]);
  expect(log.texts).toEqual(['nobody awaits this']);
});

it.each([1, 'x', null])('a notification that is called with the id %j is answered with null', async (id) => {
  const { api, far } = await side();
  api.tell.connect(() => 'not this' as never);
  far.say({ jsonrpc: '2.0', id, method: 'tell', params: {} });
  await turn();
  expect(far.heard).toEqual([{ jsonrpc: '2.0', id, result: null }]);
});

it('a notification with an id is answered when its handlers are done, with null even if they fail', async () => {
  const { api, far, log } = await side();
  let done = (): void => {};
  api.tell.connect(() => new Promise<void>((resolve) => (done = resolve)) as never);
  api.tell.connect(() => {
    throw new Error('reported');
  });
  far.say({ jsonrpc: '2.0', id: 1, method: 'tell', params: {} });
  await turn();
  expect(far.sends).toEqual([]);
  done();
  await turn();
  expect(far.heard).toEqual([{ jsonrpc: '2.0', id: 1, result: null }]);
  expect(log.texts).toEqual(['reported']);
  expect(log.warnings[0]?.[0]).toMatch('(message 1)');
});

it.each([0, -1, 2 ** 53 - 1, '', 'a "b"', '1', null])('the id %j is returned unchanged', async (id) => {
  const { api, far } = await side();
  api.ask.connect(async () => 'yes');
  far.say({ jsonrpc: '2.0', id, method: 'ask', params: {} });
  await turn();
  expect(far.heard).toEqual([{ jsonrpc: '2.0', id, result: 'yes' }]);
});

it.each([{}, [], true])('an id that is %j is refused', async (id) => {
  const { far } = await side();
  far.say({ jsonrpc: '2.0', id, method: 'ask', params: {} });
  await turn();
  expect(far.heard).toEqual([
    {
      jsonrpc: '2.0',
      id: null,
      error: { code: Code.InvalidRequest, message: expect.stringMatching(/^Invalid Request: "id" is a string/) },
    },
  ]);
});

it('an id that is in use is refused, and accepted again once it was answered', async () => {
  const { api, far } = await side();
  const answer: ((value: string) => void)[] = [];
  api.ask.connect(() => new Promise((resolve) => answer.push(resolve)));
  const call = { jsonrpc: '2.0', id: 7, method: 'ask', params: {} };
  far.say(call, call, { ...call, id: '7' });
  await turn();
  expect(far.heard).toEqual([
    { jsonrpc: '2.0', id: 7, error: { code: Code.InvalidRequest, message: 'the id 7 is in use' } },
  ]);
  expect(answer.length).toBe(2);
  for (const give of answer) give('yes');
  await turn();
  far.say(call);
  await turn();
  expect(answer.length).toBe(3);
});

it('an id of a queued call is refused', async () => {
  const played = new Played();
  const far = played.visit();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', concurrency: 1 });
  await turn();
  const done: (() => void)[] = [];
  api.ask.connect(() => new Promise<void>((resolve) => done.push(resolve)));
  for (const id of [1, 2, 2, 3]) far.say({ jsonrpc: '2.0', id, method: 'ask', params: {} });
  await turn();
  expect(far.heard.map(({ id, error }) => [id, error.code])).toEqual([[2, Code.InvalidRequest]]);
  for (let n = 0; n < 3; n++) {
    done[n]?.();
    await turn();
  }
  expect(far.heard.slice(1).map(({ id }) => id)).toEqual([1, 2, 3]);
});

it('an id of a queued call whose handler is synchronous is accepted again', async () => {
  const played = new Played();
  const far = played.visit();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', concurrency: 1 });
  await turn();
  let finish = (_value: unknown): void => {};
  api.ask.connect((_sender, args) => ('wait' in args ? new Promise((resolve) => (finish = resolve)) : 'at once'));
  const call = (id: number, params: object) => far.say({ jsonrpc: '2.0', id, method: 'ask', params });
  call(1, { wait: true });
  call(2, {});
  finish('later');
  await turn();
  call(3, { wait: true });
  call(2, {});
  finish('later');
  await turn();
  expect(far.heard.map(({ id, result }) => [id, result])).toEqual([
    [1, 'later'],
    [2, 'at once'],
    [3, 'later'],
    [2, 'at once'],
  ]);
});

it('a second call with the id null does not end the first', async () => {
  const { api, far } = await side();
  api.ask.connect(async () => 'yes');
  far.say(...[1, 2].map(() => ({ jsonrpc: '2.0', id: null, method: 'ask', params: {} })));
  await turn();
  expect(far.heard.map(({ result }) => result)).toEqual(['yes', 'yes']);
});

it('a reply is accepted only from the peer that was called', async () => {
  const { api, links, log } = await side(2);
  const [asked, other] = links as [(typeof links)[0], (typeof links)[0]];
  const answer = api.question('far0', {});
  await turn();
  const { id } = asked.heard[0];
  other.say({ jsonrpc: '2.0', id, result: 'forged' }, { jsonrpc: '2.0', id, error: { code: 1, message: 'forged' } });
  await turn();
  expect(log.texts).toEqual([
    'an answer to a call that this side has not made: id 1',
    'an error (1: forged) to a call that this side has not made: id 1',
  ]);
  expect(log.warnings.every(([text]) => (text as string).includes('far1'))).toBe(true);
  asked.say({ jsonrpc: '2.0', id, result: 'genuine' });
  expect(await answer).toBe('genuine');
});

it.each([0, 2, -1, 65_537, 2 ** 53 - 1, '1', null, ''])(
  'a reply that matches no call is reported, with the id %j, and pending calls are kept',
  async (id) => {
    const { api, far, log } = await side();
    const answer = api.question(null, {});
    far.say({ jsonrpc: '2.0', id, result: 'forged' });
    await turn();
    expect(log.texts).toEqual([`an answer to a call that this side has not made: id ${JSON.stringify(id)}`]);
    far.say({ jsonrpc: '2.0', id: 1, result: 'genuine' });
    expect(await answer).toBe('genuine');
    expect(far.closes).toEqual([]);
  },
);

it('a second reply to the same call is reported', async () => {
  const { api, far, log } = await side();
  const answer = api.question(null, {});
  far.say({ jsonrpc: '2.0', id: 1, result: 1 }, { jsonrpc: '2.0', id: 1, result: 2 });
  expect(await answer).toBe(1);
  expect(log.warnings.length).toBe(1);
});

it('a late reply is ignored, and never matches a later call', async () => {
  const { api, far, log } = await side();
  const given = failure(api.to(null, { timeout: 5 }).question({ n: 1 }));
  await turn();
  const late = far.heard[0].id;
  await given;
  const answer = api.question(null, { n: 2 });
  await until(() => far.heard.length === 2);
  const { id } = far.heard[1];
  expect(id).not.toBe(late);
  far.say({ jsonrpc: '2.0', id: late, result: 'late' });
  far.say({ jsonrpc: '2.0', id: late, error: { code: 1, message: 'later still' } });
  far.say({ jsonrpc: '2.0', id, result: 'in time' });
  expect(await answer).toBe('in time');
  expect(log.warnings).toEqual([]);
});

it('ids are small, and begin with 1', async () => {
  const { api, far } = await side();
  for (let round = 0; round < 3; round++) {
    const answers = [api.question(null, {}), api.question(null, {})];
    await turn();
    for (const { id } of far.heard.slice(-2)) far.say({ jsonrpc: '2.0', id, result: round });
    expect(await Promise.all(answers)).toEqual([round, round]);
  }
  expect(new Set(far.heard.map(({ id }) => id))).toEqual(new Set([1, 2]));
});
