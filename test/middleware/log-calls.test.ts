import { stopClock } from 'obverse/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { incoming, type LoggedCall, logCalls, RemoteAPI, type Reply, RpcError, type Sender } from '../../src/index.js';
import { closeAll, meet, until, ways } from './sides.js';

afterEach(closeAll);

describe.each(ways)('over %s with %s, a logger', (...way) => {
  it('receives every call when it has ended', async () => {
    const here: LoggedCall[] = [];
    const there: LoggedCall[] = [];
    const { server, client, peer } = await meet(
      way,
      { logCalls: (call) => here.push(call) },
      { logCalls: (call) => there.push(call) },
    );
    using clock = stopClock();
    server.add.connect(async (_from, a, b) => {
      await clock.turn(15);
      if (a > b) throw new RpcError('too much', 7);
      return a + b;
    });
    server.note.connect(() => {});
    server.count.connect((_from, { to }) => Array.from({ length: to }, (_, n) => n));
    await client.add(null, 1, 2);
    await client.add(null, 2, 1).catch(() => {});
    client.note(null, { text: 'x' });
    for await (const item of client.count(null, { to: 3 })) expect(item).toBeLessThan(3);
    await until(() => here.length === 4);

    const id = peer?.id as string;
    const of = (direction: string, who: string) => [
      { direction, kind: 'request', path: 'add', method: 'add', peer: who, args: [1, 2] },
      { direction, kind: 'request', path: 'add', peer: who, args: [2, 1], failure: { error: { message: 'too much' } } },
      { direction, kind: 'notification', path: 'note', peer: who, args: [{ text: 'x' }] },
      { direction, kind: 'stream', path: 'count', peer: who, args: [{ to: 3 }], items: 3 },
    ];
    expect(here).toMatchObject(of('incoming', id));
    expect(there).toMatchObject(of('outgoing', 'everybody'));
    expect(here[0]).not.toHaveProperty('failure');
    expect(here.map(({ duration }) => duration)).toEqual([15, 15, 0, 0]);
    expect(there.slice(0, 2).map(({ duration }) => duration)).toEqual([15, 15]);
  });
});

class Bank extends RemoteAPI {
  @incoming({ hasReply: true, logged: 'without arguments' }) login(_from: Sender, _a: { pin: number }): Reply<string> {}
  @incoming({ hasReply: true, logged: false }) ping(_from: Sender): Reply<string> {}
}

it('the option logged of a decorator omits the arguments, or the call', async () => {
  const calls: LoggedCall[] = [];
  const bank = await Bank.serve('memory:log-bank', { logCalls: (call) => calls.push(call), logger: null });
  const client = await Bank.invert().connect('memory:log-bank', { logger: null });
  bank.implement({ login: () => 'in', ping: () => 'pong' });
  await client.ping(null);
  await client.login(null, { pin: 1234 });
  expect(calls).toMatchObject([{ path: 'login', args: undefined }]);
  await client.close();
  await bank.close();
});

describe('text output', () => {
  it('is logged as info to the logger of the side, followed by the arguments', async () => {
    const lines: unknown[][] = [];
    const logger = { info: (...told: unknown[]) => lines.push(told), warn() {}, error() {} };
    const { server, client, peer } = await meet(undefined, { logCalls: true, logger }, { logCalls: true, logger });
    server.add.connect((_from, a) => {
      if (a === 0) throw new RpcError('no', 7);
      return a;
    });
    await client.add(null, 1, 2);
    await client
      .to('middleware-1' as never)
      .add(0, 2)
      .catch(() => {});
    await client.add([...client.peers.values()], 0, 2).catch(() => {});
    const server_ = [...client.peers.keys()][0];
    expect(lines.map(([line, ...args]) => [String(line).replace(/\d+\.\d ms/, '# ms'), ...args])).toEqual(
      expect.arrayContaining([
        [`obverse: ${peer?.id} called add: # ms`, 1, 2],
        ['obverse: called add of everybody: # ms', 1, 2],
        [`obverse: ${peer?.id} called add: failed after # ms (RpcError: no)`, 0, 2],
        [`obverse: called add of ${server_}: failed after # ms (RemoteError: no)`, 0, 2],
      ]),
    );
  });

  it('is logged as warnings if the logger has no info', async () => {
    const lines: string[] = [];
    const logger = { warn: (line: string) => lines.push(line), error() {} };
    const { server, client } = await meet(undefined, { logCalls: true, logger });
    server.add.connect(() => 1);
    await client.add(null, 1, 2);
    expect(lines).toEqual([expect.stringMatching(/^obverse: .* called add: \d+\.\d ms$/)]);
  });

  it('can be limited to a namespace by an interceptor', async () => {
    const lines: string[] = [];
    const { server, client } = await meet();
    server.room.use(logCalls({ info: (line) => lines.push(line) }));
    server.add.connect(() => 1);
    server.room.enter.connect(() => 1);
    await client.add(null, 1, 2);
    await client.room.enter(null, { name: 'x' });
    expect(lines).toEqual([expect.stringContaining('called room.enter: ')]);
  });
});

it('a logger that throws does not affect calls', async () => {
  const { server, client } = await meet(undefined, {
    logCalls() {
      throw new Error('the disk is full');
    },
  });
  server.add.connect(() => 1);
  expect(await client.add(null, 1, 2)).toBe(1);
});

it('receivers are logged as groups and lists', async () => {
  const peers: string[] = [];
  const { server, client, peer } = await meet(undefined, { logCalls: (call) => peers.push(call.peer) });
  client.tell.connect(() => {});
  server.tell([peer as never], { text: 'x' });
  server.tell(server.everyone, { text: 'x' });
  server.tell(peer?.id as string, { text: 'x' });
  expect(peers).toEqual([peer?.id, 'a group', peer?.id]);
});

it.each([
  ['a name', 'console'],
  ['an object without info', {}],
  ['nothing', null],
])('logCalls refuses %s at once', (_what, to) => {
  expect(() => logCalls(to as never)).toThrow(
    'logCalls() takes a function, or an object with a method info, such as console',
  );
});
