import { afterEach, describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import {
  type Frame,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sealed,
  type Security,
  type Sender,
  type Stream,
} from '../../src/index.js';
import { attach, leaveConnection } from '../../src/session/change-connection.js';
import type { Connection } from '../../src/session/connection.js';
import { sendControl } from '../../src/session/system/control-messages.js';
import { until } from '../support/core-waiting.js';
import { MovingSessions } from '../support/moving-sessions.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming tell(_sender: Sender, _args: { n: number }): void {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @outgoing({ hasReply: true }) confirm(_receivers: Receivers, _args: { n: number }): Reply<number> {}
  @outgoing news(_receivers: Receivers, _args: { n: number; text?: string }): void {}
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Base64 and a number, asynchronously: an opened number that comes again, or out of its turn, is refused. */
class Numbered implements Security {
  private sealed = 0;
  private opened = 0;

  async open(payload: Frame, info: { readonly n?: number }): Promise<Frame> {
    await turn();
    if (typeof info.n !== 'number' || info.n <= this.opened) throw new Error(`a replay: ${info.n}`);
    this.opened = info.n;
    return Buffer.from(payload as string, 'base64').toString();
  }

  async seal(payload: Frame): Promise<Sealed> {
    const n = ++this.sealed;
    await turn();
    return { info: { n }, payload: Buffer.from(payload as string).toString('base64') };
  }
}

/** The same at once, without numbers. */
class Plain implements Security {
  open(payload: Frame): Frame {
    return Buffer.from(payload as string, 'base64').toString();
  }
  seal(payload: Frame): Sealed | Promise<Sealed> {
    return { info: { by: 'plain' }, payload: Buffer.from(payload as string).toString('base64') };
  }
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function desks(options: () => Options = () => ({})) {
  const server = await Desk.serve('tcp://127.0.0.1:0', { logger: null, ...options() });
  const client = await Desk.invert().connect(server.address, { logger: null, ...options() });
  open.push(client, server);
  const moving = await MovingSessions.of(client, server);
  open.push(moving);
  return { server, client, moving, near: moving.near.session, far: moving.far.session };
}

describe.each([
  ['no security', () => ({})],
  ['a security that works at once', () => ({ security: new Plain() })],
  ['a security that takes time and refuses what it has opened before', () => ({ security: new Numbered() })],
])('with %s', (_name, options) => {
  it('carries out each call and notification once and in its order, however often the connection is cut', async () => {
    const { server, client, moving } = await desks(options);
    const told: number[] = [];
    const asked: number[] = [];
    const heard: number[] = [];
    server.tell.connect((_sender, { n }) => void told.push(n));
    server.ask.connect((_sender, { n }) => {
      asked.push(n);
      return n * 2;
    });
    client.news.connect((_sender, { n }) => void heard.push(n));
    client.confirm.connect((_sender, { n }) => -n);
    const replies: Promise<number>[] = [];
    const confirmed: Promise<number>[] = [];
    for (const n of upTo(200)) {
      client.tell(null, { n });
      replies.push(client.ask(null, { n }) as Promise<number>);
      confirmed.push(server.confirm(null, { n }) as Promise<number>);
      // To a list, it is sealed once for all receivers.
      server.news(n % 2 === 0 ? null : [...server.peers.values()], { n });
      if (n % 7 === 0) await turn();
      if (n % 40 === 0) {
        // Every other time it is left while both ends still use it.
        if (n % 80 === 0) await moving.cut();
        await moving.reconnect();
      }
    }
    expect(await Promise.all(replies)).toEqual(upTo(200).map((n) => n * 2));
    expect(await Promise.all(confirmed)).toEqual(upTo(200).map((n) => -n));
    await until(() => told.length >= 200 && heard.length >= 200);
    expect([told, asked, heard]).toEqual([upTo(200), upTo(200), upTo(200)]);
    const { near, far } = moving;
    await until(() => near.received >= far.sent.length && far.received >= near.sent.length);
    expect([near.received, far.received]).toEqual([far.sent.length, near.sent.length]);
  });

  it('numbers each message once, and no message of the connection itself', async () => {
    const { server, client, moving, far } = await desks(options);
    const heard: number[] = [];
    client.news.connect((_sender, { n }) => void heard.push(n));
    // Far more than leaves at once within a turn.
    for (const n of upTo(40)) server.news(null, { n, text: 'x'.repeat(10_000) });
    sendControl(far.connection as Connection, 'rpc.hello', [{ obverse: 1 }]);
    await until(() => heard.length === 40 && moving.near.received >= 40);
    sendControl(far.connection as Connection, 'rpc.hello', [{ obverse: 1 }]);
    server.news(null, { n: 41 });
    await until(() => heard.length === 41);
    expect([moving.far.sent.length, moving.near.received]).toEqual([41, 41]);
  });

  it('counts what waits on the connection that it goes on over for the session', async () => {
    const { server, client, moving, far } = await desks(options);
    const told: number[] = [];
    server.tell.connect((_sender, { n }) => void told.push(n));
    const [nearby, distant] = await moving.connections();
    leaveConnection(moving.near.session);
    attach(moving.near.session, nearby);
    for (const n of upTo(50)) client.tell(null, { n });
    await until(() => (distant.queue?.bytes ?? 0) > 1_000);
    attach(far, distant);
    distant.queue?.release();
    await until(() => told.length === 50);
    await until(() => distant.queue === undefined);
    expect([endpointOf(server).load.total, far.load.held]).toEqual([0, 0]);
  });
});

describe('a session', () => {
  it('sends again what is sealed and was not sent: a caller is not told that it failed', async () => {
    class Once implements Security {
      readonly pending: ((error?: Error) => void)[] = [];
      slow = false;
      open(payload: Frame): Frame {
        return payload;
      }
      seal(): Sealed | Promise<Sealed> {
        if (!this.slow) return { info: { by: 'once' } };
        return new Promise((resolve, reject) => {
          this.pending.push((error) => (error === undefined ? resolve({ info: { by: 'once' } }) : reject(error)));
        });
      }
    }
    const securities: Once[] = [];
    const { server, client, moving } = await desks(() => {
      securities.push(new Once());
      return { security: securities.at(-1) as Once };
    });
    const own = securities[1] as Once;
    server.ask.connect((_sender, { n }) => n * 2);
    own.slow = true;
    const reply = client.ask(null, { n: 21 });
    await turn();
    await moving.cut();
    own.slow = false;
    // For the connection that is gone.
    for (const settle of own.pending) settle(new Error('no key for this connection any more'));
    await turn();
    await moving.reconnect();
    expect(await reply).toBe(42);
  });

  it('goes on sending with a security, however much waits: no message is lost since too many are sealed at a time', async () => {
    const limits = [{ bufferedBytes: 100_000 }, {}];
    const { server, client, moving } = await desks(() => ({ security: new Numbered(), limits: limits.shift() ?? {} }));
    const heard: number[] = [];
    client.news.connect((_sender, { n }) => void heard.push(n));
    await moving.cut();
    for (const n of upTo(15)) server.news(null, { n, text: 'x'.repeat(10_000) });
    await moving.reconnect();
    await until(() => heard.length === 15);
    expect(heard).toEqual(upTo(15));
  });

  it('does not go on over a connection that has ended', async () => {
    const { server, moving, near, far } = await desks();
    const before = near.connection;
    const [nearby, distant] = await moving.connections();
    nearby.link.close(new Error('cut'));
    distant.queue?.release();
    nearby.detach();
    expect(() => attach(near, nearby)).toThrow('ended');
    expect(near.connection).toBe(before);
    attach(near, before as Connection);
    expect(near.connection).toBe(before);
    expect(far.ended).toBeUndefined();
    expect(server.peers.size).toBe(1);
  });

  it('moves twice in one turn: what was sent in between leaves over the second connection', async () => {
    const { server, client, moving, near, far } = await desks();
    server.ask.connect((_sender, { n }) => n * 2);
    const first = await moving.connections();
    const second = await moving.connections();
    const replies: Promise<number>[] = [];
    for (const pair of [first, second]) {
      for (const [at, session] of [near, far].entries()) attach(session, pair[at] as Connection);
      for (const n of upTo(5)) replies.push(client.ask(null, { n }) as Promise<number>);
    }
    for (const connection of [...first, ...second]) connection.queue?.release();
    expect(await Promise.all(replies)).toEqual([2, 4, 6, 8, 10, 2, 4, 6, 8, 10]);
    expect(first.map(({ ended }) => ended)).toEqual([true, true]);
    expect([client.stats(), server.stats()]).toMatchObject([{ pendingCalls: 0 }, { activeCalls: 0, bufferedBytes: 0 }]);
  });

  it('goes on with its streams, whose producers have waited for the link that is gone', async () => {
    const { server, client, moving, near, far } = await desks();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    server.count.connect(async function* (_sender, { to }) {
      await gate;
      for (let n = 1; n <= to; n++) yield n;
    });
    const streams = upTo(20).map(async () => {
      let last = 0;
      for await (const n of client.remote.count({ to: 3_000 })) {
        expect(n).toBe(last + 1);
        last = n;
      }
      return last;
    });
    await until(() => server.stats().streams === 20);
    // Nothing is read until there is another connection: the link is full.
    near.link.pause();
    for (let n = 0; far.link.buffered <= 512 * 1024; n++) {
      server.news(null, { n, text: 'x'.repeat(50_000) });
      await turn();
    }
    go();
    for (let n = 0; n < 10; n++) await turn();
    await moving.cut();
    await moving.reconnect();
    expect(await Promise.all(streams)).toEqual(Array(20).fill(3_000));
    await until(() => server.stats().streams === 0);
  });

  it('stops sending streams while it has no connection', async () => {
    const { server, client, moving, far } = await desks();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    server.count.connect(async (_sender, { to }) => {
      await gate;
      return upTo(to);
    });
    const stream = client.remote.count({ to: 100_000 })[Symbol.asyncIterator]();
    const first = stream.next();
    await until(() => server.stats().streams === 1);
    await moving.cut();
    go();
    for (let n = 0; n < 50; n++) await turn();
    expect(far.sendQueue.collected).toBe(0);
    await moving.reconnect();
    expect(await first).toEqual({ done: false, value: 1 });
    expect(await stream.next()).toEqual({ done: false, value: 2 });
    await stream.return?.();
  });

  it('leaves a peer that does not read, and serves what that has asked over the next connection', async () => {
    const { server, client, moving, near, far } = await desks(() => ({
      limits: { bufferedBytes: 200_000, queuedCalls: 8 },
      concurrency: 4,
    }));
    const asked: number[] = [];
    const release: (() => void)[] = [];
    let blocked = true;
    server.ask.connect((_sender, { n }) => {
      asked.push(n);
      return blocked ? new Promise((resolve) => release.push(() => resolve(n))) : n;
    });
    let heard = 0;
    client.news.connect(() => void heard++);
    const replies = upTo(20).map((n) => client.ask(null, { n }));
    await until(() => server.stats().queuedCalls >= 8);
    near.link.pause();
    let sent = 0;
    while (far.sendQueue.bound === undefined) {
      server.news(null, { n: 0, text: 'x'.repeat(50_000) });
      sent++;
      await turn();
    }
    await moving.reconnect();
    for (const job of release) job();
    blocked = false;
    expect(await Promise.all(replies)).toEqual(upTo(20));
    await until(() => heard === sent);
    expect(asked).toEqual(upTo(20));
    expect(server.stats()).toMatchObject({ activeCalls: 0, queuedCalls: 0, bufferedBytes: 0 });
    expect(endpointOf(server).load.total).toBe(0);
  });

  it('cuts a peer that does not read what is sent again', async () => {
    const { server, client, moving, far } = await desks(() => ({ limits: { bufferedBytes: 100_000, stalledMs: 300 } }));
    await moving.cut();
    const [nearby, distant] = await moving.connections();
    nearby.link.pause();
    // As a journal does, before the session goes on.
    const kept = JSON.stringify({ jsonrpc: '2.0', method: 'news', params: { n: 1, text: 'x'.repeat(50_000) } });
    while (distant.link.buffered <= 100_000) {
      distant.write([kept], kept.length);
      await turn();
    }
    attach(far, distant);
    distant.queue?.release();
    expect(() => {
      for (let n = 0; n < 100; n++)
        server.news(client === undefined ? null : [...server.peers.values()], { n, text: 'x'.repeat(50_000) });
      far.post(kept);
    }).toThrow('does not read');
    await until(() => far.connection === undefined);
  });

  it('counts what waits while it has no connection, up to the bound for all peers', async () => {
    const { server, moving, far } = await desks(() => ({ limits: { totalBytes: 1_000_000 } }));
    await moving.cut();
    for (const n of upTo(5)) server.news(null, { n, text: 'x'.repeat(10_000) });
    await turn();
    server.news(null, { n: 6 });
    expect(endpointOf(server).load.total).toBeGreaterThan(50_000);
    expect(server.stats().bufferedBytes).toBeGreaterThan(50_000);
    await moving.reconnect();
    await until(() => moving.near.received === 6);
    await until(() => endpointOf(server).load.total === 0);
    await moving.cut();
    for (const n of upTo(200)) server.news(null, { n, text: 'x'.repeat(10_000) });
    expect(far.ended?.message).toContain('totalBytes');
  });

  it('that is to end once it is idle sends first what waits', async () => {
    const { server, client, moving, far } = await desks();
    let release = (): void => {};
    server.ask.connect(
      (_sender, { n }) =>
        new Promise((resolve) => {
          release = () => resolve(n * 2);
        }),
    );
    const reply = client.ask(null, { n: 21 });
    await until(() => server.stats().activeCalls === 1);
    await moving.cut();
    far.closeWhenIdle();
    release();
    await turn();
    expect(far.ended).toBeUndefined();
    await moving.reconnect();
    expect(await reply).toBe(42);
    await until(() => far.ended !== undefined);
  });

  it('continues when the peer has ended its half of the old link', async () => {
    const { server, client, moving, near, far } = await desks();
    server.ask.connect((_sender, { n }) => n * 2);
    const old = far.connection as Connection;
    const [nearby, distant] = await moving.connections();
    // Its input ends while something of it waits.
    old.inboundQueue.hold();
    const replies = upTo(5).map((n) => client.ask(null, { n }));
    await until(() => old.queue !== undefined && old.queue.bytes > 0);
    old.inputEnded();
    leaveConnection(near);
    leaveConnection(far);
    moving.near.sendAgain();
    moving.far.sendAgain();
    attach(near, nearby);
    attach(far, distant);
    old.queue?.release();
    for (const each of [nearby, distant]) each.queue?.release();
    expect(await Promise.all(replies)).toEqual([2, 4, 6, 8, 10]);
    old.inputEnded();
    old.closed();
    expect([near.ended, far.ended]).toEqual([undefined, undefined]);
  });
});
