import { afterEach, describe, expect, it } from 'vitest';
import type { Options } from '../../src/index.js';
import type { ChaosCut } from '../../src/testing/chaos-proxy.js';
import { Random } from '../../src/testing/random.js';
import { until } from '../support/core-waiting.js';
import { clear, meet, turn } from './resuming.js';

afterEach(clear);

/** Two sides talk in both directions while their link is cut again and again. */
async function talk(address: string, options: Options, cuts: number): Promise<void> {
  const { client, server, proxy, seen } = await meet(address, { resume: true, ...options }, options);
  const random = new Random(7);
  const results: Promise<unknown>[] = [];
  const expected: unknown[] = [];
  let calls = 0;
  let said = 0;
  let told = 0;
  let open = 0;
  let running = true;
  const peer = [...server.peers.values()][0];
  const cutting = (async () => {
    for (let n = 1; n <= cuts; n++) {
      for (let turns = random.int(1, 60); turns > 0; turns--) await turn();
      const before = seen.client.filter((event) => event === 'resumed').length;
      proxy.cut(random.of(['rst', 'fin'] as [ChaosCut, ChaosCut]));
      await until(() => seen.client.filter((event) => event === 'resumed').length > before);
    }
    running = false;
  })();
  while (running) {
    // What is open is bounded, and with it what waits while there is no link.
    for (let n = open < 200 ? random.int(0, 4) : 0; n > 0; n--) {
      open++;
      client.note(null, { n: ++said, text: 'x'.repeat(random.int(0, 2_000)) });
      server.told(null, { n: ++told, text: 'x'.repeat(random.int(0, 2_000)) });
      const call = ++calls % 999;
      const asked = client.remote.ask({ n: call });
      const done = (): void => void open--;
      asked.then(done, done);
      results.push(asked, server.remote.confirm({ n: call }));
      expected.push(call * 2, call * 3);
    }
    if (open < 200 && random.next() < 0.05) {
      const to = random.int(1, 200);
      results.push(
        (async () => {
          let sum = 0;
          for await (const item of client.remote.count({ to })) sum += item;
          return sum;
        })(),
        client.remote.each({ to: 5, say: async (n) => n }),
      );
      expected.push((to * (to + 1)) / 2, 15);
    }
    await turn();
  }
  await cutting;
  expect(await Promise.all(results)).toEqual(expected);
  const counted = (n: number): number[] => Array.from({ length: n }, (_, at) => at + 1);
  await until(() => seen.notes.length === said && seen.told.length === told);
  expect(seen.notes).toEqual(counted(said));
  expect(seen.told).toEqual(counted(told));
  expect([...server.peers.values()][0]).toBe(peer);
  expect(seen.server.filter((event) => event !== 'resumed')).toEqual(['connect']);
  expect(seen.client.filter((event) => event !== 'resumed')).toEqual([]);
}

describe.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/', 'unix:/tmp/obverse-resume-test.sock'])(
  'over %s',
  (address) => {
    it.each<[string, Options]>([
      ['jrpc', {}],
      ['msgpack', { codec: 'msgpack' }],
    ])(
      'each call settles once, no notification is lost, streams and callbacks go on, however often links are cut: %s',
      async (_name, options) => {
        await talk(address, options, 15);
      },
      40_000,
    );
  },
);

it('the same under a security that takes its time', async () => {
  const later = async <T>(value: T): Promise<T> => {
    await turn();
    return value;
  };
  const security = {
    seal: (payload: never) => later({ info: { n: 1 }, payload }),
    open: (payload: never) => later(payload),
  };
  await talk('tcp://127.0.0.1:0', { security }, 15);
}, 40_000);
