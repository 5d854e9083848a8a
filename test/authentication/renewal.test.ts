import { afterEach, describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import { Code, ConnectionLost, type Options, RpcError, UsageError } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import type { Authenticate, Handshake } from '../../src/types/authentication.js';
import { RawClient } from '../support/core-raw.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { clear, dial, serve } from './sides.js';

afterEach(clear);

const hello = (auth: unknown) => ({
  jsonrpc: '2.0',
  method: 'rpc.hello',
  params: { obverse: 1, codec: 'jrpc', auth },
});
const auth = (params?: object) => ({ jsonrpc: '2.0', method: 'rpc.auth', ...(params && { params }) });

/** Tokens `user:n` that are good for a minute; every handshake is kept. */
function minutes() {
  const shakes: Handshake[] = [];
  const authenticate: Authenticate = (shake) => {
    shakes.push(shake);
    shake.expireIn(60_000);
    const [id] = String(shake.credentials).split(':');
    return id !== 'revoked' && { id };
  };
  return { shakes, authenticate };
}

describe.each<[string, string, Options]>([
  ['tcp', 'tcp://127.0.0.1:0', {}],
  ['ws, msgpack', 'ws://127.0.0.1:0/', { codec: 'msgpack' }],
  ['ws, under a security', 'ws://127.0.0.1:0/', { security: 'user?user=x', requireSecurityInfo: true }],
])('credentials that have run out, over %s,', (_way, address, options) => {
  it('are asked for again and again, without another link', async () => {
    using clock = stopClock();
    const { shakes, authenticate } = minutes();
    const { server, seen } = await serve(address, { ...options, authenticate });
    let asked = 0;
    const client = await dial(server.address, { ...options, credentials: async () => `ann:${++asked}` });
    const [peer] = [...server.peers.values()];
    const { user } = peer!;
    for (let n = 2; n <= 4; n++) {
      await clock.turn(59_999);
      expect(asked).toBe(n - 1);
      await clock.turn(1);
      await until(() => shakes.length === n);
      expect(await client.remote.whoami()).toEqual({ id: 'ann' });
    }
    expect(shakes.map(({ credentials }) => credentials)).toEqual(['ann:1', 'ann:2', 'ann:3', 'ann:4']);
    expect(shakes.map((shake) => shake.user)).toEqual([undefined, user, user, user]);
    expect(peer!.user).toBe(user);
    expect(seen.peers).toEqual(['connect']);
  });

  it.each<[string, string, string]>([
    ['of another user', 'ben:2', 'the new credentials are those of another user'],
    ['that are refused', 'revoked:2', 'the credentials were refused'],
  ])('and new ones %s end the session, and its peer learns why', async (_what, next, text) => {
    using clock = stopClock();
    const { authenticate } = minutes();
    const log = new Log();
    const { server, seen } = await serve(address, { ...options, authenticate, logger: log });
    const given = ['ann:1', next];
    const client = await dial(server.address, { ...options, credentials: () => given.shift() });
    server.note.connect(() => {});
    server.whoami.connect(() => new Promise(() => {}));
    const open = failure(client.remote.whoami());
    await until(() => endpointOf(server).load.traffic.framesReceived > 1);
    await clock.turn(60_000);
    const error = await open;
    expect(error).toBeInstanceOf(ConnectionLost);
    // It may have been carried out.
    expect(error).toMatchObject({ maybeExecuted: true });
    expect(error.message).toContain(text);
    await until(() => seen.peers.length === 2);
    expect(log.texts.join()).toContain(text);
  });

  it('and that are not sent end the session after connectMs', async () => {
    using clock = stopClock();
    const { authenticate } = minutes();
    const { server, seen } = await serve(address, { ...options, authenticate, limits: { connectMs: 5_000 } });
    let asked = 0;
    const client = await dial(server.address, {
      ...options,
      credentials: () => (asked++ === 0 ? 'ann:1' : new Promise<string>(() => {})),
    });
    await clock.turn(60_000);
    await until(() => asked === 2);
    expect(await client.remote.whoami()).toEqual({ id: 'ann' });
    await clock.turn(4_999);
    expect(seen.peers).toEqual(['connect']);
    await clock.turn(1);
    await until(() => seen.peers.length === 2 && client.peers.size === 0);
  });
});

describe('expireIn', () => {
  it('can be called later, asks at once with 0, and not again once it is Infinity', async () => {
    using clock = stopClock();
    const shakes: Handshake[] = [];
    const beat = Number.POSITIVE_INFINITY;
    const { server } = await serve('tcp://127.0.0.1:0', {
      beat,
      authenticate: (shake) => {
        shakes.push(shake);
        return 'ann';
      },
    });
    const client = await dial(server.address, { beat, credentials: 'a' });
    await clock.turn(86_400_000);
    expect(shakes.length).toBe(1);
    shakes[0]!.expireIn(0);
    await clock.turn(0);
    await until(() => shakes.length === 2);
    await client.remote.whoami();
    shakes[1]!.expireIn(1_000);
    shakes[1]!.expireIn(Number.POSITIVE_INFINITY);
    await clock.turn(86_400_000);
    expect(shakes.length).toBe(2);
    // Longer than a timer of the runtime can wait.
    shakes[1]!.expireIn(40 * 86_400_000);
    for (let day = 0; day < 39; day++) await clock.turn(86_400_000);
    expect(shakes.length).toBe(2);
    await clock.turn(86_400_000);
    await until(() => shakes.length === 3);
    await client.close();
    shakes[2]!.expireIn(0);
    await clock.turn(1);
    expect(shakes.length).toBe(3);
  });

  it.each([-1, Number.NaN, '5', undefined])('refuses %s', async (ms) => {
    let thrown: unknown;
    const { server } = await serve('tcp://127.0.0.1:0', {
      authenticate: ({ expireIn }) => {
        try {
          expireIn(ms as number);
        } catch (error) {
          thrown = error;
        }
        return 'ann';
      },
    });
    await dial(server.address, { credentials: 'a' });
    expect(thrown).toBeInstanceOf(UsageError);
    expect(String(thrown)).toMatch(/a number of milliseconds from 0/);
  });

  it('ends the link of a peer that says no hello', async () => {
    using clock = stopClock();
    const { authenticate } = minutes();
    const { server, seen } = await serve('tcp://127.0.0.1:0', { authenticate, codec: 'jrpc?hello=off' });
    using raw = await RawClient.connect(server.address);
    raw.write({ jsonrpc: '2.0', id: 1, method: 'whoami' });
    await raw.answers(1);
    await clock.turn(60_000);
    await raw.ended();
    expect(seen.peers).toEqual(['connect', 'disconnect']);
  });
});

describe('the side that dials', () => {
  it('is cut, and dials again, if its credentials fail', async () => {
    using clock = stopClock();
    const { authenticate } = minutes();
    const { server, seen } = await serve('tcp://127.0.0.1:0', { authenticate });
    let asked = 0;
    const client = await dial(server.address, {
      credentials: async () => {
        if (++asked === 2) throw new Error('the issuer is away');
        return `ann:${asked}`;
      },
      reconnect: { delay: 1 },
    });
    const reasons: Error[] = [];
    client.on('reconnecting', (_peer, { reason }) => void reasons.push(reason));
    await clock.turn(60_000);
    await until(() => seen.peers.length >= 2);
    await clock.turn(1);
    await until(() => seen.peers.length === 3);
    expect(asked).toBe(3);
    expect(String(reasons[0])).toContain('the option "credentials" has failed: the issuer is away');
  });

  it('answers once, however often it is asked: a server cannot make it call credentials in a loop', async () => {
    const { createServer } = await import('node:net');
    const lines: string[] = [];
    const far = createServer((socket) => {
      socket.on('error', () => {});
      socket.setEncoding('utf8').on('data', (text: string) => {
        lines.push(...text.trimEnd().split('\n'));
        if (lines.length > 1) return;
        socket.write(`${JSON.stringify(hello(undefined))}\n${`${JSON.stringify(auth())}\n`.repeat(1_000)}`);
      });
    }).listen(0, '127.0.0.1');
    await until(() => far.listening);
    const { port } = far.address() as { port: number };
    let asked = 0;
    let answer = (_value: string): void => {};
    const client = await dial(`tcp://127.0.0.1:${port}`, {
      credentials: () => (++asked === 1 ? 'a' : new Promise<string>((resolve) => (answer = resolve))),
    });
    await until(() => endpointOf(client).load.traffic.framesReceived === 1_001 && asked > 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toBe(2);
    answer('b');
    await until(() => lines.length === 2);
    expect(JSON.parse(lines[1]!)).toEqual(auth({ credentials: 'b' }));
    await client.close();
    far.close();
  });
});

describe('a hostile peer', () => {
  it('that sends credentials again and again, without being asked, makes authenticate run once', async () => {
    const { shakes, authenticate } = minutes();
    const { server } = await serve('tcp://127.0.0.1:0', { authenticate });
    using raw = await RawClient.connect(server.address);
    raw.write(hello('ann:1'), ...Array.from({ length: 100 }, () => auth({ credentials: 'ben:1' })));
    raw.write({ jsonrpc: '2.0', id: 1, method: 'whoami' });
    await raw.answers(2);
    expect(JSON.parse(raw.lines[1]!).result).toEqual({ id: 'ann' });
    expect(shakes.length).toBe(1);
  });

  it('that answers twice, or with too much, makes it run once more at most, and is cut', async () => {
    let resolve = (_user: unknown): void => {};
    let asked = 0;
    const { server } = await serve('tcp://127.0.0.1:0', {
      authenticate: ({ expireIn }) => {
        if (++asked === 1) {
          expireIn(0);
          return 'ann';
        }
        return new Promise((done) => (resolve = done));
      },
    });
    using raw = await RawClient.connect(server.address);
    raw.write(hello('x'));
    await raw.answers(2);
    expect(JSON.parse(raw.lines[1]!)).toEqual(auth());
    raw.write(auth({ credentials: 'x' }), auth({ credentials: 'y' }));
    await until(() => asked === 2);
    resolve('ann');
    raw.write({ jsonrpc: '2.0', id: 1, method: 'whoami' });
    await raw.until(() => raw.lines.some((line) => line.includes('result')));
    expect(asked).toBe(2);

    asked = 0;
    using other = await RawClient.connect(server.address);
    other.write(hello('x'));
    await other.answers(2);
    other.write(auth({ credentials: 'x'.repeat(70_000) }));
    await other.ended();
    expect(asked).toBe(1);
    expect(JSON.parse(other.lines[2]!).params.refused).toMatchObject({ code: Code.TooLarge });
  });

  it('that sends a refusal to the side that listens changes nothing', async () => {
    const { authenticate } = minutes();
    const { server } = await serve('tcp://127.0.0.1:0', { authenticate });
    using raw = await RawClient.connect(server.address);
    raw.write(auth({ refused: { code: 1, message: 'go' } }), auth({ refused: 5 }), hello('ann:1'));
    raw.write(auth({ refused: { code: 1, message: 'go' } }), { jsonrpc: '2.0', id: 1, method: 'whoami' });
    await raw.answers(2);
    expect(JSON.parse(raw.lines[1]!).result).toEqual({ id: 'ann' });
  });

  it('that listens and sends a broken refusal ends with an error all the same', async () => {
    for (const refused of [{}, { code: 'x', message: 7 }, { code: 1.5, message: null }, []]) {
      const { createServer } = await import('node:net');
      const far = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.write(`${JSON.stringify(auth({ refused }))}\n`));
      }).listen(0, '127.0.0.1');
      await until(() => far.listening);
      const { port } = far.address() as { port: number };
      const error = await failure(dial(`tcp://127.0.0.1:${port}`, { credentials: 'a' }));
      expect(error).toBeInstanceOf(RpcError);
      expect(error.message).toBe('the other side refuses this one');
      far.close();
    }
  });
});
