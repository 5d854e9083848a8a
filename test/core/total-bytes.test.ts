import { expect, it } from 'vitest';
import { incoming, RemoteAPI, type Sender } from '../../src/index.js';
import { until } from '../support/core-waiting.js';

class Store extends RemoteAPI {
  @incoming keep(_sender: Sender, _args: { text: string }): void {}
}

it('a peer that is cut for what all peers hold counts once: handlers of no more than totalBytes run at a time', async () => {
  const limits = { totalBytes: 1_000_000 };
  await using server = await Store.serve('tcp://127.0.0.1:0', { logger: null, limits });
  let running = 0;
  let most = 0;
  let begun = 0;
  server.keep.connect(async (sender) => {
    begun++;
    most = Math.max(most, ++running);
    await new Promise((resolve) => sender.signal.addEventListener('abort', resolve));
    running--;
  });
  const clients: { close(): Promise<void> }[] = [];
  for (let n = 1; n <= 12; n++) {
    const client = await Store.invert().connect(server.address, { logger: null });
    clients.push(client);
    client.keep(null, { text: 'x'.repeat(200_000) });
    await until(() => begun === n);
  }
  // Five would fit, if nothing else counted. Where another one begins, the one that holds the most is cut.
  expect(most).toBeLessThanOrEqual(6);
  expect(running).toBeLessThanOrEqual(5);
  await Promise.all(clients.map((client) => client.close()));
});
