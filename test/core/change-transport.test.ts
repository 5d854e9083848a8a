import { expect, it } from 'vitest';
import {
  ConnectionLost,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  UsageError,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: object): void {}
}

async function side() {
  const [first, second] = [new Played(), new Played()];
  const [old, young] = [first.visit('old'), second.visit('young')];
  const api = await Spec.connect(first.maker, { codec: 'jrpc?hello=off', logger: null });
  const events: string[] = [];
  api.on('connect', ({ id }) => events.push(`+${id}`));
  api.on('disconnect', ({ id }) => events.push(`-${id}`));
  return { api, first, second, old, young, events };
}

it('changeTransport sends new calls over the new transport, lets pending ones finish, and closes the old one', async () => {
  const { api, second, old, young, events } = await side();
  const before = api.question(null, { n: 1 });
  await turn();
  let changed = false;
  const changing = api.changeTransport(second.maker).then(() => {
    changed = true;
  });
  await until(() => api.peers.has('young'));
  await turn();
  expect([...api.peers.keys()]).toEqual(['young']);
  const after = api.question(null, { n: 2 });
  api.news(null, {});
  await turn();
  expect(old.heard.map(({ params }) => params.n)).toEqual([1]);
  expect(young.heard.map(({ method }) => method)).toEqual(['question', 'news']);
  expect([changed, old.closes.length]).toEqual([false, 0]);
  old.say({ jsonrpc: '2.0', id: old.heard[0].id, result: 'from the old one' });
  young.say({ jsonrpc: '2.0', id: young.heard[0].id, result: 'from the new one' });
  expect(await Promise.all([before, after])).toEqual(['from the old one', 'from the new one']);
  await changing;
  expect(old.closes).toEqual([undefined]);
  expect(young.closes).toEqual([]);
  expect(events).toEqual(['+young', '-old']);
});

it('changeTransport lets handlers finish whose callers are on the old transport', async () => {
  const { api, second, old } = await side();
  let answer = (_value: string): void => {};
  api.ask.connect(() => new Promise((resolve) => (answer = resolve)));
  old.say({ jsonrpc: '2.0', id: 1, method: 'ask' });
  const changing = api.changeTransport(second.maker);
  await until(() => api.peers.has('young'));
  await turn();
  answer('done');
  await changing;
  expect(old.heard).toEqual([{ jsonrpc: '2.0', id: 1, result: 'done' }]);
  expect(old.closes).toEqual([undefined]);
});

it('changeTransport keeps a peer of the new transport with the same name as one of the old', async () => {
  const { api, second, old } = await side();
  const pending = api.question(null, {});
  await turn();
  const changing = api.changeTransport(second.maker);
  await until(() => !api.peers.has('old'));
  second.visit('old');
  const young = api.peers.get('old');
  old.say({ jsonrpc: '2.0', id: old.heard[0].id, result: 1 });
  await pending;
  await changing;
  expect(api.peers.get('old')).toBe(young);
  expect(young).toBeDefined();
});

it('changeTransport disconnects a peer of the old transport', async () => {
  const { api, first, second, old } = await side();
  void api.question(null, {});
  await turn();
  const changing = api.changeTransport(second.maker);
  await until(() => !api.peers.has('old'));
  const late = first.visit('late');
  await turn();
  expect(late.closes).toEqual([undefined]);
  expect(api.peers.has('late')).toBe(false);
  old.say({ jsonrpc: '2.0', id: old.heard[0].id, result: 1 });
  await changing;
});

it('changeTransport keeps the old transport if the new one cannot be opened', async () => {
  const { api, second, old, events } = await side();
  const reason = new Error('no way');
  let closed = 0;
  const failing = { address: 'failing:', open: () => Promise.reject(reason), close: async () => void closed++ };
  expect(await failure(api.changeTransport(() => failing))).toBe(reason);
  expect(closed).toBe(1);
  expect(await failure(api.changeTransport('nothing:at-all'))).toBeInstanceOf(UsageError);
  const asked = api.question(null, {});
  await turn();
  old.say({ jsonrpc: '2.0', id: old.heard[0].id, result: 'still here' });
  expect(await asked).toBe('still here');
  expect(events).toEqual([]);
  await api.changeTransport(second.maker);
  expect(events).toEqual(['+young', '-old']);
});

it('changeTransport rejects pending calls if the side is closed meanwhile, and closes both transports', async () => {
  const { api, second, old, young } = await side();
  const pending = failure(api.question(null, {}));
  await turn();
  const changing = api.changeTransport(second.maker);
  await until(() => api.peers.has('young'));
  await turn();
  await api.close();
  await changing;
  expect(await pending).toBeInstanceOf(ConnectionLost);
  expect([old.closes.length > 0, young.closes.length > 0]).toEqual([true, true]);
});

it('changeTransport closes the new transport too if the side is closed while it opens', async () => {
  const { api, old } = await side();
  let opening = false;
  let closed = false;
  let giveUp = (_reason: Error): void => {};
  const changing = failure(
    api.changeTransport(() => ({
      address: 'slow:',
      open: () => {
        opening = true;
        return new Promise((_resolve, reject) => (giveUp = reject));
      },
      close: async () => {
        closed = true;
        giveUp(new ConnectionLost('closed before it was open'));
      },
    })),
  );
  await until(() => opening);
  await api.close();
  expect(closed).toBe(true);
  expect(old.closes.length).toBe(1);
  expect(await changing).toBeInstanceOf(ConnectionLost);
});

