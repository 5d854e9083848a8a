import { createConnection, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Publisher, Push, Request, Router, XSubscriber } from 'zeromq';
import { ConnectionLost } from '../../src/index.js';
import type { Options } from '../../src/types/options.js';
import { until } from '../support/core-waiting.js';
import { ANYWHERE, attack, bare, call, endpointOf, flood } from './bare.js';
import { closeAll, closing, Work } from './ends.js';

/* Hostile peers of ZeroMQ: what one of them sends harms no other, and a side keeps no more of them than its bounds allow. */

afterEach(closeAll);

async function serve(options: Options = {}, address = ANYWHERE) {
  const side = closing(await Work.serve(address, { logger: null, ...options }));
  side.who.connect(() => 'server');
  side.size.connect((_sender, { text }) => text.length);
  return side;
}

async function caller(address: string) {
  return closing(await Work.invert().connect(address, { logger: null }));
}

describe('garbage of a TCP client at the port of a server', () => {
  const greeting = Buffer.concat([
    Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]),
    Buffer.from('NULL'),
    Buffer.alloc(48),
  ]);
  const ready = Buffer.concat([
    Buffer.from([4, 41, 5]),
    Buffer.from('READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0', 'latin1'),
  ]);
  const noise = Buffer.from(Array.from({ length: 65_536 }, (_, n) => (n * 7_919) % 251));
  const attacks: Readonly<Record<string, Buffer>> = {
    HTTP: Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    TLS: Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...new Array(500).fill(7)]),
    noise: noise,
    'half a greeting': greeting.subarray(0, 20),
    'a greeting, then noise': Buffer.concat([greeting, noise]),
    'a message of 2 ** 63 bytes': Buffer.concat([greeting, ready, Buffer.from([2, 0x7f, ...new Array(7).fill(0xff)])]),
    'a command of 2 ** 63 bytes': Buffer.concat([greeting, Buffer.from([6, 0x7f, ...new Array(7).fill(0xff)])]),
    'flags that do not exist': Buffer.concat([greeting, ready, Buffer.from([0xff, 1, 1])]),
    'parts without an end': Buffer.concat([greeting, ready, Buffer.from([1, 1, 0x7b, 1, 1, 0x7b])]),
  };

  it.each(Object.entries(attacks))('disturbs nobody: %s', async (_what, bytes) => {
    const side = await serve();
    const client = await caller(side.address);
    const port = Number(/:(\d+)$/.exec(endpointOf(side))?.[1]);
    const sockets: Socket[] = [];
    for (let n = 0; n < 20; n++) {
      const socket = createConnection(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(bytes);
      sockets.push(socket);
    }
    for (let n = 0; n < 200; n++) expect(await client.remote.who()).toBe('server');
    for (const socket of sockets) socket.destroy();
    expect(await (await caller(side.address)).remote.who()).toBe('server');
    await until(() => side.peers.size === 2);
  });
});

