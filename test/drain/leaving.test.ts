import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { BYTES, bye, dialing } from '../resume/played-servers.js';
import { ack, ask, cut, hello, listening, note } from '../resume/played-visitors.js';
import { clear, dial, serve } from '../resume/resuming.js';
import type { PlayedLink } from '../support/core-played.js';
import { turn } from '../support/core-played.js';
import { failure, until } from '../support/core-waiting.js';

afterEach(clear);

const leaving = (...params: unknown[]) => ({ jsonrpc: '2.0', method: 'rpc.leaving', params });
const saysLeaving = (link: PlayedLink) => link.heard.filter(({ method }) => method === 'rpc.leaving');
const saysBye = (link: PlayedLink) => link.heard.filter(({ method }) => method === 'rpc.bye');
const HOUR = 3_600_000;

describe('a side that listens and drains', () => {
  it('notifies its peers, and ends a session once its peer has left it, nothing is open, and everything has arrived', async () => {
    const { server, held, begun } = await listening();
    const { link } = await begun();
    link.say(ask(1), ask(100));
    const closing = server.close({ drain: HOUR });
    await until(() => saysLeaving(link).length === 1);
    expect(saysLeaving(link)).toEqual([leaving(HOUR)]);
    link.say(ask(2));
    expect(server.peers.size).toBe(1);
    link.say(leaving(HOUR));
    expect(server.peers.size).toBe(0);
    await turn();
    // The answers to 1 and 2 and the message have arrived; 100 is still open.
    link.say(ack(3, 4));
    await turn();
    expect(saysBye(link)).toEqual([]);
    held[0]?.();
    await until(() => link.heard.some(({ result }) => result === 200));
    await turn();
    expect([saysBye(link), link.closes]).toEqual([[], []]);
    link.say(ack(4, 4));
    await closing;
    expect([saysBye(link), link.closes]).toEqual([[bye(true)], [undefined]]);
  });

  it('notifies a peer whose session begins afterwards, and none that keeps no sessions', async () => {
    const { server, visit, played, begun } = await listening();
    const { link: known } = await begun();
    const { link } = await visit({ dial: 1, bytes: BYTES }, 'later');
    const plain = played.visit('plain');
    plain.say(ask(1));
    const closing = server.close({ drain: HOUR });
    await until(() => saysLeaving(known).length === 1);
    link.say(ack(0, 0));
    await turn();
    expect(saysLeaving(link)).toHaveLength(1);
    plain.say(ask(2));
    await turn();
    expect(plain.heard.map(({ result }) => result)).toEqual([2, 4]);
    await server.close();
    await closing;
  });

  it('ends the sessions that have no link, and those whose link is cut meanwhile', async () => {
    const { server, begun, events } = await listening();
    const { link: away } = await begun('away');
    const { link } = await begun('near');
    await cut(away);
    expect(events).toEqual(['connect away', 'connect near']);
    const closing = server.close({ drain: HOUR });
    await until(() => saysLeaving(link).length === 1);
    expect(events).toEqual(['connect away', 'connect near', 'disconnect away']);
    await cut(link);
    expect(events.at(-1)).toBe('disconnect near');
    await closing;
  });

  it('cuts peers who never become quiet when its time is over, also those that say they leave', async () => {
    using clock = stopClock();
    const { server, begun, reasons } = await listening();
    const { link } = await begun();
    const { link: other } = await begun('other');
    link.say(ask(100));
    other.say(ask(100));
    const closing = server.close({ drain: 20_000 });
    await until(() => saysLeaving(link).length === 1);
    other.say(leaving(HOUR));
    for (let n = 1; n < 50; n++) {
      link.say(ask(n));
      await clock.turn(399);
    }
    expect([link.closes, other.closes]).toEqual([[], []]);
    await clock.turn(1_000);
    await closing;
    expect([saysBye(link), saysBye(other)]).toEqual([[bye(true)], [bye(true)]]);
    expect(reasons).toHaveLength(2);
  });
});

describe('a peer that says it leaves a session, while its side goes on,', () => {
  it('and stays, is cut after its time, an hour at most: it is nobody’s receiver meanwhile', async () => {
    using clock = stopClock();
    const { server, begun } = await listening();
    const { link: brief } = await begun('brief');
    const { link: long } = await begun('long');
    for (const [link, ms] of [
      [brief, 5_000],
      [long, 1e15],
    ] as const) {
      link.say(ask(100));
      // Only the first one counts.
      for (let n = 0; n < 100; n++) link.say(leaving(ms + n));
    }
    expect([...server.peers.keys()]).toEqual([]);
    await clock.turn(4_999);
    expect(brief.closes).toEqual([]);
    await clock.turn(1);
    expect(brief.closes).toHaveLength(1);
    expect(brief.closes[0]).toBeInstanceOf(ConnectionLost);
    await clock.turn(HOUR - 5_001);
    expect(long.closes).toEqual([]);
    await clock.turn(1);
    expect(long.closes).toHaveLength(1);
  });

  it('without a time that can be, is not believed', async () => {
    const { server, begun, notes } = await listening();
    const { link } = await begun();
    link.say(leaving(), leaving(-1), leaving('5'), leaving(null), leaving(1.5), leaving({}), note(1));
    expect([server.peers.size, notes, link.closes]).toEqual([1, [1], []]);
  });
});

