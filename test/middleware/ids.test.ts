import { afterEach, describe, expect, it } from 'vitest';
import { type CallContext, type Id, type Peer, passed, type Side } from '../../src/index.js';
import { Adder, closeAll, House, meet, until, ways } from './sides.js';

afterEach(closeAll);

interface Seen {
  readonly path: string;
  readonly before: Id | undefined;
  readonly after: Id | undefined;
  readonly peers: readonly string[];
}

/** What an interceptor sees of the calls of a side, after each was sent or received. */
function watch(side: { use: Side<House>['use'] }): Seen[] {
  const seen: Seen[] = [];
  side.use((call: CallContext, next) => {
    const before = call.id;
    const given = next();
    const peers = call.direction === 'outgoing' ? call.peers : [call.peer];
    seen.push({ path: call.path, before, after: call.id, peers: peers.map(({ id }: Peer) => id) });
    return given;
  });
  return seen;
}

describe.each(ways)('over %s with %s, an interceptor sees', (...way) => {
  it('the id of a request, which is the same on both sides, and the peer', async () => {
    const { server, client, peer } = await meet(way);
    server.add.connect((_sender, a, b) => a + b);
    const [served, made] = [watch(server), watch(client)];
    const [there] = client.peers.keys();
    await client.add(null, 1, 2);
    // A call with options takes another code path.
    await client.to(null, { timeout: 5_000, metadata: { a: 1 } }).add(3, 4);
    const id = made[0]?.after;
    expect(id).toBeTypeOf('number');
    expect(made).toEqual([
      { path: 'add', before: undefined, after: id, peers: [there] },
      { path: 'add', before: undefined, after: made[1]?.after, peers: [there] },
    ]);
    expect(served).toEqual([
      { path: 'add', before: id, after: id, peers: [peer?.id] },
      { path: 'add', before: made[1]?.after, after: made[1]?.after, peers: [peer?.id] },
    ]);
  });

  it('no id of a notification', async () => {
    const { server, client, peer } = await meet(way);
    server.note.connect(() => {});
    const [served, made] = [watch(server), watch(client)];
    client.note(null, { text: 'x' });
    await until(() => served.length === 1);
    expect(made).toEqual([{ path: 'note', before: undefined, after: undefined, peers: [...client.peers.keys()] }]);
    expect(served).toEqual([{ path: 'note', before: undefined, after: undefined, peers: [peer?.id] }]);
  });

  it('the id of a stream', async () => {
    const { server, client } = await meet(way);
    server.count.connect(function* (_sender, { to }) {
      for (let n = 1; n <= to; n++) yield n;
    });
    const [served, made] = [watch(server), watch(client)];
    const items: number[] = [];
    for await (const item of client.count(null, { to: 3 })) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    expect(made[0]?.after).toBeTypeOf('number');
    expect(served[0]?.before).toBe(made[0]?.after);
  });

  it('the id of a callback, and of a method of a side that was passed by reference', async () => {
    const { server, client, peer } = await meet(way);
    server.each.connect(async (_from, items, tell) => (await tell(items[0] as number)) as number);
    server.lend.connect((_from, adder) => adder.add(1, 2));
    await using adder = Adder.create();
    adder.add.connect((_from, a, b) => a + b);
    const [there, here] = [watch(server), watch(client)];
    expect(await client.each(null, [7], (item) => item)).toBe(7);
    expect(await client.lend(null, passed(adder))).toBe(3);
    const [made, of] = there.filter(({ path }) => path.startsWith('callback'));
    const [served] = here.filter(({ path }) => path === 'callback');
    expect(made).toEqual({ path: 'callback', before: undefined, after: served?.before, peers: [peer?.id] });
    expect(of).toMatchObject({ path: 'callback.add', after: expect.any(Number), peers: [peer?.id] });
  });
});

describe('of a call to several peers', () => {
  it('an interceptor sees the peers, and no id, because each of them has its own', async () => {
    const { server, client } = await meet();
    const second = await House.invert().connect(server.address);
    client.ask.connect(() => 'first');
    second.ask.connect(() => 'second');
    await until(() => server.peers.size === 2);
    const made = watch(server);
    const ids = [...server.peers.keys()];
    await server.ask(ids, { text: 'x' });
    expect(made).toEqual([{ path: 'ask', before: undefined, after: undefined, peers: ids }]);
    server.tell(null, { text: 'x' });
    expect(made[1]).toMatchObject({ path: 'tell', peers: ids });
    made.length = 0;
    await server.gather(null).ask({ text: 'x' });
    expect(made.map(({ peers }) => peers)).toEqual(ids.map((id) => [id]));
    for (const { after } of made) expect(after).toBeTypeOf('number');
    await second.close();
  });

  it('the peers are known before it is sent, remain those to which it was sent, and are empty if nobody is connected', async () => {
    const { server, client, peer } = await meet();
    const told: (readonly string[])[] = [];
    let call: CallContext | undefined;
    server.use((one, next) => {
      call = one;
      told.push((one.peers ?? []).map(({ id }) => id));
      return next();
    });
    client.ask.connect(() => new Promise(() => {}));
    const asked = server.ask(null, { text: 'x' }).catch((error: Error) => error.name);
    await client.close();
    expect(await asked).toBe('ConnectionLost');
    expect(told).toEqual([[peer?.id]]);
    expect(call?.peers?.map(({ id }) => id)).toEqual([peer?.id]);
    await expect(server.ask('nobody', { text: 'x' })).rejects.toThrow('no peer is called "nobody"');
    expect(told[1]).toEqual([]);
  });
});