it('changeTransport throws for a side that cannot change its transport', async () => {
  const { api, second } = await side();
  const changing = api.changeTransport(second.maker);
  expect((await failure(api.changeTransport(second.maker))).message).toMatch('the transport is already being changed');
  await changing;
  await api.close();
  expect((await failure(api.changeTransport(second.maker))).message).toMatch(
    'while a side is open, and this one is closed',
  );
  expect(await failure(Spec.create().changeTransport('memory:x'))).toBeInstanceOf(UsageError);
});

it('changeTransport moves a client from one server to another while it calls', async () => {
  await using tcp = await Spec.serve('tcp://127.0.0.1:0');
  await using memory = await Spec.serve('memory:moved');
  tcp.ask.connect(async () => 'tcp');
  memory.ask.connect(async () => 'memory');
  await using client = await Spec.invert().connect(tcp.address);
  let loops = 0;
  let done = false;
  const answers = new Set<unknown>();
  const calling = (async () => {
    while (!done) {
      answers.add(await client.remote.ask({}));
      loops++;
    }
  })();
  await until(() => loops > 5);
  await client.changeTransport('memory:moved');
  await until(() => tcp.peers.size === 0);
  const then = loops;
  await until(() => loops > then + 5);
  done = true;
  await calling;
  expect(answers).toEqual(new Set(['tcp', 'memory']));
  expect(client.address).toBe('memory:moved');
});

it('changeTransport moves a server with its peers', async () => {
  await using server = await Spec.serve('tcp://127.0.0.1:0');
  const first = server.address;
  const lost: string[] = [];
  await using client = await Spec.invert().connect(first);
  client.on('disconnect', () => lost.push('client'));
  await until(() => server.peers.size === 1);
  await server.changeTransport('tcp://127.0.0.1:0');
  await until(() => lost.length === 1);
  expect(server.address).not.toBe(first);
  expect(await failure(Spec.invert().connect(first))).toBeInstanceOf(ConnectionLost);
  server.ask.connect(() => 'here');
  await using again = await Spec.invert().connect(server.address);
  expect(await again.remote.ask({})).toBe('here');
});

it('changeTransport makes each call over one transport, also while both are there: from the event "connect" on, over the new one', async () => {
  const { api, second, old, young } = await side();
  const answers: Promise<unknown>[] = [];
  answers.push(api.question(null, { n: 1 }));
  api.on('connect', () => {
    answers.push(api.question(null, { n: 2 }));
    api.news(null, { n: 3 });
  });
  const changing = api.changeTransport(second.maker);
  answers.push(api.question(null, { n: 4 }));
  await until(() => young.heard.length === 2);
  await turn();
  expect(old.heard.map(({ params }) => params.n)).toEqual([1, 4]);
  expect(young.heard.map(({ params }) => params.n)).toEqual([2, 3]);
  for (const link of [old, young])
    for (const { id, params } of link.heard) if (id !== undefined) link.say({ jsonrpc: '2.0', id, result: params.n });
  expect(await Promise.all(answers)).toEqual([1, 4, 2]);
  await changing;
});

it('changeTransport that fails after a link was there leaves all calls to the old transport', async () => {
  const { api, second, old, young } = await side();
  second.open = async (accept) => {
    young.receiver = accept(young);
    await turn();
    throw new Error('not this one');
  };
  await expect(api.changeTransport(second.maker)).rejects.toThrow('not this one');
  api.news(null, { n: 1 });
  await turn();
  expect(old.heard.map(({ params }) => params.n)).toEqual([1]);
});

it('changeTransport of a side that dials knows who comes over the old transport meanwhile: calls go over one transport all the same', async () => {
  const { api, first, second, old, young } = await side();
  second.open = async (accept) => {
    const late = first.visit('late');
    api.news(null, { n: 1 });
    young.receiver = accept(young);
    api.news(null, { n: 2 });
    await turn();
    expect([old, late, young].map(({ heard }) => heard.map(({ params }) => params.n))).toEqual([[1], [1], [2]]);
  };
  await api.changeTransport(second.maker);
  api.news(null, { n: 3 });
  await turn();
  expect(young.heard.map(({ params }) => params.n)).toEqual([2, 3]);
  expect(old.heard).toHaveLength(1);
});

it('changeTransport of a server leaves no peer of the old transport out as long as the new one is being opened', async () => {
  const [first, second] = [new Played(), new Played()];
  const old = [first.visit('ann'), first.visit('bob')];
  const api = await Spec.serve(first.maker, { codec: 'jrpc?hello=off', logger: null });
  const young = second.visit('eve');
  second.open = async (accept) => {
    young.receiver = accept(young);
    api.news(null, { n: 1 });
    await turn();
    expect([...old, young].map(({ heard }) => heard.length)).toEqual([1, 1, 1]);
  };
  await api.changeTransport(second.maker);
  api.news(null, { n: 2 });
  await turn();
  expect([...old, young].map(({ heard }) => heard.length)).toEqual([1, 1, 2]);
  await api.close();
});
