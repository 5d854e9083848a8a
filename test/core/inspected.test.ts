import { inspect } from 'node:util';
import {
  incoming,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from 'obverse';
import { expect, it } from 'vitest';

class Shelf extends RemoteAPI {
  @incoming({ hasReply: true }) put(_sender: Sender): Reply<number> {}
}
class Store extends RemoteAPI {
  readonly shelf = namespace(Shelf);
  @incoming({ hasReply: true }) take(_sender: Sender): Reply<number> {}
  @incoming({ stream: true }) list(_sender: Sender): Stream<number> {}
  @outgoing said(_receivers: Receivers): void {}
}

it('a side, its views, peers, senders and streams are printed in one line each', async () => {
  await using store = await Store.serve('memory:inspected');
  const senders: Sender[] = [];
  store.take.connect((sender) => senders.push(sender));
  store.list.connect(function* () {
    yield 1;
  });
  const made = Store.invert().create({ transport: 'memory:inspected:ann' });
  expect(inspect(made)).toBe('Store.invert() { new, 0 peers }');
  await made.open();
  await made.remote.take();
  const [peer] = made.peers.values();
  const stream = made.remote.list();
  const gathering = made.gather(null).take();
  const shown: readonly (readonly [unknown, string])[] = [
    [made, `Store.invert() { open, 1 peer }`],
    [store, 'Store { open, 1 peer }'],
    [made.shelf, `Shelf.invert() { open, 1 peer }`],
    [made.with({ timeout: 1_000 }), `Store.invert() { open, 1 peer }`],
    [made.remote, 'Calls { take, list, shelf }'],
    [made.remote.shelf, 'Calls { put }'],
    [made.to(null), 'Calls { take, list, shelf }'],
    [made.gather(null), 'Calls { take, shelf }'],
    [store.take, 'Incoming take { 1 handler }'],
    [peer, `ConnectedPeer { id: '${peer?.id}' }`],
    [senders[0], 'Sender ann { call of take }'],
    [stream, `Stream list { of ${peer?.id} }`],
    [gathering, 'Gathering take { 0 answers of 1 peer }'],
  ];
  for (const [value, text] of shown) {
    expect(inspect(value)).toBe(text);
    // The same within another object, which shows none of their properties.
    expect(inspect({ value })).toContain(text);
  }
  for (const key in made.remote) expect(typeof key).toBe('string');
  await made.close();
  expect(inspect(made)).toBe('Store.invert() { closed, 0 peers }');
});