/** A side that dials, and how often it is to replace its link. */
async function dials() {
  const replaced: number[] = [];
  const redialer = {
    watch: undefined as { replaces?(): void } | undefined,
    hurry() {},
    end() {},
    replace: (ms: number) => void replaced.push(ms),
  };
  const played = await dialing({}, { redialer } as object);
  const client = await played.begun();
  let token = 1;
  /** Another link beside the last one, over which another session begins. */
  const next = async (field: object = {}): Promise<PlayedLink> => {
    redialer.watch?.replaces?.();
    const link = played.dial();
    await until(() => link.heard.length > 0);
    const { dial: number } = played.asked(link);
    link.say(hello({ dial: number, token: `next ${++token}`, ms: 5_000, bytes: BYTES, ...field }));
    await turn();
    await turn();
    return link;
  };
  return { ...played, client, next, replaced };
}

describe('a side that dials, when the other one leaves', () => {
  it('begins its next session over another link, and goes on with what is open over the old one', async () => {
    const { client, first, next, replaced, asked, events } = await dials();
    const reconnected: unknown[] = [];
    client.on('reconnected', (_peer, { why }) => void reconnected.push(why));
    const [before] = client.peers.values();
    const open = client.remote.ask({ n: 1 });
    await turn();
    first.say(leaving(20_000));
    expect(replaced).toEqual([5_000]);
    const still = client.remote.ask({ n: 2 });
    await turn();
    first.say({ jsonrpc: '2.0', id: 2, result: 4 });
    expect(await still).toBe(4);
    const link = await next();
    expect(asked(link)).toEqual({ v: 1, dial: 2, bytes: BYTES });
    expect(reconnected).toEqual(['leaving']);
    expect([...client.peers.values()].includes(before!)).toBe(false);
    // It says on the old one that it has left, and acknowledges at once.
    expect(saysLeaving(first)).toHaveLength(1);
    expect(first.heard.at(-1)).toEqual(ack(2, 3));
    const moved = client.remote.ask({ n: 3 });
    await turn();
    expect(link.heard.at(-1)).toMatchObject({ method: 'ask', params: { n: 3 } });
    first.say({ jsonrpc: '2.0', id: 1, result: 2 });
    expect(await open).toBe(2);
    await turn();
    expect(first.heard.at(-1)).toEqual(ack(3, 3));
    first.say(bye(true));
    await turn();
    link.say({ jsonrpc: '2.0', id: 1, result: 6 });
    expect(await moved).toBe(6);
    expect(events).toEqual(['connect', 'disconnect']);
    expect(client.peers.size).toBe(1);
  });

  it('loses what is open if the old link is cut meanwhile', async () => {
    const { client, first, next } = await dials();
    const open = failure<ConnectionLost>(client.remote.ask({ n: 1 }));
    await turn();
    first.say(leaving(20_000));
    await next();
    first.receiver.closed(new Error('cut'));
    expect((await open).maybeExecuted).toBe(true);
  });

  it('ends the old session 10 s after its time if the other side does not', async () => {
    using clock = stopClock();
    const { client, first, next } = await dials();
    const open = failure(client.remote.ask({ n: 1 }));
    await turn();
    first.say(leaving(20_000));
    await next();
    await clock.turn(29_999);
    expect(first.closes).toEqual([]);
    await clock.turn(1);
    expect(first.closes).toHaveLength(1);
    expect((await open).message).toMatch(/did not end|has not ended it within 20000 ms/);
  });

  it('keeps no more than four sessions of a server that leaves one after the other', async () => {
    const { first, next, client } = await dials();
    const links = [first];
    for (let n = 0; n < 20; n++) {
      links.at(-1)?.say(leaving(HOUR));
      links.push(await next());
    }
    const open = links.filter(({ closes }) => closes.length === 0);
    expect(open.length).toBeLessThan(7);
    expect(client.peers.size).toBe(1);
  });

  it('notifies the other side when it drains itself, which ends the session', async () => {
    const { client, first } = await dials();
    const open = client.remote.ask({ n: 1 });
    await turn();
    const closing = client.close({ drain: 20_000 });
    await until(() => saysLeaving(first).length === 1);
    first.say({ jsonrpc: '2.0', id: 1, result: 2 });
    expect(await open).toBe(2);
    await turn();
    expect(first.heard.at(-1)).toEqual(ack(1, 2));
    expect(first.closes).toEqual([]);
    first.say(bye(true));
    await closing;
  });
});

describe('a fleet whose server drains', () => {
  it('does not dial the next one at once', async () => {
    using clock = stopClock();
    const { server, seen } = await serve('memory:left');
    const fleet = await Promise.all(
      Array.from({ length: 40 }, () => dial({ url: 'reconnect+memory:left' }, seen, { reconnect: true })),
    );
    await Promise.all(fleet.map((client) => client.remote.ask({ n: 1 })));
    const closing = server.close({ drain: 40_000 });
    let other: Awaited<ReturnType<typeof serve>> | undefined;
    for (let tries = 0; other === undefined && tries < 1_000; tries++) {
      other = await serve('memory:left').catch(() => undefined);
      await turn();
    }
    const came: number[] = [];
    other?.server.on('connect', () => void came.push(clock.turned));
    for (let n = 0; n < 110; n++) await clock.turn(100);
    await closing;
    expect(came).toHaveLength(40);
    const most = Math.max(...came.map((at) => came.filter((one) => one === at).length));
    expect(most).toBeLessThan(12);
    expect(came.filter((at) => at > 2_500).length).toBeGreaterThan(10);
  });
});
