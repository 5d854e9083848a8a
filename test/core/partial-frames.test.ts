import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { RawClient } from '../support/core-raw.js';
import { Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
}
/** How many bytes a side buffers for its peers, and has read from all of them. */
function seen(side: { readonly peers: ReadonlyMap<string, unknown> }): { held: number; read: number } {
  type Inner = { session: { host: { load: { total: number } }; link: { input?: { bytesRead: number } } } };
  const sessions = [...side.peers.values()].map((peer) => (peer as Inner).session);
  const read = sessions.reduce((sum, { link }) => sum + (link.input?.bytesRead ?? 0), 0);
  return { held: sessions[0]?.host.load.total ?? 0, read };
}

it('a link with a large frame that does not grow is ended, and one with a frame that grows is not', async () => {
  using clock = stopClock();
  const log = new Log();
  await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: log });
  server.ask.connect(() => 'answered');
  using still = await RawClient.connect(server.address);
  using growing = await RawClient.connect(server.address);
  using small = await RawClient.connect(server.address);
  await until(() => server.peers.size === 3);
  const begin = '{"jsonrpc":"2.0","id":1,"method":"ask","params":{"a":"';
  still.write(`${begin}${'x'.repeat(100_000)}`);
  growing.write(`${begin}${'x'.repeat(100_000)}`);
  small.write(`${begin}${'x'.repeat(10_000)}`);
  await until(() => seen(server).held >= 210_000);
  for (let n = 0; n < 8 && !still.over; n++) {
    const { read } = seen(server);
    growing.write('x'.repeat(100_000));
    await until(() => seen(server).read === read + 100_000);
    await clock.turn(5_000);
  }
  await until(() => still.over);
  expect([growing.over, small.over]).toEqual([false, false]);
  expect(log.texts.join()).toMatch(/a frame must grow by 16384 bytes per second/);
  small.write('"}}\n');
  expect(await small.answers(1)).toEqual([{ jsonrpc: '2.0', id: 1, result: 'answered' }]);
});

it('a WebSocket with a large message that does not grow is ended', async () => {
  using clock = stopClock();
  await using server = await Spec.serve('ws://127.0.0.1:0', { logger: null });
  const socket = new WebSocket(server.address);
  await new Promise((resolve) => socket.once('open', resolve));
  await until(() => server.peers.size === 1);
  socket.send('x'.repeat(100_000), { fin: false });
  await until(() => seen(server).held >= 100_000);
  await clock.turn(60_000);
  await until(() => server.peers.size === 0);
  socket.terminate();
});
