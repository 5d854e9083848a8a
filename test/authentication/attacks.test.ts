import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { endpointOf } from '../../src/api/side-class.js';
import { Code, type Options } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { RawClient } from '../support/core-raw.js';
import { Log, until } from '../support/core-waiting.js';
import { byToken, clear, serve } from './sides.js';

afterEach(clear);

const connections = (side: object) => [...endpointOf(side).connections()];
const hello = (auth?: unknown) => ({
  jsonrpc: '2.0',
  method: 'rpc.hello',
  params: { obverse: 1, codec: 'jrpc', auth },
});
const call = (id: number, text = '') => ({ jsonrpc: '2.0', id, method: 'whoami', params: { text } });
const note = { jsonrpc: '2.0', method: 'note', params: { n: 1 } };
const never: Options = { authenticate: () => new Promise(() => {}) };

/** A server with a peer that is being authenticated, and how often that was asked. */
async function beside(options: Options = never) {
  const { server, seen } = await serve('tcp://127.0.0.1:0', options);
  const raw = await RawClient.connect(server.address);
  await until(() => connections(server).length === 1);
  return { server, seen, raw };
}

describe('a peer that is not authenticated yet', () => {
  it('connects and says nothing (slowloris): half of connectMs later it is asked about, and refused', async () => {
    using clock = stopClock();
    const shakes: unknown[] = [];
    const { server, raw } = await beside({
      authenticate: ({ credentials }) => void shakes.push(credentials),
      limits: { connectMs: 5_000 },
    });
    await clock.turn(2_499);
    expect([shakes, raw.over]).toEqual([[], false]);
    await clock.turn(1);
    await raw.ended();
    expect([shakes, connections(server).length, raw.lines]).toEqual([[undefined], 0, []]);
  });

  it('keeps authenticate busy for ever: its link ends after connectMs, and what it returns then is not used', async () => {
    using clock = stopClock();
    let decide = (_user: string): void => {};
    const { server, seen, raw } = await beside({
      authenticate: () => new Promise<string>((resolve) => (decide = resolve)),
      limits: { connectMs: 5_000 },
    });
    raw.write(hello('x'), call(1));
    await until(() => connections(server)[0]?.size !== 0);
    await clock.turn(5_000);
    await raw.ended();
    decide('ann');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([server.peers.size, seen, endpointOf(server).load.total]).toEqual([
      0,
      { calls: 0, notes: [], peers: [] },
      0,
    ]);
  });

  it('floods with calls and notifications: it is read no further than 64 KiB and a chunk of the socket, and served nothing', async () => {
    const { server, seen, raw } = await beside();
    raw.write(hello('x'));
    const text = 'x'.repeat(1_000);
    for (let n = 0; n < 10_000; n++) raw.write(call(n, text), note);
    const { load } = endpointOf(server);
    await until(() => load.traffic.bytesReceived > 50_000);
    for (let before = -1; before !== load.traffic.bytesReceived; ) {
      before = load.traffic.bytesReceived;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(load.traffic.bytesReceived).toBeLessThan(1024 * 1024);
    expect([seen, server.peers.size, raw.lines]).toEqual([{ calls: 0, notes: [], peers: [] }, 0, []]);
  });

  it('brings megabytes as credentials: authenticate does not get them, and it is refused', async () => {
    const shakes: unknown[] = [];
    const { server, raw } = await beside({ authenticate: (shake) => void shakes.push(shake) });
    raw.write(hello('x'.repeat(900_000)));
    await raw.ended();
    expect(shakes).toEqual([]);
    expect(JSON.parse(raw.lines[0]!).params.refused).toEqual({
      code: Code.TooLarge,
      message: 'a hello with credentials has at most 65536 bytes',
    });
    expect([server.peers.size, endpointOf(server).load.total]).toEqual([0, 0]);
  });

  const nonsense: unknown[] = [null, 0, '', [], {}, { toString: 1 }, { constructor: 7 }, [[[[[[[]]]]]]], 1e300];
  it.each(nonsense.map((auth) => [auth] as const))(
    'brings nonsense as credentials: authenticate gets it as it is, and the server stays: %j',
    async (auth) => {
      const shakes: unknown[] = [];
      const { server, raw } = await beside({
        authenticate: ({ credentials }) => {
          shakes.push(credentials);
          return (credentials as { token: { length: number } }).token.length > 0 && 'ann';
        },
      });
      raw.write(hello(auth));
      await raw.ended();
      expect(shakes.length).toBe(1);
      expect(JSON.parse(raw.lines[0]!).params.refused.code).toBe(Code.Refused);
      expect(server.peers.size).toBe(0);
    },
  );

  it('says hello a second time with other credentials, before and after it was let in: the first ones count', async () => {
    const shakes: unknown[] = [];
    let decide = (_user: string): void => {};
    const { server, raw } = await beside({
      authenticate: ({ credentials }) => {
        shakes.push(credentials);
        return new Promise<string>((resolve) => (decide = resolve));
      },
    });
    raw.write(hello('t0ken-ben'), hello('t0ken-ann'));
    await until(() => shakes.length === 1);
    decide('ben');
    await raw.answers(1);
    raw.write(hello('t0ken-ann'), call(1));
    await raw.until(() => raw.lines.some((line) => line.includes('"result"')));
    expect(shakes).toEqual(['t0ken-ben']);
    expect([...server.peers.values()].map(({ user }) => user)).toEqual(['ben']);
  });

  it('hides a call before or behind its hello: it is served only after it was let in, and never if it is refused', async () => {
    const { seen, raw, server } = await beside({ authenticate: async (shake) => byToken(shake) });
    raw.write(note, hello('guessed'), note);
    await raw.ended();
    expect(seen).toEqual({ calls: 0, notes: [], peers: [] });
    // The first message was not a hello, so there were no credentials.
    const other = await RawClient.connect(server.address);
    other.write(hello('t0ken-ann'), note, call(1));
    await other.answers(2);
    expect(seen).toEqual({ calls: 1, notes: [1], peers: ['connect'] });
    other[Symbol.dispose]();
  });

  it('is nobody’s receiver: neither of everybody, nor of groups, nor by its id', async () => {
    const { server, raw } = await beside();
    raw.write(hello('x'));
    await until(() => connections(server)[0]?.size !== 0);
    server.told(null, { n: 1 });
    server.told(server.everyone, { n: 2 });
    const { peer } = connections(server)[0]!.link;
    expect(() => server.told(peer, { n: 3 })).toThrow(/is not connected|no peer|unknown/i);
    expect(() => server.group('all').add(peer)).toThrow();
    await expect(server.confirm(null, { n: 1 })).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(raw.lines).toEqual([]);
  });

  it('connects thousands of times: those that are let in are not pushed out', async () => {
    const { server } = await serve('tcp://127.0.0.1:0', {
      authenticate: (shake) => byToken(shake),
      limits: { peers: 20 },
    });
    using ann = await RawClient.connect(server.address);
    ann.write(hello('t0ken-ann'));
    await ann.answers(1);
    const many: RawClient[] = [];
    for (let n = 0; n < 100; n++) many.push(await RawClient.connect(server.address).catch(() => ann));
    expect(connections(server).length).toBeLessThanOrEqual(21);
    expect(server.peers.size).toBe(1);
    ann.write(call(1));
    await ann.answers(2);
    for (const each of many) if (each !== ann) each[Symbol.dispose]();
  });

  it('guesses: each refusal is reported, as many as the log can bear, and none has the guess in it', async () => {
    const log = new Log();
    const { server } = await serve('tcp://127.0.0.1:0', { authenticate: byToken, logger: log });
    for (let n = 0; n < 120; n++) {
      using raw = await RawClient.connect(server.address);
      raw.write(hello(`guess-${n}`));
      await raw.ended();
    }
    expect(log.texts.length).toBeGreaterThan(0);
    expect(log.texts.length).toBeLessThanOrEqual(101);
    expect(log.texts.join()).not.toContain('guess-');
  });

  it('opens a WebSocket without subprotocols: it is asked about by its headers at once, without a hello', async () => {
    const { server, seen } = await serve('ws://127.0.0.1:0/', {
      authenticate: ({ info, credentials }) =>
        credentials === undefined && (info.headers as Record<string, string>).authorization === 'Bearer ann' && 'ann',
    });
    const guess = new WebSocket(server.address, { headers: { authorization: 'Bearer x' } });
    guess.on('error', () => {});
    await once(guess, 'close');
    const ann = new WebSocket(server.address, { headers: { authorization: 'Bearer ann' } });
    await once(ann, 'open');
    ann.send(JSON.stringify(call(1)));
    const [answer] = await once(ann, 'message');
    expect(JSON.parse(String(answer))).toEqual({ jsonrpc: '2.0', id: 1, result: 'ann' });
    expect(seen.peers).toEqual(['connect']);
    ann.terminate();
  });
});

it('over udp: nobody is let in, because addresses can be forged', async () => {
  const log = new Log();
  const { server, seen } = await serve('udp://127.0.0.1:0', { authenticate: () => 'anybody', logger: log });
  const { createSocket } = await import('node:dgram');
  const socket = createSocket('udp4');
  socket.send(`${JSON.stringify(call(1))}\n`, Number(new URL(server.address).port), '127.0.0.1');
  await until(() => log.texts.length > 0);
  socket.close();
  expect(log.texts.join()).toMatch(
    /"authenticate" does not work over a bus, or where the address of a peer can be forged/,
  );
  expect([seen.calls, server.peers.size]).toEqual([0, 0]);
});
