import { afterEach, describe, expect, it } from 'vitest';
import type { Gate } from '../../src/api/extension.js';
import { endpointOf } from '../../src/api/side-class.js';
import type { Message } from '../../src/contract/contract.js';
import type { Options } from '../../src/index.js';
import { leaveConnection } from '../../src/session/change-connection.js';
import type { Journal } from '../../src/session/journal.js';
import type { RpcSession } from '../../src/session/rpc-session.js';
import { sendControl } from '../../src/session/system/control-messages.js';
import { answerHello } from '../../src/session/system/handshake.js';
import { stopClock } from '../../src/testing/clock.js';
import { RawClient } from '../support/core-raw.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { atEnd, clear, connect, Desk, gate, gated, meet, serve } from '../support/gates.js';

afterEach(clear);

const addresses = ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/', 'memory:gates'];
const nameOf = (message: Message | undefined) => (message?.kind === 'call' ? message.method : message?.kind);

/** A promise, and what settles it. */
function later<T = undefined>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}

describe.each(addresses)('a gate over %s', (address) => {
  it('lets a connection in at once: everything is as without it', async () => {
    const asked: unknown[] = [];
    gate(() => ({ admit: (connection, first) => void asked.push([connection.link.dialed === true, first]) }));
    const { client, server, peers } = await meet(address);
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    client.confirm.connect((_sender, { n }) => n * 2);
    expect(await server.remote.confirm({ n: 3 })).toBe(6);
    expect(asked).toEqual([[false, undefined]]);
    await client.close();
    await until(() => peers.length === 2);
    expect(peers.map((each) => each[0])).toEqual(['+', '-']);
  });

  it('takes its time: nobody can send to the peer meanwhile, and what it has sent arrives afterwards, in order', async () => {
    const { promise, resolve } = later();
    const asked: unknown[] = [];
    const hosts = gate(() => ({
      patience: () => 60_000,
      admit: (_connection, first) => {
        asked.push(nameOf(first));
        return promise;
      },
    }));
    const { client, server, told, peers } = await meet(address);
    for (let n = 1; n <= 5; n++) client.told(null, { n });
    const answer = client.remote.ask({ n: 1 });
    await until(() => asked.length === 1);
    await new Promise((done) => setTimeout(done, 20));
    expect(asked).toEqual(['rpc.hello']);
    expect([server.peers.size, server.stats().peers, told.length, peers.length]).toEqual([0, 0, 0, 0]);
    expect([...(hosts[0]?.connections() ?? [])].length).toBe(1);
    expect(() => server.news(null, { n: 1 })).not.toThrow();
    await expect(server.remote.confirm({ n: 1 })).rejects.toMatchObject({ message: 'no peer is connected' });
    resolve(undefined);
    expect(await answer).toBe(2);
    expect(told).toEqual([1, 2, 3, 4, 5]);
    expect(server.peers.size).toBe(1);
    client.confirm.connect((_sender, { n }) => n * 2);
    expect(await server.remote.confirm({ n: 3 })).toBe(6);
  });

  it('refuses a connection: its link ends, and that is reported', async () => {
    const log = new Log();
    gate(() => ({
      admit: () => {
        throw new Error('not today');
      },
    }));
    const { server, peers } = await serve(address, { ...gated, logger: log });
    const client = await connect(server.address).catch(() => undefined);
    await until(() => client === undefined || client.peers.size === 0);
    await until(() => log.warnings.length > 0);
    expect(String(log.warnings[0])).toMatch(/was not let in:.*not today/);
    expect([server.peers.size, peers]).toEqual([0, []]);
  });

  it('refuses it later, or with the first message', async () => {
    gate(() => ({ patience: () => 60_000, admit: (_connection, first) => Promise.reject(new Error(nameOf(first))) }));
    const { server, told, peers } = await serve(address);
    const client = await connect(server.address);
    client.told(null, { n: 1 });
    await until(() => client.peers.size === 0);
    expect([server.peers.size, told, peers]).toEqual([0, [], []]);
  });

  it('of who connects: open() resolves once it has admitted the connection', async () => {
    const { promise, resolve } = later();
    const asked: unknown[] = [];
    gate(() => ({
      patience: () => 60_000,
      admit: (_connection, first) => {
        asked.push(nameOf(first));
        return promise;
      },
    }));
    const { server } = await serve(address, {});
    let opened = false;
    const opening = connect(server.address, gated).then((client) => {
      opened = true;
      return client;
    });
    await until(() => asked.length === 1);
    await new Promise((done) => setTimeout(done, 20));
    // Its hello has been answered.
    expect([asked, opened]).toEqual([['rpc.hello'], false]);
    resolve(undefined);
    const client = await opening;
    expect(client.peers.size).toBe(1);
    expect(await client.remote.ask({ n: 4 })).toBe(5);
  });

  it('of who connects: open() rejects with what it throws', async () => {
    for (const admit of [
      () => {
        throw new Error('not there');
      },
      () => Promise.reject(new Error('not there')),
    ]) {
      gate(() => ({ admit }));
      const { server } = await serve(address, {});
      expect((await failure(connect(server.address, gated))).message).toBe('not there');
      await clear();
    }
  });

  it('close() ends a connection that is being admitted, and open() that waits for one', async () => {
    let asked = 0;
    gate(() => ({
      admit: () => {
        asked++;
        return new Promise(() => {});
      },
    }));
    const { server, client } = await meet(address);
    await until(() => asked === 1);
    await server.close();
    await until(() => client.peers.size === 0);
    const other = await serve(address.replace('gates', 'gates-2'), {});
    const side = Desk.invert().create({ logger: null, ...gated, transport: other.server.address });
    const opening = failure(side.open());
    await until(() => asked === 2);
    await side.close();
    expect((await opening).message).toContain('ended before the session began');
  });

  it('controls pass while it is asked, both ways, and before the first message', async () => {
    const heard: unknown[] = [];
    const { promise, resolve } = later();
    gate(
      () => ({
        patience: () => 60_000,
        admit: async (connection) => {
          sendControl(connection, 'rpc.test', ['question']);
          await promise;
          return undefined;
        },
      }),
      {
        'rpc.test': (connection: never, [what]: readonly unknown[]) => {
          heard.push(what);
          if (what === 'question') sendControl(connection, 'rpc.test', ['answer']);
          else if (what === 'answer') resolve(undefined);
        },
      },
    );
    const { client } = await meet(address);
    client.told(null, { n: 1 });
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    expect(heard).toEqual(['question', 'answer']);
  });
});

