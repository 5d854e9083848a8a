import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost, RpcError, topic, UsageError } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { Chat, serveChat } from './chat.js';
import { type Ability, type BeyondEngine, engines } from './engines.js';

/*
 * One class over every engine: only the address differs. What an engine does not have is refused with an error that says so.
 */

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function meet(engine: BeyondEngine, guests: readonly string[] = ['ann']) {
  const { serve, connect } = await engine.address();
  const server = await Chat.serve(serve, { logger: null });
  open.push(server);
  const seen = serveChat(server);
  const clients = [];
  for (const _name of guests) {
    const client = await Chat.invert().connect(connect ?? server.address, { timeout: 30_000, logger: null });
    open.push(client);
    const heard: string[] = [];
    client.said.connect((_sender, { text }) => void heard.push(text));
    client.confirm.connect((_sender, { question }) => question === 'sure?');
    clients.push({ client, heard });
  }
  const [first] = clients as [(typeof clients)[0]];
  return { server, seen, clients, ...first };
}

describe.each(Object.entries(engines))('a chat over %s', (_name, engine) => {
  const { lacks, program } = engine;
  const why = program?.why ?? '';
  afterAll(() => engine.close?.());
  const works = (what: string, run: () => Promise<void>): void => {
    it.skipIf(program?.absent)(`${what}${why}`, run);
  };
  /** What the engine has, or refuses: `refused` makes the call that is refused. */
  const does = (ability: Ability, what: string, run: () => Promise<void>, refused: () => Promise<unknown>): void => {
    const lack = lacks[ability];
    if (lack === undefined) works(what, run);
    else
      works(`${lack === 'silent' ? 'does not have' : 'refuses by name'}: ${what}`, async () => {
        const error: unknown = await refused().catch((thrown: unknown) => thrown);
        if (lack === 'silent') expect(error).toBe('silent');
        else expect((error as Error).message).toMatch(lack);
      });
  };

  works('asks, with metadata, and gets answers and errors', async () => {
    const { client } = await meet(engine);
    expect(await client.remote.join({ name: 'ann' })).toBe('welcome ann, en');
    expect(await client.to(null, { metadata: { language: 'de' } }).join({ name: 'ben' })).toBe('welcome ben, de');
    const error: unknown = await client.remote.join({ name: '' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ code: 4_000, message: 'a name, please', data: { field: 'name' } });
  });

  works('answers a thousand calls, each to the one who has asked', async () => {
    const { clients } = await meet(engine, ['ann', 'ben']);
    const asked = clients.flatMap(({ client }, who) =>
      Array.from({ length: 500 }, async (_, n) => [await client.remote.join({ name: `${who}-${n}` }), who, n] as const),
    );
    for (const [answer, who, n] of await Promise.all(asked)) expect(answer).toBe(`welcome ${who}-${n}, en`);
  });

  works('notifies, and flush() resolves when that has left', async () => {
    const { client, seen } = await meet(engine);
    client.remote.say({ text: 'hello' });
    await client.flush();
    await until(() => seen.lines.length === 1);
    expect(await client.remote.lines()).toEqual(['hello']);
  });

  works('leaves nothing pending when either side is closed', async () => {
    for (const closes of ['client', 'server'] as const) {
      const { client, server, seen } = await meet(engine);
      const count = (what: string): number => seen.waiting.filter((each) => each === what).length;
      const calls = Array.from({ length: 5 }, () => client.remote.wait().catch((error: unknown) => error));
      await until(() => count('begun') === 5);
      await { client, server }[closes].close();
      for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(ConnectionLost);
      await until(() => count('cancelled') === 5 && server.peers.size === 0);
      expect([client.pendingCalls(), server.pendingCalls()]).toEqual([[], []]);
    }
  });

  does(
    'broadcast',
    'tells everybody',
    async () => {
      const { clients, client } = await meet(engine, ['ann', 'ben', 'cid']);
      // The server knows those who have spoken.
      for (const each of clients) await each.client.remote.join({ name: 'somebody' });
      client.remote.say({ text: 'hello' });
      await until(() => clients.every(({ heard }) => heard.length === 1));
      for (const { heard } of clients) expect(heard).toEqual(['hello']);
    },
    async () => {
      const { client, heard } = await meet(engine);
      client.remote.say({ text: 'hello' });
      await client.remote.lines();
      expect(heard).toEqual([]);
      throw 'silent';
    },
  );

  does(
    'calls back',
    'is asked by the server while it waits for an answer',
    async () => {
      const { client } = await meet(engine);
      expect(await client.remote.leave()).toBe('bye');
    },
    async () => (await meet(engine)).client.remote.leave(),
  );

  does(
    'references',
    'passes a function, which the server calls',
    async () => {
      const { client } = await meet(engine);
      expect(await client.remote.each({ call: async (text) => `heard ${text}` })).toBe('heard from the server');
    },
    async () => (await meet(engine)).client.remote.each({ call: async (text) => text }),
  );

  does(
    'progress',
    'hears of the progress of a call',
    async () => {
      const { client } = await meet(engine);
      const progress: number[] = [];
      const onProgress = (n: number): void => void progress.push(n);
      expect(await client.to(null, { onProgress }).load({ parts: 3 })).toBe('3 loaded');
      expect(progress).toEqual([1, 2, 3]);
    },
    async () => (await meet(engine)).client.to(null, { onProgress: (_n: number) => {} }).load({ parts: 1 }),
  );

  does(
    'streams',
    'receives a stream',
    async () => {
      const { client } = await meet(engine);
      const items: number[] = [];
      for await (const item of client.remote.count({ to: 1_000 })) items.push(item);
      expect(items).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
    },
    async () => (await meet(engine)).client.remote.count({ to: 1 }).next(),
  );

  does(
    'cancel',
    'cancels a call, whose handler is told',
    async () => {
      const { client, seen } = await meet(engine);
      const controller = new AbortController();
      const waits = client.to(null, { signal: controller.signal }).wait();
      waits.catch(() => {});
      await until(() => seen.waiting.length === 1);
      controller.abort();
      await expect(waits).rejects.toThrow('the call was cancelled');
      await until(() => seen.waiting.length === 2);
    },
    async () => {
      throw 'silent';
    },
  );

  does(
    'topics',
    'receives what is sent to a topic, from the server and from another client',
    async () => {
      const { server, clients } = await meet(engine, ['ann', 'ben', 'cid']);
      const [ann, ben, cid] = clients as [(typeof clients)[0], (typeof clients)[0], (typeof clients)[0]];
      const end = await ann.client.subscribe('news.sport');
      await ben.client.subscribe('news.weather');
      server.said(topic('news.sport'), { text: 'goal' });
      server.said(topic('news.weather'), { text: 'rain' });
      await until(() => ann.heard.length === 1 && ben.heard.length === 1);
      expect([ann.heard, ben.heard, cid.heard]).toEqual([['goal'], ['rain'], []]);
      await end();
      server.said(topic('news.sport'), { text: 'another goal' });
      server.said(topic('news.weather'), { text: 'sun' });
      await server.flush();
      await until(() => ben.heard.length === 2);
      expect(ann.heard).toEqual(['goal']);
    },
    async () => {
      const { server, client } = await meet(engine);
      await expect(client.subscribe('news')).rejects.toThrow(UsageError);
      server.said(topic('news'), { text: 'goal' });
    },
  );
});
