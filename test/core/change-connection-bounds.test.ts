import { afterEach, expect, it } from 'vitest';
import {
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
} from '../../src/index.js';
import { attach } from '../../src/session/change-connection.js';
import { until } from '../support/core-waiting.js';
import { MovingSessions } from '../support/moving-sessions.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  @outgoing news(_receivers: Receivers, _args: { text: string }): void {}
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const turn = () => new Promise((resolve) => setImmediate(resolve));

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function desks(options: Options = {}) {
  const server = await Desk.serve('tcp://127.0.0.1:0', { logger: null, ...options });
  const client = await Desk.invert().connect(server.address, { logger: null });
  open.push(client, server);
  const moving = await MovingSessions.of(client, server);
  open.push(moving);
  return { server, client, moving, near: moving.near.session, far: moving.far.session };
}

/** A handler whose calls wait until they are released. */
function blocked() {
  const asked: number[] = [];
  let waiting: (() => void)[] | undefined = [];
  const handler = (_sender: Sender, { n }: { n: number }): number | Promise<number> => {
    asked.push(n);
    return waiting === undefined ? n : new Promise((resolve) => waiting?.push(() => resolve(n)));
  };
  const release = (): void => {
    const jobs = waiting ?? [];
    waiting = undefined;
    for (const job of jobs) job();
  };
  return { asked, handler, release };
}

it('does not read the next connection either while too many calls wait: a peer cannot get around the bound by dialing again', async () => {
  const { server, client, moving, far } = await desks({ concurrency: 1, limits: { queuedCalls: 4 } });
  const { handler, release } = blocked();
  server.ask.connect(handler);
  // More than the bound and what the queue takes beyond it; each in a turn of its own, so that reading stops in between.
  const replies: Promise<number>[] = [];
  for (const n of upTo(8)) {
    replies.push(client.ask(null, { n }) as Promise<number>);
    await turn();
  }
  await until(() => far.callQueue?.paused === true);
  await moving.cut();
  for (const n of upTo(200)) replies.push(client.ask(null, { n: n + 8 }) as Promise<number>);
  const [nearby, distant] = await moving.connections();
  const link = distant.link as { pause(): void };
  let pauses = 0;
  const pause = link.pause.bind(link);
  link.pause = () => {
    pauses++;
    pause();
  };
  for (const [journal, connection] of [
    [moving.near, nearby],
    [moving.far, distant],
  ] as const) {
    journal.sendAgain();
    attach(journal.session, connection);
    connection.queue?.release();
  }
  expect(pauses).toBe(1);
  release();
  expect(await Promise.all(replies)).toEqual(upTo(208));
});

it('begins what has waited for a peer that did not read, while there is no connection', async () => {
  const { server, client, moving, near, far } = await desks({ concurrency: 2, limits: { bufferedBytes: 200_000 } });
  const { asked, handler, release } = blocked();
  server.ask.connect(handler);
  const replies = upTo(20).map((n) => client.ask(null, { n }));
  await until(() => server.stats().queuedCalls === 18);
  near.link.pause();
  while (far.sendQueue.bound === undefined) {
    server.news(null, { text: 'x'.repeat(50_000) });
    await turn();
  }
  release();
  for (let n = 0; n < 20; n++) await turn();
  // Nothing begins whose reply the peer would leave unread.
  expect(asked).toEqual([1, 2]);
  await moving.cut();
  await until(() => asked.length === 20);
  await moving.reconnect();
  expect(await Promise.all(replies)).toEqual(upTo(20));
});

it('closes the connection that it leaves, and sends no larger messages than the peer reads over the next one', async () => {
  const { server, moving, near, far } = await desks();
  const [, distant] = await moving.connections();
  distant.limit = 1_000;
  attach(far, distant);
  const peer = [...server.peers.values()][0] ?? null;
  expect(() => server.news(peer, { text: 'x'.repeat(1_000) })).toThrow('larger than 1000 bytes');
  await until(() => near.connection === undefined);
});

it('counts what was sent again and is not read, and watches the peer', async () => {
  const { moving, far } = await desks({ limits: { bufferedBytes: 100_000, stalledMs: 200 } });
  await moving.cut();
  const [nearby, distant] = await moving.connections();
  nearby.link.pause();
  const kept = JSON.stringify({ jsonrpc: '2.0', method: 'news', params: { text: 'x'.repeat(50_000) } });
  while (distant.link.buffered <= 100_000) {
    distant.write([kept], kept.length);
    await turn();
  }
  attach(far, distant);
  expect(far.load.unsent).toBe(distant.link.buffered);
  expect(far.buffered).toBe(distant.link.buffered);
  // Nothing else is sent: only the watch finds out.
  await until(() => far.connection === undefined);
  expect(far.load.unsent).toBe(0);
});
