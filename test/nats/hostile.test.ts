import { createConnection } from 'node:net';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionLost } from '../../src/index.js';
import type { Options } from '../../src/types/options.js';
import { until } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';
import { closeEnds, NatsEnd } from './ends.js';
import { Work } from './nats-spec.js';

/* A hostile client of the same server. It may publish and subscribe to everything, but does not know the inboxes of others. */

const call = (id: number, method = 'add', params: object = { a: 1, b: 2 }): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });
const told = JSON.stringify({ jsonrpc: '2.0', method: 'told', params: { text: 'x' } });

describe.skipIf(nats.absent)(`a hostile client of NATS${nats.why}`, () => {
  let engine: Engine;
  let attacker: NatsConnection;
  const open: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    engine = await startNats();
    attacker = await connect({ servers: `127.0.0.1:${engine.port}` });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((side) => side.close()));
    await closeEnds();
  });
  afterAll(async () => {
    await attacker.close();
    await engine.end();
  });

  let used = 0;
  const subject = (): string => `attacked.${used}`;
  const url = (query = ''): string => `nats://127.0.0.1:${engine.port}/${subject()}${query}`;
  const fresh = (query = ''): string => {
    used++;
    return url(query);
  };
  async function worker(address: string, options: Options = {}) {
    const side = await Work.serve(address, { logger: null, ...options });
    open.push(side);
    side.add.connect((_sender, { a, b }) => a + b);
    side.told.connect(() => {});
    return { side };
  }
  async function caller(address: string) {
    const side = await Work.invert().connect(address, { logger: null });
    open.unshift(side);
    return side;
  }
  const inbox = (n: number): string => `_INBOX.o-${String(n).padStart(22, '0')}.0`;

  it('that announces itself 100,000 times, each time with another inbox, gets limits.peers links, and is forgotten', async () => {
    const { side } = await worker(fresh('?forget=0.5'), { limits: { peers: 50 } });
    for (let n = 0; n < 100_000; n++) {
      attacker.publish(subject(), told, { reply: `${inbox(n)}.0` });
      if (n % 1_000 === 999) await attacker.flush();
    }
    expect(side.peers.size).toBeLessThanOrEqual(50);
    // Calls of others are answered meanwhile, over brief links.
    const jobs = await caller(url());
    expect(await jobs.add(null, { a: 1, b: 2 })).toBe(3);
    await until(() => side.peers.size <= 1);
  });

  it('that sends calls under many names has limits.peers of them open at a time', async () => {
    const end = await NatsEnd.open(fresh(), { listen: true, limits: { peers: 50 } });
    for (let n = 0; n < 5_000; n++) attacker.publish(subject(), call(n), { reply: 'nowhere' });
    await attacker.flush();
    await end.transport.flush?.();
    expect(end.ends).toHaveLength(50);
    expect(end.reports[0]).toMatch(
      /a message was dropped.*: 50 others are not finished yet, the limit \(limits.peers\)/,
    );
    for (const each of end.ends) each.link.close();
    attacker.publish(subject(), call(1), { reply: 'nowhere' });
    await end.link(50);
  });

  it('that has got a call, and answers it as many members, does not make the caller keep more than limits.peers', async () => {
    const address = fresh();
    attacker.subscribe(subject(), {
      callback: (_error, { reply = '' }) => {
        const to = reply.replace(/\d+$/, '0');
        for (let n = 0; n < 5_000; n++) attacker.publish(to, told, { reply: `${inbox(n)}.0` });
        attacker.publish(to, 'the end', { reply: 'nobody' });
      },
    });
    await attacker.flush();
    const end = await NatsEnd.open(address, { limits: { peers: 50 } });
    const service = await end.link(0);
    service.call(1);
    await service.until(() => service.frames.at(-1) === 'the end');
    expect(end.ends).toHaveLength(51);
  });

  it('that sends a huge message ends at most its own link', async () => {
    const { side } = await worker(fresh(), { limits: { frameBytes: 10_000 } });
    const jobs = await caller(url());
    expect(await jobs.add(null, { a: 1, b: 2 })).toBe(3);
    const huge = `"${'x'.repeat(100_000)}"`;
    attacker.publish(subject(), huge, { reply: `${inbox(1)}.0` });
    attacker.publish(subject(), huge, { reply: 'nowhere' });
    attacker.publish(`${subject()}._spread`, huge, { reply: `${inbox(1)}.0` });
    attacker.publish(`${subject()}._everyone`, huge);
    await attacker.flush();
    expect(await jobs.add(null, { a: 2, b: 2 })).toBe(4);
    expect(side.peers.size).toBe(1);
  });

  it('whose reply subject is malformed, has wildcards or is the served subject disturbs nobody', async () => {
    const { side } = await worker(fresh());
    const jobs = await caller(url());
    const socket = createConnection(engine.port, '127.0.0.1');
    socket.on('data', () => {});
    socket.write('CONNECT {"verbose":false,"pedantic":false}\r\n');
    const replies = ['*', '>', 'a.*.b', 'a..b', '.', 'a.', '.o-', '_INBOX.o-.0.0', `${inbox(1)}.*`, `${inbox(2)}.>`];
    for (const reply of [
      ...replies,
      subject(),
      `${subject()}._spread`,
      `${subject()}._everyone`,
      `${inbox(3)}.${'9'.repeat(30)}.0`,
    ]) {
      const body = call(1);
      socket.write(`PUB ${subject()} ${reply} ${body.length}\r\n${body}\r\n`);
      socket.write(`PUB ${subject()} ${reply} 0\r\n\r\n`);
      socket.write(`PUB ${subject()}._spread ${reply} 0\r\n\r\n`);
    }
    await new Promise<void>((resolve) => socket.end('PING\r\n', resolve));
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    for (let n = 0; n < 100; n++) expect(await jobs.add(null, { a: n, b: 1 })).toBe(n + 1);
    await until(() => side.peers.size === 1);
    expect(jobs.pendingCalls()).toEqual([]);
  });

  it('that asks 10,000 times who serves gets one empty answer for each, and no link', async () => {
    const end = await NatsEnd.open(fresh(), { listen: true });
    let answers = 0;
    const stop = attacker.subscribe(`${inbox(7)}.0`, { callback: () => void answers++ });
    for (let n = 0; n < 10_000; n++) attacker.publish(`${subject()}._spread`, '', { reply: `${inbox(7)}.who` });
    await until(() => answers === 10_000);
    expect(end.ends).toEqual([]);
    stop.unsubscribe();
  });

  it('that forges the ends, reports and answers of others changes nothing', async () => {
    const { side } = await worker(fresh());
    let release: (() => void) | undefined;
    side.slow.connect(() => new Promise((resolve) => (release = () => resolve('done'))));
    const jobs = await caller(url());
    const slow = jobs.slow(null, { n: 1 });
    await until(() => release !== undefined);
    for (const to of [subject(), `${subject()}._spread`])
      for (const body of [
        '',
        '{"jsonrpc":"2.0","id":1,"result":"forged"}',
        '{"jsonrpc":"2.0","method":"rpc.cancel","params":[1]}',
      ])
        for (const word of ['0', '1', 'end', 'who']) attacker.publish(to, body, { reply: `${inbox(1)}.${word}` });
    await attacker.flush();
    // It rejects if one of the peers that the attacker has made up ends meanwhile: nobody is at their inboxes.
    await side.flush().catch((error) => expect(error).toBeInstanceOf(ConnectionLost));
    await jobs.flush();
    release?.();
    expect(await slow).toBe('done');
    expect(await jobs.add(null, { a: 1, b: 2 })).toBe(3);
  });

  it('cannot have a side that serves publish its answers at the interfaces of the server, or at what is served', async () => {
    const end = await NatsEnd.open(fresh(), { listen: true });
    const published: string[] = [];
    const name = `o-${'0'.repeat(22)}`;
    const replies = [
      ...['$JS.API.STREAM.PURGE.JOBS', '$SYS.REQ.SERVER.PING', '$SRV.PING', `$KV.users.${name}.0.0`, '$'],
      ...[subject(), `${subject()}._dead`, `${subject()}.${name}.0.0`, `${subject()}._topic.${name}.0.0`],
      ...[`other._topic.${name}.0.0`, `${subject()}.${name}.0.who`, `$KV.users.${name}.0.who`],
    ];
    const tap = attacker.subscribe('>', { callback: (_error, message) => void published.push(message.subject) });
    const asked = [subject(), `${subject()}._spread`, `$SRV.STATS.attacked_${used}`];
    const bodies = [call(1), '', ''];
    for (const reply of replies)
      for (const [at, to] of asked.entries()) attacker.publish(to, bodies[at] as string, { reply });
    // What has a name that only begins alike may be answered.
    const others = [`${subject()}0`, 'who.asks'];
    attacker.publish(subject(), call(2), { reply: others[0] as string });
    attacker.publish(`$SRV.PING.attacked_${used}`, '', { reply: others[1] as string });
    await end.link(replies.length);
    expect(end.ends.map(({ link }) => link.takes)).toEqual([...replies.map(() => 'nothing'), 'answers']);
    for (const { link } of end.ends) link.send(['an answer']);
    await end.transport.flush?.();
    await until(() => others.every((other) => published.includes(other)));
    await attacker.flush();
    tap.unsubscribe();
    const sent = [...replies.flatMap(() => asked), subject(), `$SRV.PING.attacked_${used}`, ...others];
    expect(published.sort()).toEqual(sent.sort());
  });

  it('that is told the ids of peers can neither speak as one of them nor answer its calls', async () => {
    const side = await Work.serve(fresh(), { logger: null });
    open.push(side);
    const ids: string[] = [];
    const seen: string[] = [];
    let release: (() => void) | undefined;
    side.add.connect(({ peer }, { a, b }) => {
      seen.push(peer.id);
      return a + b;
    });
    side.slow.connect(({ peer }) => {
      ids.push(peer.id);
      return new Promise((resolve) => (release = () => resolve('true')));
    });
    const inboxes = new Set<string>();
    const tap = attacker.subscribe('>', {
      callback: (_error, { reply = '' }) => void inboxes.add(/\.o-([\w-]+)/.exec(reply)?.[1] ?? ''),
    });
    await attacker.flush();
    const jobs = await caller(url());
    const slow = jobs.slow(null, { n: 1 });
    await until(() => release !== undefined);
    expect(await jobs.add(null, { a: 1, b: 2 })).toBe(3);
    const { id } = (await attacker.request(`$SRV.PING.attacked_${used}`)).json<{ id: string }>();
    tap.unsubscribe();
    inboxes.delete('');
    // That of the caller and that of the worker, which are all that proves who somebody is.
    expect(inboxes.size).toBe(2);
    for (const inbox of inboxes)
      for (const shown of [...ids, ...jobs.peers.keys(), id]) expect(shown).not.toContain(inbox);
    const [name, number] = (ids[0] as string).replace('nats:', '').split('.');
    for (const link of [number, '0'])
      for (let n = 1; n < 10; n++)
        attacker.publish(subject(), call(n, 'add'), { reply: `_INBOX.o-${name}.${link}.${n}` });
    attacker.publish(subject(), '{"jsonrpc":"2.0","id":1,"result":"forged"}', { reply: `_INBOX.o-${name}.0.0` });
    for (let n = 1; n < 10; n++)
      attacker.publish(`_INBOX.o-${name}.0.0`, `{"jsonrpc":"2.0","id":${n},"result":"forged"}`, {
        reply: `_INBOX.o-${id}.1.0`,
      });
    await attacker.flush();
    await until(() => seen.length >= 10);
    expect(seen.slice(1)).not.toContain(ids[0]);
    release?.();
    expect(await slow).toBe('true');
  });

  it('that answers calls by messages to everybody, or under a topic, answers none of them', async () => {
    // Nobody reports the calls meanwhile: it is not known who has them.
    const { side } = await worker(fresh('?beat=60000'));
    const releases: (() => void)[] = [];
    side.slow.connect((_sender, { n }) => new Promise((resolve) => releases.push(() => resolve(`true ${n}`))));
    const jobs = await caller(url('?beat=60000'));
    const heard: string[] = [];
    jobs.news.connect((_sender, { text }) => void heard.push(text));
    await jobs.subscribe('sport');
    const calls = [1, 2, 3].map((n) => jobs.slow(null, { n }));
    await until(() => releases.length === 3);
    for (const to of [`${subject()}._everyone`, `${subject()}._topic.sport`]) {
      for (let id = 1; id <= 20; id++) {
        attacker.publish(to, `{"jsonrpc":"2.0","id":${id},"error":{"code":-32014,"message":"busy"}}`);
        attacker.publish(to, `{"jsonrpc":"2.0","method":"rpc.working","params":[${id}]}`);
        attacker.publish(to, `{"jsonrpc":"2.0","id":${id},"result":"forged"}`);
      }
      attacker.publish(to, JSON.stringify({ jsonrpc: '2.0', method: 'news', params: { text: to } }));
    }
    await until(() => heard.length === 2);
    // The busy answers would have had the calls carried out again.
    expect(releases).toHaveLength(3);
    for (const release of releases) release();
    expect(await Promise.all(calls)).toEqual(['true 1', 'true 2', 'true 3']);
  });

  it('cannot make a topic swallow what is published beyond limits.bufferedBytes: the call throws', async () => {
    const end = await NatsEnd.open(fresh(), { listen: true, limits: { bufferedBytes: 1_000 } });
    const { transport } = end;
    transport.publish?.('news', ['x'.repeat(600)]);
    const text = /to the topic "news" was not sent: 1000 bytes wait already \(limits.bufferedBytes\)/;
    expect(() => transport.publish?.('news', ['x'.repeat(600)])).toThrow(text);
    await transport.flush?.();
    transport.publish?.('news', ['x'.repeat(600)]);
    expect(() => transport.publish?.('news', ['x'.repeat(2 ** 21)])).toThrow(/is larger than the 1048576 bytes/);
    expect(end.reports).toEqual([]);
  });

  describe('that writes to a stream', () => {
    let jetstream: Engine;
    beforeAll(async () => {
      jetstream = await startNats({ jetstream: true });
    });
    afterAll(() => jetstream.end());

    it('messages with a status in their headers, as the server itself sends, does not stop the workers: each is a message', async () => {
      const address = `nats://127.0.0.1:${jetstream.port}/jobs?stream=JOBS&inFlight=4&attempts=2&backoff=10`;
      const side = await Work.serve(address, { logger: null });
      open.push(side);
      const seen: string[] = [];
      side.told.connect((sender, { text }) => {
        seen.push(`${text} ${sender.peer.info.attempt}`);
        if (text === 'fails') throw new Error('fails');
      });
      const bare = await connect({ servers: `127.0.0.1:${jetstream.port}` });
      open.push(bare);
      const say = (text: string, code: number): void =>
        bare.publish('jobs', JSON.stringify({ jsonrpc: '2.0', method: 'told', params: { text } }), {
          headers: headers(code, 'a status'),
        });
      for (let n = 0; n < 10; n++) for (const code of [100, 404, 408, 409, 503]) say('good', code);
      say('fails', 503);
      await bare.flush();
      const jobs = await caller(`nats://127.0.0.1:${jetstream.port}/jobs?stream=JOBS`);
      jobs.told(null, { text: 'last' });
      await jobs.flush();
      await until(() => seen.includes('last 1') && seen.includes('fails 2'));
      expect(seen.filter((text) => text === 'good 1')).toHaveLength(50);
      await expect.poll(async () => (await side.queueStats()).dead).toBe(1);
      expect(seen).toHaveLength(53);
    });
  });
});
