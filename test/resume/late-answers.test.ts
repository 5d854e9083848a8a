import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionLost } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { turn } from '../support/core-played.js';
import { failure, until } from '../support/core-waiting.js';
import { BYTES, dialing } from './played-servers.js';
import { ack, cut, hello } from './played-visitors.js';
import { atEnd, clear, dial, serve } from './resuming.js';

afterEach(clear);

const asked = (id: number, n = id) => ({ jsonrpc: '2.0', id, method: 'ask', params: { n } });
const note = (n: number) => ({ jsonrpc: '2.0', method: 'note', params: { n } });
const late = hello({ dial: 1, token: 'late', ms: 5_000, bytes: BYTES });

/** Its hello was not answered within two seconds. */
async function unanswered() {
  const clock = stopClock();
  atEnd(() => clock.restore());
  const far = await dialing();
  await clock.turn(2_000);
  const client = await far.opened();
  return { ...far, clock, client };
}

describe('a session whose hello is answered after calls were sent', () => {
  it('is the one that the answer names: what was sent are its first messages, which are sent again where they have not come', async () => {
    const { first, client, dial: next, asked: askedFor, events } = await unanswered();
    const calls = [client.remote.ask({ n: 1 })];
    client.remote.note({ n: 7 });
    await turn();
    calls.push(client.remote.ask({ n: 2 }));
    await turn();
    first.say(late);
    await turn();
    expect(first.closes).toEqual([]);
    expect(first.heard.slice(1)).toEqual([asked(1), note(7), asked(2), ack(0, 3)]);
    await cut(first);
    const second = next();
    await turn();
    expect(askedFor(second)).toEqual({ v: 1, dial: 2, token: 'late', got: 0, sent: 3 });
    second.say(hello({ dial: 2, got: 1, sent: 0 }));
    await turn();
    expect(second.heard.slice(1)).toEqual([note(7), asked(2)]);
    second.say({ jsonrpc: '2.0', id: 1, result: 2 }, { jsonrpc: '2.0', id: 2, result: 4 });
    expect(await Promise.all(calls)).toEqual([2, 4]);
    expect(events).toEqual(['resumed']);
  });

  it('is dialed again if the other side has said something else before', async () => {
    const { first, client, dial: next, asked: askedFor } = await unanswered();
    const lost = failure<ConnectionLost>(client.remote.ask({ n: 1 }));
    await turn();
    first.say({ jsonrpc: '2.0', method: 'told', params: { n: 1 } });
    await turn();
    first.say(late);
    expect(await lost).toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
    const second = next();
    await turn();
    expect(askedFor(second)).toEqual({ v: 1, dial: 2, bytes: BYTES });
  });

  it('is dialed again if it has sent more than is kept', async () => {
    const { first, client } = await unanswered();
    const text = 'x'.repeat(60 * 1024);
    for (let n = 0; n < 20; n++) client.remote.note({ n, text });
    await turn();
    first.say(late);
    await until(() => first.closes.length === 1);
  });

  it('stays plain where the answer names none', async () => {
    const { first, client, dial: next } = await unanswered();
    const lost = failure<ConnectionLost>(client.remote.ask({ n: 1 }));
    await turn();
    first.say({ jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc' } });
    await cut(first);
    next();
    expect(await lost).toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
  });

  it('is drained when nothing is open', async () => {
    const { client, clock } = await unanswered();
    client.remote.note({ n: 1 });
    await turn();
    const closed = client.close({ drain: 60_000 });
    await clock.turn(10);
    await closed;
  });
});

/** An `authenticate` that takes until `release` is called. */
function slow(user: object | undefined) {
  const asked: (() => void)[] = [];
  const authenticate = () => new Promise<object | undefined>((resolve) => void asked.push(() => resolve(user)));
  const release = async () => {
    await until(() => asked.length > 0);
    for (const each of asked.splice(0)) each();
  };
  return { authenticate, release };
}

const socket = (): string => `unix:${join(mkdtempSync(join(tmpdir(), 'late-')), 's')}`;

describe.each(['tcp://127.0.0.1:0', 'unix'])(
  'a server that takes longer than two seconds to let a peer in, over %s',
  (name) => {
    const address = () => (name === 'unix' ? socket() : name);

    it.each(['jrpc', 'msgpack'] as const)('gets every call and notification once, with %s', async (codec) => {
      const { authenticate, release } = slow({ id: 'ann' });
      const { server, seen } = await serve(address(), { resume: true, authenticate, codec });
      const client = await dial(server.address, seen, { reconnect: { delay: 1 }, codec });
      const calls = [1, 2, 3].map((n) => client.remote.ask({ n }));
      client.remote.note({ n: 1 });
      await turn();
      await release();
      expect(await Promise.all(calls)).toEqual([2, 4, 6]);
      expect(await client.remote.ask({ n: 4 })).toBe(8);
      expect([...seen.ran.values()]).toEqual([1, 1, 1, 1]);
      expect(seen.notes).toEqual([1]);
      expect(await server.remote.confirm({ n: 5 })).toBe(15);
      expect(seen.client).toEqual([]);
    });

    it('and `begin` waits for it', async () => {
      const { authenticate, release } = slow({ id: 'ann' });
      const { server, seen } = await serve(address(), { resume: true, authenticate });
      const begin = async (remote: unknown) => {
        const answer = (remote as { ask(args: { n: number }): Promise<number> }).ask({ n: 1 });
        void release();
        await answer;
      };
      await dial(server.address, seen, { reconnect: { delay: 1, begin } });
      expect(seen.ran.get(1)).toBe(1);
    });

    it.each([true, false])('and refuses it, carries nothing out, with reconnect: %s', async (reconnect) => {
      const { authenticate, release } = slow(undefined);
      const { server, seen } = await serve(address(), { resume: true, authenticate });
      const client = await dial(server.address, seen, { reconnect });
      const lost = failure<ConnectionLost>(client.remote.ask({ n: 1 }));
      await turn();
      await release();
      expect(await lost).toMatchObject({ name: 'ConnectionLost', maybeExecuted: false });
      expect(seen.ran.size).toBe(0);
    });
  },
);
