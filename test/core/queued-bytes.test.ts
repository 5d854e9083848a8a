import { expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number; text: string }): Reply<number> {}
}

it('counts the bytes of a frame once, however many of its calls wait', async () => {
  const limits = { bufferedBytes: 20_000 };
  await using server = await Desk.serve('tcp://127.0.0.1:0', { concurrency: 1, limits, logger: null });
  let release = (): void => {};
  server.ask.connect((_sender, { n }) => (n > 0 ? n : new Promise((resolve) => (release = () => resolve(0)))));
  using peer = await RawClient.connect(server.address);
  // 50 calls in 13 KB: less than the bound, and 50 times as much would be more than twice the bound.
  peer.write(
    Array.from({ length: 50 }, (_, n) => ({
      jsonrpc: '2.0',
      id: n,
      method: 'ask',
      params: { n, text: 'x'.repeat(200) },
    })),
  );
  await until(() => server.stats().queuedCalls === 49);
  release();
  const [answers] = (await peer.answers(1)) as [{ result: number }[]];
  expect(answers.map(({ result }) => result)).toEqual(Array.from({ length: 50 }, (_, n) => n));
});
