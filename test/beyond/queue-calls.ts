import { expect } from 'vitest';
import { topic, UsageError } from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { serveChat } from './chat.js';
import type { Check } from './queue-ends.js';

/** A call over a stream is refused for its answer, whatever else it has. */
const ONLY_NOTIFICATIONS = /its link carries only notifications/;

/** Checks of calls with answers, and of what needs the caller. */
export const calls: Readonly<Record<string, Check>> = {
  requests: async (queue) => {
    const boss = await queue.boss();
    if (queue.cell === 'no') {
      expect((await failure((async () => boss.remote.other())())).message).toMatch(ONLY_NOTIFICATIONS);
      return;
    }
    let count = 0;
    const key = boss.to(null, { delivery: { key: 'sum' } });
    const given = [boss.remote.add({ a: 2, b: 40 }), key.add({ a: 1, b: 2 })];
    await boss.flush();
    const worker = await queue.worker((side) => {
      side.add.connect((_sender, { a, b }) => {
        count++;
        return a + b;
      });
    });
    expect(await Promise.all(given)).toEqual([42, 3]);
    await Promise.all([boss.close(), worker.close()]);
    const later = await queue.boss();
    expect([await later.to(null, { delivery: { key: 'sum' } }).add({ a: 0, b: 0 }), count]).toEqual([3, 2]);
  },

  progress: async (queue) => {
    const { client } = await queue.chat(serveChat);
    let heard = 0;
    const asked = (async () => client.to(null, { onProgress: () => void heard++ }).load({ parts: 3 }))();
    if (queue.engine.guarantees.requests === 'no') expect((await failure(asked)).message).toMatch(ONLY_NOTIFICATIONS);
    else {
      expect(await asked).toBe('3 loaded');
      expect(heard).toBe(0);
    }
  },

  streams: async (queue) => {
    const { client } = await queue.chat(serveChat);
    const items: number[] = [];
    const read = async (): Promise<void> => {
      for await (const item of client.remote.count({ to: 100 })) items.push(item);
    };
    if (queue.cell === 'no') expect((await failure(read())).message).toMatch(ONLY_NOTIFICATIONS);
    else {
      await read();
      expect(items).toEqual(Array.from({ length: 100 }, (_each, n) => n + 1));
    }
  },

  'a cancelled call is cancelled at its handler': async (queue) => {
    const seen: string[] = [];
    let end = (): void => {};
    const { client } = await queue.chat((server) => {
      server.wait.connect(async (sender) => {
        seen.push('begun');
        await new Promise<void>((resolve) => {
          end = resolve;
        });
        seen.push(sender.signal.aborted ? 'cancelled' : 'done');
      });
      server.join.connect(() => 'welcome');
    });
    const controller = new AbortController();
    const asked = (async () => client.to(null, { signal: controller.signal }).wait())();
    asked.catch(() => {});
    if (queue.engine.guarantees.requests === 'no') {
      expect((await failure(asked)).message).toMatch(ONLY_NOTIFICATIONS);
      return;
    }
    await until(() => seen.length === 1);
    controller.abort();
    await expect(asked).rejects.toThrow('the call was cancelled');
    // A call that comes later is answered: what there is to say of the first one has been said.
    expect(await client.remote.join({ name: 'ann' })).toBe('welcome');
    end();
    await until(() => seen.length === 2);
    expect(seen).toEqual(['begun', 'done']);
  },

  'the server calls its caller': async (queue) => {
    const errors: unknown[] = [];
    const { client } = await queue.chat((server) => {
      server.say.connect(async (sender) => {
        errors.push(await failure((async () => server.confirm(sender, { question: 'sure?' }))()));
      });
    });
    client.remote.say({ text: 'hello' });
    await until(() => errors.length === 1);
    expect(errors[0]).toBeInstanceOf(UsageError);
  },

  'functions and objects as arguments': async (queue) => {
    const { client } = await queue.chat(serveChat);
    const asked = (async () => client.remote.each({ call: async (text) => text }))();
    expect(await failure(asked)).toBeInstanceOf(UsageError);
  },

  '`null` on a server: all clients': async (queue) => {
    let said = 0;
    const { client, server } = await queue.chat((served) => {
      served.say.connect(() => {
        served.said(null, { text: 'to all' });
        said++;
      });
    });
    let heard = 0;
    client.said.connect(() => void heard++);
    client.remote.say({ text: 'hello' });
    await until(() => said === 1);
    await server.flush();
    await client.flush();
    expect(heard).toBe(0);
  },

  topics: async (queue) => {
    const { client, server } = await queue.chat(serveChat);
    expect(await failure((async () => client.subscribe('news'))())).toBeInstanceOf(UsageError);
    expect(() => server.said(topic('news'), { text: 'goal' })).toThrow(UsageError);
  },
};
