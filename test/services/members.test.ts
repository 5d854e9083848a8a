import { describe, expect, it } from 'vitest';
import { ConnectionLost } from '../../src/index.js';
import { caller, room, worker } from './service-spec.js';

for (const how of ['', '&blind'])
  describe(`a service of members${how}`, () => {
    it('is one peer, whose members get the calls in turn', async () => {
      const url = room(how);
      for (const name of ['ann', 'bob', 'cid']) (await worker(url)).who.connect(() => name);
      const jobs = await caller(url);
      const seen: string[] = [];
      jobs.on('connect', (peer) => seen.push(peer.id));
      const names = await Promise.all(Array.from({ length: 30 }, () => jobs.who(null)));
      for (const name of ['ann', 'bob', 'cid']) expect(names.filter((each) => each === name)).toHaveLength(10);
      expect(jobs.peers.size).toBe(1);
      expect(seen).toEqual([]);
    });

    it('calls back with equal ids, and each answer goes to its own member', async () => {
      const url = room(how);
      for (const name of ['ann', 'bob', 'cid', 'dan']) {
        const side = await worker(url);
        side.meet.connect(async (sender) => `${name} met ${await side.name(sender)}`);
      }
      const callers = await Promise.all(
        ['w', 'x', 'y', 'z'].map(async (name) => {
          const side = await caller(url);
          side.name.connect(() => name);
          return side;
        }),
      );
      const met = await Promise.all(
        Array.from({ length: 400 }, async (_, n) => [n % 4, await callers[n % 4]!.meet(null)] as const),
      );
      for (const [at, text] of met) expect(text).toMatch(new RegExp(`met ${'wxyz'[at]}$`));
      expect(new Set(met.map(([, text]) => text)).size).toBe(16);
    });

    it('carries streams, functions, streams as arguments, progress and values', async () => {
      const url = room(how);
      for (let n = 0; n < 2; n++) {
        const side = await worker(url);
        side.count.connect(async function* (_sender, { to }) {
          for (let i = 0; i < to; i++) yield i;
        });
        side.each.connect(async (sender, { step }) => {
          sender.progress('half');
          return `${await step(1)} ${await step(2)}`;
        });
        side.sum.connect(async (_sender, { of }) => {
          let sum = 0;
          for await (const each of of) sum += each;
          return sum;
        });
        side.when.connect((_sender, { at }) => at + 1n);
        let count = 0;
        side.counter.connect(() => () => ++count);
      }
      const jobs = await caller(url);
      const items: number[] = [];
      for await (const item of jobs.count(null, { to: 1_000 })) items.push(item);
      expect(items).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
      const progress: unknown[] = [];
      const stepped = jobs.to(null, { onProgress: (value) => progress.push(value) }).each({ step: (n) => n * 2 });
      expect(await stepped).toBe('2 4');
      expect(progress).toEqual(['half']);
      async function* numbers() {
        for (let i = 0; i < 600; i++) yield i;
      }
      expect(await jobs.sum(null, { of: numbers() })).toBe((599 * 600) / 2);
      expect(await jobs.when(null, { at: 5n })).toBe(6n);
      const counter = await jobs.counter(null);
      expect([await counter(), await counter()]).toEqual([1, 2]);
    });

    it('cancels a call where it is carried out', async () => {
      const url = room(how);
      const side = await worker(url);
      const cancelled = new Promise<string>((resolve) => {
        side.slow.connect((sender) => {
          sender.signal.addEventListener('abort', () => resolve('aborted'));
          return new Promise(() => {});
        });
      });
      const jobs = await caller(url);
      const stop = new AbortController();
      const call = jobs.to(null, { signal: stop.signal }).slow({ n: 1 });
      call.catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      stop.abort();
      await expect(call).rejects.toThrow('cancelled');
      expect(await cancelled).toBe('aborted');
    });

    it('rejects at once where nobody serves', async () => {
      const jobs = await caller(room(how));
      const error = await jobs.who(null).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConnectionLost);
      expect((error as ConnectionLost).maybeExecuted).toBe(false);
    });

    it('sends notifications, each to one member', async () => {
      const url = room(how);
      const told: string[] = [];
      for (const name of ['ann', 'bob'])
        (await worker(url)).told.connect((_sender, { text }) => void told.push(`${name} ${text}`));
      const jobs = await caller(url);
      for (const text of ['1', '2', '3']) jobs.told(null, { text });
      await new Promise((resolve) => setImmediate(resolve));
      expect(told).toHaveLength(3);
      expect(new Set(told.map((each) => each.slice(0, 3))).size).toBe(2);
    });

    it('notifies all with what a member sends to null, once', async () => {
      const url = room(how);
      const sides = [await worker(url), await worker(url)];
      for (const side of sides) side.who.connect(() => 'me');
      const heard: string[] = [];
      for (const name of ['x', 'y', 'z']) {
        const jobs = await caller(url);
        jobs.news.connect((_sender, { text }) => void heard.push(`${name} ${text}`));
        if (name !== 'z') await jobs.who(null);
      }
      sides[0]?.news(null, { text: 'hello' });
      await new Promise((resolve) => setImmediate(resolve));
      expect(heard.sort()).toEqual(['x hello', 'y hello', 'z hello']);
    });
  });
