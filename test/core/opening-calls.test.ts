import { ConnectionLost, incoming, RemoteAPI, type Sender, type TransportMaker } from 'obverse';
import { expect, it } from 'vitest';
import { failure, until } from '../support/core-waiting.js';

class Notes extends RemoteAPI {
  @incoming note(_sender: Sender, _args: { readonly n: number }): void {}
}

const OPENING = 'the side is still opening: await open() first';

it('a notification of a side that is still opening throws, and arrives once it is open', async () => {
  await using server = await Notes.serve('tcp://127.0.0.1:0', { logger: null });
  const arrived: number[] = [];
  server.note.connect((_sender, { n }) => void arrived.push(n));
  await using client = Notes.invert().create({ transport: server.address, logger: null });
  const opened = client.open();
  const ways: (() => unknown)[] = [
    () => client.remote.note({ n: 1 }),
    () => client.note(null, { n: 2 }),
    () => client.note('server', { n: 3 }),
    () => client.note(['server', 'other'], { n: 4 }),
    () => client.note(client.group('all'), { n: 5 }),
    () => client.note(client.everyone, { n: 6 }),
    () => client.to(null, { metadata: { a: 1 } }).note({ n: 7 }),
    () => client.to(null, { slow: 'drop-oldest' }).note({ n: 8 }),
    () => client.with({ timeout: 50 }).remote.note({ n: 9 }),
    () => client.notifyPath('note', { n: 10 }),
  ];
  for (const way of ways) {
    const error = await failure((async () => way())());
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error).toMatchObject({ message: OPENING, maybeExecuted: false });
  }
  // No receiver was named, and none is missing.
  client.note([], { n: 11 });
  await opened;
  client.remote.note({ n: 12 });
  await until(() => arrived.length > 0);
  expect(arrived).toEqual([12]);
});

it('a notification throws while the first attempt is repeated', async () => {
  let attempts = 0;
  const refused: TransportMaker = () => ({
    address: 'nowhere',
    open: async () => {
      attempts++;
      throw new ConnectionLost('nobody listens there');
    },
    close: async () => {},
  });
  const client = Notes.invert().create({
    transport: refused,
    reconnect: { start: 'retry', delay: 1 },
    logger: null,
  });
  const opened = failure(client.open());
  await until(() => attempts > 1);
  expect((await failure((async () => client.remote.note({ n: 1 }))())).message).toBe(OPENING);
  await client.close();
  expect(await opened).toBeInstanceOf(ConnectionLost);
});

it('a notification to a bus that is still opening throws, in place of being lost', async () => {
  let opening = false;
  const sent: unknown[] = [];
  const bus: TransportMaker = () => ({
    address: 'bus',
    open: () => {
      opening = true;
      return new Promise(() => {});
    },
    close: async () => {},
    broadcast: (frames) => void sent.push(frames),
  });
  const side = Notes.invert().create({ transport: bus, logger: null });
  side.open().catch(() => {});
  await until(() => opening);
  expect((await failure((async () => side.note(null, { n: 1 }))())).message).toBe(OPENING);
  expect(sent).toEqual([]);
  await side.close();
});
