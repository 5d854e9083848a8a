import { incoming, RemoteAPI, type Sender, type Stream, type TransportSource } from 'obverse';
import { mock, record, replay } from 'obverse/testing';
import { describe, expect, it } from 'vitest';

class Counter extends RemoteAPI {
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
}
const upTo = (to: number): number[] => Array.from({ length: to }, (_, n) => n);
async function all(items: AsyncIterable<number>): Promise<number[]> {
  const got: number[] = [];
  for await (const item of items) got.push(item);
  return got;
}

describe('a stream of a fake', () => {
  it('has the items that were set, again and again', async () => {
    await using counter = await mock(Counter);
    counter.fake.count.answers([7, 8, 9]);
    for (let times = 0; times < 2; times++) expect(await all(counter.side.remote.count({ to: 3 }))).toEqual([7, 8, 9]);
    expect(counter.fake.count.calls).toEqual([[{ to: 3 }], [{ to: 3 }]]);
  });

  it('has the items of a handler, or its error', async () => {
    await using counter = await mock(Counter);
    counter.fake.count.does(async function* (_sender, { to }) {
      yield* upTo(to);
    });
    expect(await all(counter.side.remote.count({ to: 5 }))).toEqual(upTo(5));
    counter.fake.count.fails(new Error('no more'));
    await expect(all(counter.side.remote.count({ to: 5 }))).rejects.toThrow('no more');
    counter.fake.count.reset();
    await expect(all(counter.side.remote.count({ to: 5 }))).rejects.toThrow('has no answer for count');
  });
});

it.each(['jrpc', 'msgpack'])('a stream is recorded and replayed, with %s', async (codec) => {
  await using server = await Counter.serve('tcp://127.0.0.1:0', { codec });
  server.count.connect((_sender, { to }) => upTo(to));
  const program = async (transport: TransportSource): Promise<number[]> => {
    await using client = await Counter.invert().connect(transport, { codec });
    return await all(client.remote.count({ to: 300 }));
  };
  const lines: string[] = [];
  expect(await program(record(server.address, (line) => lines.push(line)))).toEqual(upTo(300));
  await server.close();
  const replayed = replay(lines);
  expect(await program(replayed)).toEqual(upTo(300));
  replayed.verify();
});