it('the gates of several extensions are asked in order, until one claims the connection', async () => {
  const asked: string[] = [];
  const named = (name: string): Gate => ({
    admit: async () => {
      asked.push(name);
      return undefined;
    },
  });
  gate(() => named('one'));
  const { install } = await import('../../src/index.js');
  atEnd(install({ name: 'second gate', attach: (host) => ('gated' in host.options ? { gate: named('two') } : {}) }));
  const { client } = await meet('tcp://127.0.0.1:0');
  expect(await client.remote.ask({ n: 1 })).toBe(2);
  expect(asked).toEqual(['one', 'two']);
});

it.each<[string, string, Options]>([
  ['a peer that is not Obverse', '{"jsonrpc":"2.0","id":1,"method":"ask","params":{"n":1}}\n', {}],
  ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ask","params":{"n":1}}]\n', {}],
])('the first message is dealt with after it has been shown to the gate: %s', async (_what, text) => {
  const asked: unknown[] = [];
  gate(() => ({ patience: () => 60_000, admit: (_connection, first) => void asked.push(nameOf(first)) }));
  const { server } = await serve('tcp://127.0.0.1:0');
  using raw = await RawClient.connect(server.address);
  raw.write(text);
  await raw.until(() => raw.lines.length === 1);
  expect(raw.lines[0]).toContain('"result":2');
  expect(asked).toEqual(['ask']);
});

it('a gate is asked without a message when none has come in time', async () => {
  using clock = stopClock();
  const asked: unknown[] = [];
  gate(() => ({ patience: () => 500, admit: (_connection, first) => void asked.push(first) }));
  const { server } = await serve('tcp://127.0.0.1:0');
  using raw = await RawClient.connect(server.address);
  await until(() => [...endpointOf(server).connections()].length === 1);
  await clock.turn(499);
  expect(asked).toEqual([]);
  await clock.turn(1);
  expect(asked).toEqual([undefined]);
  expect(server.peers.size).toBe(1);
  raw.write({ jsonrpc: '2.0', id: 1, method: 'ask', params: { n: 1 } });
  await raw.until(() => raw.lines.length === 1);
});

