import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import jrpc from '../../codecs/jrpc.js';
import { multicastOf } from '../../src/extensions/multicast/side-multicast.js';
import {
  type Codec,
  ConnectionLost,
  type Group,
  type Peer,
  parseAddress,
  type Receivers,
  type Several,
  UsageError,
} from '../../src/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { failure, until } from '../support/core-waiting.js';
import { Spec } from './spec.js';

async function side(...names: string[]) {
  const played = new Played();
  const links = names.map((name) => played.visit(name));
  let encodes = 0;
  const plain = jrpc(parseAddress('jrpc?hello=off'));
  const codec: Codec = {
    ...plain,
    encode: (message) => {
      encodes++;
      return plain.encode(message);
    },
  };
  const api = await Spec.connect(played.maker, { codec, logger: null });
  await turn();
  const heard = async () => {
    await turn();
    return links.map((link) => link.heard.length);
  };
  const { groups } = multicastOf(api);
  return { api, played, links, heard, groups, encodes: () => encodes, peer: (id: string) => api.peers.get(id) as Peer };
}
const names = (several: Several) => [...several].map(({ id }) => id);

describe('a group', () => {
  it('accepts peers, senders and ids, each once, and removes them', async () => {
    const { api, links, peer } = await side('ann', 'ben', 'cat');
    const room = api.group('room-1');
    api.enter.connect((sender, { room: name }) => api.group(name).add(sender).size);
    links[1]?.say({ jsonrpc: '2.0', id: 1, method: 'enter', params: { room: 'room-1' } });
    room.add('ann', peer('ann'), 'ben');
    expect(names(room)).toEqual(['ben', 'ann']);
    expect([room.size, room.has('ann'), room.has(peer('ben')), room.has('cat'), room.has('nobody')]).toEqual([
      2,
      true,
      true,
      false,
      false,
    ]);
    expect(room.peers[1]).toBe(peer('ann'));
    room.remove(peer('ben'), 'cat', 'nobody');
    expect(names(room)).toEqual(['ann']);
  });

  it('is the same object for the same name', async () => {
    const { api } = await side('ann', 'ben');
    const early = api.group('a');
    api.group('a').add('ann');
    early.add('ben');
    expect(names(api.group('a'))).toEqual(['ann', 'ben']);
    expect(api.group('b').size).toBe(0);
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('can be named %j', async (name) => {
    const { api } = await side('ann');
    expect(api.group(name).size).toBe(0);
    api.group(name).add('ann');
    expect([api.group(name).name, api.group(name).size, api.group('other').size]).toEqual([name, 1, 0]);
    expect(({} as Record<string, unknown>).members).toBeUndefined();
  });

  it('refuses an invalid name, receiver or option', async () => {
    const { api, peer } = await side('ann');
    const other = await side('ben');
    expect(() => api.group(5 as never)).toThrow(UsageError);
    expect(() => api.group('a', { keap: 1 } as never)).toThrow(
      'unknown option "keap" of a group; did you mean keep? There are keep, slow, slowBytes',
    );
    expect(() => api.group('a', { slow: 'drop' as never })).toThrow('"wait" or "drop-oldest"');
    expect(() => api.group('a', { slow: 'close', keep: -1 })).toThrow('a whole number from 0');
    expect(() => api.group('a', { keep: 5 })).toThrow('need the option "slow"');
    expect(() => api.group('a', null as never)).toThrow(UsageError);
    const room = api.group('a');
    expect(() => room.add('ann', 'nobody')).toThrow(ConnectionLost);
    expect(() => room.add(peer('ann'), other.peer('ben'))).toThrow('belongs to another side');
    expect(() => room.add(null as never)).toThrow(UsageError);
    expect(() => room.add(room as never)).toThrow('not a group or a topic within an array: pass it alone');
    expect(room.size).toBe(0);
    expect(() => other.api.tick(room, { n: 1 })).toThrow('the group belongs to another side');
  });

  it('loses a peer that disconnects, and ignores one that already has', async () => {
    const { api, links, peer, groups } = await side('ann', 'ben');
    const ann = peer('ann');
    for (const name of ['a', 'b', 'c']) api.group(name).add('ann');
    api.group('b').add('ben');
    links[0]?.receiver.closed();
    expect([api.group('a').size, names(api.group('b')), api.group('b').has(ann)]).toEqual([0, ['ben'], false]);
    expect(api.group('a').add(ann).size).toBe(0);
    expect(groups.size).toBe(1);
  });

  it('costs nothing if it is empty', async () => {
    const { api, played, groups } = await side('ann');
    for (let n = 0; n < 10_000; n++) {
      api.group(`empty-${n}`);
      api.group(`left-${n}`).add('ann').remove('ann');
    }
    expect(groups.size).toBe(0);
    const ben = played.visit('ben');
    for (let n = 0; n < 10_000; n++) api.group(`room-${n}`).add('ben', 'ann');
    ben.receiver.closed();
    expect(groups.size).toBe(10_000);
    for (let n = 0; n < 10_000; n++) api.group(`room-${n}`).remove('ann');
    expect(groups.size).toBe(0);
  });

  it('loses its peers when the transport is changed', async () => {
    const { api } = await side('ann');
    api.group('a').add('ann');
    const next = new Played();
    next.visit('ann');
    await api.changeTransport(next.maker);
    expect(api.group('a').size).toBe(0);
    await api.close();
  });

  it('is printed with its name, without internal properties', async () => {
    const { api } = await side('ann');
    expect(inspect(api.group('a').add('ann'))).toBe("NamedGroup { name: 'a' }");
    expect(inspect(api.everyone)).toBe('AllPeers {}');
    expect(inspect(api.everyone.except('ann'))).toBe('PeersExcept {}');
  });
});

describe('a group as receivers', () => {
  it('receives one frame, encoded once', async () => {
    const { api, heard, encodes } = await side('ann', 'ben', 'cat');
    const room = api.group('a').add('cat', 'ann');
    api.tick(room, { n: 1 });
    api.to(api.group('a')).tick({ n: 2 });
    expect(await heard()).toEqual([2, 0, 2]);
    expect(encodes()).toBe(2);
  });

  it('may be empty for a notification, and not for a request', async () => {
    const { api, heard } = await side('ann');
    const room = api.group('a');
    api.tick(room, { n: 1 });
    api.tick(api.everyone.except('ann'), { n: 1 });
    expect(await failure(api.ask(room, {}))).toBeInstanceOf(ConnectionLost);
    expect((await failure(api.gather(room).ask({}))).message).toBe('the group is empty');
    expect(await heard()).toEqual([0]);
    const closed = Spec.create({ transport: 'memory:never' });
    expect(() => closed.tick(closed.group('a'), { n: 1 })).toThrow(ConnectionLost);
  });

  it('answers like several receivers: the first success, or each answer', async () => {
    const { api, links } = await side('ann', 'ben', 'cat');
    const room = api.group('a').add('ann', 'cat');
    const both = [api.ask(room, {}), api.gather(room).ask({})] as const;
    await turn();
    const answer = (link: PlayedLink | undefined, value: string) => {
      for (const { id } of link?.heard ?? []) link?.say({ jsonrpc: '2.0', id, result: value });
    };
    answer(links[2], 'c');
    answer(links[0], 'a');
    expect(await both[0]).toBe('c');
    expect((await both[1]).map((one) => one.status === 'fulfilled' && one.value)).toEqual(['a', 'c']);
    expect(links[1]?.heard).toEqual([]);
  });

  it('is looked up when something is sent, without those that are excepted', async () => {
    const { api, played, heard, links, peer } = await side('ann', 'ben', 'cat');
    const room = api.group('a').add('ann', 'ben');
    const others = room.except('ann', 'nobody');
    const allButBen = api.everyone.except(peer('ben'));
    room.add('cat');
    links.push(played.visit('dan'));
    api.tick(others, { n: 1 });
    expect(await heard()).toEqual([0, 1, 1, 0]);
    api.tick(allButBen, { n: 1 });
    expect(await heard()).toEqual([1, 1, 2, 1]);
    api.tick(allButBen.except('ann'), { n: 1 });
    expect(await heard()).toEqual([1, 1, 3, 2]);
    api.tick(api.everyone, { n: 1 });
    expect(await heard()).toEqual([2, 2, 4, 3]);
    expect([names(allButBen), allButBen.size, allButBen.has('ben'), allButBen.has('dan'), others.has('ann')]).toEqual([
      ['ann', 'cat', 'dan'],
      3,
      false,
      true,
      false,
    ]);
  });

  it('may change while it is sent to', async () => {
    const { api, links, heard } = await side('ann', 'ben', 'cat');
    const room = api.group('a').add('ann', 'ben', 'cat');
    api.on('disconnect', () => void room.remove('cat'));
    const [ann] = links as [PlayedLink];
    // It disconnects during the loop: with another frame of the turn before it, a large frame is sent at once.
    ann.send = () => ann.receiver.closed(new Error('gone'));
    await turn();
    api.tick('ann', { n: 0 });
    api.tick(room, { n: 1, text: 'x'.repeat(100_000) });
    expect(names(room)).toEqual(['ben']);
    expect(await heard()).toEqual([0, 1, 1]);
    expect(names(room)).toEqual(['ben']);
  });
});

it.each(['jrpc', 'msgpack'])('groups work over tcp with %s', async (codec) => {
  const server = await Spec.serve('tcp://127.0.0.1:0', { codec, logger: null });
  server.enter.connect((sender, { room }) => server.group(room).add(sender).size);
  const heard: unknown[] = [];
  const clients = await Promise.all(
    ['a', 'a', 'b'].map(async (room, n) => {
      const client = await Spec.invert().connect(server.address, { codec, logger: null });
      client.implement({ tick: (_server, { n: value }) => void heard.push([n, value]), ask: () => n });
      await client.remote.enter({ room });
      return client;
    }),
  );
  const a: Group = server.group('a');
  expect([a.size, server.group('b').size]).toEqual([2, 1]);
  server.tick(a as Receivers, { n: 'to a' });
  const values = (await server.gather(a).ask({})).map((one) => one.status === 'fulfilled' && one.value);
  expect(new Set(values)).toEqual(new Set([0, 1]));
  expect(heard).toHaveLength(2);
  expect(heard).toEqual(
    expect.arrayContaining([
      [0, 'to a'],
      [1, 'to a'],
    ]),
  );
  await clients[0]?.close();
  await until(() => a.size === 1);
  expect(await server.gather(a).ask({}).first()).toBe(1);
  await server.close();
  expect(a.size).toBe(0);
});