describe('a hostile caller', () => {
  it('that sends what is no message, wrong numbers of parts, or unknown controls, harms no other', async () => {
    const side = await serve();
    const client = await caller(side.address);
    const attacker = attack(endpointOf(side));
    const obverse = attack(endpointOf(side), { routingId: `o-${'A'.repeat(22)}` });
    const messages: (string | Uint8Array)[][] = [
      ...['', '{', '[', 'null', '[]', '{}', '"x"', '1', '\0', '\x01', '\x02', '\xff'].map((text) => [text]),
      ...[2, 3, 8, 16, 17, 18, 1_000].map((count) => Array.from({ length: count }, () => 'part')),
      ...[2, 3, 17, 18].map((count) => [...Array.from({ length: count }, () => ''), call(1)]),
      [call(1, '__proto__')],
      [call(1, 'constructor')],
      [call('x'.repeat(10_000))],
      ['{"jsonrpc":"2.0","id":1,"result":1}'],
      ['{"jsonrpc":"2.0","method":"rpc.cancel","params":[1]}'],
      ['{"jsonrpc":"2.0","method":"rpc.hello","params":{"obverse":1,"codec":"msgpack"}}'],
      [Buffer.alloc(0)],
      [Buffer.of(0)],
      [Buffer.of(1)],
    ];
    for (let round = 0; round < 20; round++)
      for (const socket of [attacker, obverse]) await flood(socket, messages.length, (n) => messages[n] as string[]);
    for (let n = 0; n < 100; n++) expect(await client.remote.who()).toBe('server');
    expect(client.pendingCalls()).toEqual([]);
    expect(await (await caller(side.address)).remote.who()).toBe('server');
  });

  it('that names 20,000 callers behind it, and reads nothing, gets limits.peers links, and leaves room for others', async () => {
    const side = await serve({ limits: { peers: 50 } });
    const attacker = attack(endpointOf(side));
    // Those that say to be Obverse, too.
    for (const prefix of ['', 'o-']) {
      const name = (n: number): string => `${prefix}${String(n).padStart(22, '0')}`;
      await flood(attacker, 10_000, (n) => [name(n), call(n)]);
      let [frames, quiet] = [-1, 0];
      // All of it was read when nothing more arrives for a while.
      await until(() => {
        const { framesReceived } = side.stats();
        quiet = framesReceived === frames ? quiet + 1 : 0;
        frames = framesReceived;
        return quiet > 100;
      });
      const late = await caller(side.address);
      expect(await late.remote.who()).toBe('server');
      expect(side.peers.size).toBeLessThanOrEqual(50);
      await late.close();
    }
  });

  it('with the identity of another one does not get its answers, and the other one stays', async () => {
    const side = await serve();
    const release: (() => void)[] = [];
    side.wait.connect(() => new Promise((resolve) => release.push(() => resolve('mine'))));
    const victim = attack(endpointOf(side), { routingId: 'victim' });
    await victim.send(call(1, 'wait', { n: 1 }));
    await until(() => release.length === 1);
    const thief = attack(endpointOf(side), { routingId: 'victim' });
    for (let n = 0; n < 100; n++) await thief.send(call(n));
    const stolen = thief.receive();
    stolen.catch(() => {});
    release[0]?.();
    const [answer] = await victim.receive();
    expect(String(answer)).toContain('mine');
    await victim.send(call(2));
    expect(String((await victim.receive())[0])).toContain('server');
    expect(await Promise.race([stolen, Promise.resolve('nothing')])).toBe('nothing');
    expect(side.peers.size).toBe(1);
  });

  it('with the identity of a link that has ended begins no new one', async () => {
    const side = await serve();
    const routingId = `o-${'B'.repeat(22)}`;
    const first = attack(endpointOf(side), { routingId });
    await first.send(call(1));
    await first.receive();
    // It says that its link has ended.
    await first.send([Buffer.of(0)]);
    await until(() => side.peers.size === 0);
    for (let n = 0; n < 10; n++) await first.send(call(n));
    expect(await (await caller(side.address)).remote.who()).toBe('server');
    expect(side.peers.size).toBe(1);
  });

  it('that never reads ends its link at limits.bufferedBytes, and the others are answered meanwhile', async () => {
    const side = await serve({ limits: { bufferedBytes: 1_000_000 } }, `${ANYWHERE}?queue=10`);
    side.wait.connect(() => 'x'.repeat(100_000));
    const client = await caller(side.address);
    const attacker = attack(endpointOf(side), { receiveHighWaterMark: 1 });
    const before = process.memoryUsage().rss;
    await flood(attacker, 2_000, (n) => [call(n, 'wait', { n })]);
    for (let n = 0; n < 100; n++) expect(await client.remote.who()).toBe('server');
    expect(side.stats().bufferedBytes).toBeLessThan(3_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  });

  it('that sends a message larger than limits.frameBytes loses its connection, and the others go on', async () => {
    const side = await serve({ limits: { frameBytes: 10_000 } });
    const client = await caller(side.address);
    const attacker = attack(endpointOf(side));
    await attacker.send(call(1));
    expect(String(await attacker.receive())).toContain('server');
    await attacker.send(call(2, 'size', { text: 'x'.repeat(100_000) }));
    for (let n = 0; n < 100; n++) expect(await client.remote.who()).toBe('server');
    expect(await client.remote.size({ text: 'x'.repeat(9_000) })).toBe(9_000);
    // Its parts are each small enough, and all of them are not.
    const other = attack(endpointOf(side));
    for (let n = 0; n < 10; n++) await other.send(['x'.repeat(9_000), 'x'.repeat(9_000), call(1)]);
    expect(await client.remote.who()).toBe('server');
  });

  it('of another type of socket is refused, or answered as its type requires', async () => {
    const side = await serve();
    const client = await caller(side.address);
    const publisher = bare(new Publisher());
    publisher.connect(endpointOf(side));
    const pusher = bare(new Push({ sendTimeout: 0 }));
    pusher.connect(endpointOf(side));
    const asks = bare(new Request());
    asks.connect(endpointOf(side));
    await asks.send(call(7));
    const [answer] = await asks.receive();
    expect(JSON.parse(String(answer))).toMatchObject({ id: 7, result: 'server' });
    await publisher.send(call(1));
    expect(await client.remote.who()).toBe('server');
  });
});

describe('a hostile server', () => {
  /** A bare server that answers the hello and the calls of who connects as the test says. */
  async function hostile(answer: (socket: Router, peer: Buffer, text: string) => Promise<void> | void) {
    const socket = bare(new Router({ sendTimeout: 0 }));
    await socket.bind('tcp://127.0.0.1:*');
    void (async () => {
      for await (const [peer, body] of socket) await answer(socket, peer as Buffer, String(body));
    })().catch(() => {});
    return `zmq+${socket.lastEndpoint}`;
  }

  it('that sends garbage, ends and answers that nobody has asked for, harms no call of another server', async () => {
    const good = await serve();
    const bad = await hostile(async (socket, peer) => {
      const messages = [
        '',
        '{',
        '\0',
        '\x01',
        '{"jsonrpc":"2.0","id":1,"result":"forged"}',
        '\x02',
        'x'.repeat(10_000),
      ];
      for (const message of messages) await socket.send([peer, message]).catch(() => {});
      await socket.send([peer, 'many', 'parts']).catch(() => {});
    });
    const client = closing(
      await Work.invert().connect([good.address, bad].join(',').replace(',zmq+', ','), {
        logger: null,
        timeout: 5_000,
      }),
    );
    const told = await Promise.allSettled(Array.from({ length: 200 }, () => client.remote.who()));
    const names = told.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(names.length).toBeGreaterThanOrEqual(100);
    expect(names.filter((name) => name !== 'server' && name !== 'forged')).toEqual([]);
    for (const each of told) if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(ConnectionLost);
    expect(client.pendingCalls()).toEqual([]);
  });

  it('that says 100,000 times that it takes no more calls is answered once', async () => {
    let answers = 0;
    const callers = new Set<string>();
    const bad = await hostile(async (socket, peer, text) => {
      if (text === '') answers++;
      const isFirst = callers.size === 0;
      callers.add(peer.toString('latin1'));
      if (!isFirst) return;
      for (let said = 0; said < 100_000; said++) {
        while (!socket.writable) await new Promise<void>((resolve) => setImmediate(resolve));
        await socket.send([peer, '\x01']);
      }
      await socket.send([peer, '\0']);
    });
    closing(await Work.invert().connect(bad, { logger: null }));
    // It has read them when it connects again after the end.
    await until(() => callers.size === 2 && answers > 0);
    expect(answers).toBe(1);
  });
});

describe('a hostile writer', () => {
  it('of a pipeline that sends garbage is reported seldom, and the tasks of others are carried out', async () => {
    const reports: string[] = [];
    const logger = { warn: (text: string) => void reports.push(text), error: () => {} };
    const side = closing(await Work.serve(`${ANYWHERE}?role=pipeline`, { logger }));
    const heard: string[] = [];
    side.note.connect((_sender, { text }) => void heard.push(text));
    const pusher = bare(new Push());
    pusher.connect(endpointOf(side));
    await flood(pusher, 1_000, (n) => (n % 2 === 0 ? ['{'] : Array.from({ length: 30 }, () => 'part')));
    const writer = await caller(side.address);
    writer.remote.note({ text: 'task' });
    await until(() => heard.length === 1);
    expect(reports.length).toBeLessThan(50);
  });

  it('that floods a pipeline whose handlers are slow makes it keep no more than inFlight', async () => {
    const side = closing(await Work.serve(`${ANYWHERE}?role=pipeline&inFlight=4&queue=10`, { logger: null }));
    const begun: (() => void)[] = [];
    side.note.connect((() => new Promise<void>((resolve) => begun.push(resolve))) as never);
    const pusher = bare(new Push({ sendTimeout: 0, sendHighWaterMark: 10 }));
    pusher.connect(endpointOf(side));
    const note = JSON.stringify({ jsonrpc: '2.0', method: 'note', params: { text: 'x'.repeat(100_000) } });
    let sent = 0;
    await until(() => pusher.writable);
    for (let idle = 0; idle < 50; ) {
      if (pusher.writable) {
        await pusher.send(note);
        sent++;
        idle = 0;
      } else {
        idle++;
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    }
    await until(() => begun.length === 4);
    expect(side.stats().activeCalls).toBe(4);
    // The rest waits at the writer, in the buffers of the system and in those of ZeroMQ.
    expect(sent).toBeLessThan(1_000);
  });
});

describe('a hostile subscriber', () => {
  it('that subscribes 10,000 times and sends messages does not keep others from what is published', async () => {
    const publisher = closing(await Work.invert().connect(`${ANYWHERE}?role=pubsub&bind=on`, { logger: null }));
    const attacker = bare(new XSubscriber());
    attacker.connect(endpointOf(publisher));
    for (let n = 0; n < 10_000; n++) await attacker.send(Buffer.concat([Buffer.of(1), Buffer.from(`topic ${n}`)]));
    for (const text of ['', '\x02', '\x07', call(1)]) await attacker.send(text);
    const side = closing(await Work.serve(`${publisher.address}&bind=off`, { logger: null }));
    const heard: string[] = [];
    side.note.connect((_sender, { text }) => void heard.push(text));
    await until(() => {
      publisher.remote.note({ text: 'hello' });
      return heard.length > 0;
    });
  });
});