it('under a security that takes its time, messages wait for the gate, and come in order', async () => {
  const security = {
    seal: async (payload: never) => ({ info: { n: 1 }, payload }),
    open: async (payload: never) => payload,
  };
  const { promise, resolve } = later();
  const asked: unknown[] = [];
  gate(() => ({
    patience: () => 60_000,
    admit: (_connection, first) => {
      asked.push(nameOf(first));
      return promise;
    },
  }));
  const { client, told } = await meet('tcp://127.0.0.1:0', { security }, { ...gated, security });
  for (let n = 1; n <= 5; n++) client.told(null, { n });
  const answer = client.remote.ask({ n: 1 });
  await until(() => asked.length === 1);
  await new Promise((done) => setTimeout(done, 20));
  expect([asked, told]).toEqual([['rpc.hello'], []]);
  resolve(undefined);
  expect(await answer).toBe(2);
  expect(told).toEqual([1, 2, 3, 4, 5]);
});

it('hands a connection to a session that has none: it is in stats() and peers meanwhile, and close() ends it', async () => {
  const parked: RpcSession[] = [];
  const keeping = (session: RpcSession): Journal => ({
    admits: () => true,
    given: (messages) => messages,
    came: () => {},
    lost: () => {
      leaveConnection(session);
      parked.push(session);
      return true;
    },
  });
  gate((host) => ({
    patience: () => 60_000,
    admit: (connection) => {
      const session = parked.shift();
      if (session !== undefined) {
        answerHello(connection);
        return session;
      }
      answerHello(connection);
      const begun = host.begin(connection) as RpcSession;
      begun.journal = keeping(begun);
      host.announce(begun);
      host.announce(begun);
      return begun;
    },
  }));
  const { server, client, peers, told } = await meet('tcp://127.0.0.1:0');
  const release = later<number>();
  server.ask.connect(() => release.promise);
  client.told(null, { n: 1 });
  const lost = failure(client.remote.ask({ n: 1 }));
  await until(() => server.stats().activeCalls === 1);
  const { id } = [...server.peers.values()][0] as { id: string };
  await client.close();
  await lost;
  await until(() => parked.length === 1);
  expect([server.peers.has(id), server.stats().peers, server.stats().activeCalls]).toEqual([true, 1, 1]);
  server.news(null, { n: 7 });
  expect(server.stats().bufferedBytes).toBeGreaterThan(0);

  const next = await connect(server.address);
  const news: number[] = [];
  next.news.connect((_sender, { n }) => void news.push(n));
  next.told(null, { n: 2 });
  await until(() => news.length === 1 && told.length === 2);
  expect([news, told, peers, server.peers.size]).toEqual([[7], [1, 2], [`+${id}`], 1]);

  await next.close();
  await until(() => parked.length === 1);
  const { peer } = parked[0] as RpcSession;
  await server.close();
  expect([peers, server.peers.size, server.stats().peers]).toEqual([[`+${id}`, `-${id}`], 0, 0]);
  await peer?.close();
});

it('begins a session without a connection: what is sent waits until it has one', async () => {
  const hosts = gate(() => ({ admit: () => undefined }));
  const { server } = await serve('tcp://127.0.0.1:0', {});
  const near = await serve('tcp://127.0.0.1:0');
  const host = hosts[0] as (typeof hosts)[0];
  const session = host.begin(undefined, undefined, 'to come') as RpcSession;
  expect([near.peers, near.server.peers.size, session.connection]).toEqual([[], 0, undefined]);
  host.announce(session);
  expect([near.peers, [...near.server.peers.keys()]]).toEqual([['+to come'], ['to come']]);
  near.server.news(null, { n: 1 });
  expect(near.server.stats()).toMatchObject({ peers: 1 });
  expect(near.server.stats().bufferedBytes).toBeGreaterThan(0);
  const answer = failure(near.server.remote.confirm({ n: 1 }));
  await near.server.close();
  expect((await answer).name).toBe('ConnectionLost');
  expect([near.peers, session.ended?.name]).toEqual([['+to come', '-to come'], 'ConnectionLost']);
  expect(() => host.announce(session)).not.toThrow();
  expect(near.server.peers.size).toBe(0);
  expect(() => endpointOf(server).begin(undefined)).toThrow('gate.admit');
});
