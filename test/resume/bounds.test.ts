import { afterEach, describe, expect, it } from 'vitest';
import { Tombstones } from '../../src/extensions/resume/tombstones.js';
import { type Options, type ResumeOptions, UsageError } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { turn } from '../support/core-played.js';
import { until } from '../support/core-waiting.js';
import { ack, ask, cut, listening, note } from './played-visitors.js';
import { atEnd, clear, Desk, meet } from './resuming.js';

afterEach(clear);

const KIB = 1024;
const text = (bytes: number): string => 'x'.repeat(bytes);
const field = (token: string, sent = 0) => ({ dial: 2, token, got: 0, sent });

describe('a peer that never acknowledges', () => {
  it('is sent no more than `bytes`: the rest waits until it does', async () => {
    const { server, begun } = await listening({ resume: { bytes: 64 * KIB } });
    const { link } = await begun();
    for (let n = 1; n <= 20; n++) {
      server.told(null, { n, text: text(8 * KIB) });
      await turn();
    }
    const told = () => link.heard.filter(({ method }) => method === 'told').length;
    expect(told()).toBe(8);
    link.say(ack(3, 0));
    await turn();
    expect(told()).toBe(11);
    link.say(ack(11, 0));
    await turn();
    expect(told()).toBe(19);
  });

  it('is sent no more than that of one turn either', async () => {
    const { server, begun } = await listening({ resume: { bytes: 64 * KIB } });
    const { link } = await begun();
    for (let n = 1; n <= 2_000; n++) server.told(null, { n, text: text(100) });
    await turn();
    const before = link.heard.length;
    expect(before).toBeGreaterThan(200);
    expect(before).toBeLessThan(400);
    link.say(ack(before - 1, 0));
    await turn();
    expect(link.heard.length).toBeGreaterThan(before + 200);
  });

  it('gets busy for what it is called, once twice `bufferedBytes` wait; its answers are read all the same', async () => {
    const { server, begun } = await listening({ resume: { bytes: 64 * KIB }, limits: { bufferedBytes: 128 * KIB } });
    const { link } = await begun();
    const calls = Array.from({ length: 60 }, (_, n) =>
      server.remote.confirm({ n, text: text(8 * KIB) } as never).catch(String),
    );
    await turn();
    expect(link.paused).toBe(false);
    const { id } = link.heard.find(({ method }) => method === 'confirm');
    link.say({ jsonrpc: '2.0', id, result: 7 });
    expect(await calls[0]).toBe(7);
    expect(await calls.at(-1)).toContain('busy');
  });

  it('is read on, although it asks more than it may: behind the calls is the acknowledgement', async () => {
    const { server, begun } = await listening({
      resume: { bytes: 64 * KIB },
      concurrency: 1,
      limits: { queuedCalls: 4 },
    });
    const { link } = await begun();
    for (let n = 1; n <= 10; n++) {
      server.told(null, { n, text: text(8 * KIB) });
      await turn();
    }
    for (let n = 100; n < 110; n++) link.say(ask(n));
    await turn();
    expect(link.paused).toBe(false);
    link.say(ack(8, 10));
    await turn();
    // Those that found no room were refused.
    expect(link.heard.filter(({ error }) => error?.code === -32014).length).toBe(5);
  });

  it('loses its link after `stalledMs`, and the session waits for another one', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { server, begun, visit, events } = await listening({
      resume: { bytes: 64 * KIB },
      limits: { stalledMs: 20_000 },
    });
    const { link, token } = await begun();
    for (let n = 1; n <= 10; n++) server.told(null, { n, text: text(8 * KIB) });
    await turn();
    await clock.turn(21_000);
    expect(link.closes.length).toBe(1);
    expect(String(link.closes)).toContain('has acknowledged nothing');
    expect([...server.peers.values()].map(({ id }) => id)).toEqual(['far']);
    expect((await visit({ ...field(token), got: 8 })).link.heard.length).toBe(3);
    expect(events).toEqual(['connect far', 'resumed far']);
  });
});

describe('sessions without a link', () => {
  it('expire after `ms`: visitors that do not come back', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { begun, visit, events, reasons } = await listening({ resume: { ms: 5_000 } });
    const { link, token } = await begun();
    link.say(ask(100));
    await cut(link);
    await clock.turn(4_999);
    expect(events).toEqual(['connect far']);
    await clock.turn(1);
    expect(events).toEqual(['connect far', 'disconnect far']);
    expect(String(reasons)).toContain('resume.ms');
    expect((await visit(field(token, 1))).answer).toMatchObject({ fresh: 'expired', got: 1 });
  });

  it('are at most `sessions`: visitors that come to be kept are evicted before the one who has spoken', async () => {
    const { begun, visit, events } = await listening({ resume: { sessions: 2 } });
    const guest = await begun('guest');
    guest.link.say(note(1), note(2));
    await cut(guest.link);
    const tokens: string[] = [];
    for (let n = 1; n <= 5; n++) {
      const { link, token } = await begun(`flood ${n}`);
      tokens.push(token);
      await cut(link);
    }
    expect(events.filter((event) => event.startsWith('disconnect'))).toEqual(
      [2, 3, 4, 5].map((n) => `disconnect flood ${n}`),
    );
    expect((await visit(field(tokens[4] as string))).answer).toMatchObject({ fresh: 'evicted', got: 0 });
    expect((await visit(field(guest.token, 2))).answer).toMatchObject({ got: 2, sent: 0 });
  });

  it('hold at most `totalBytes` together: the one that holds much and has said little ends', async () => {
    const { server, begun, events } = await listening({ resume: { totalBytes: 100 * KIB } });
    const guest = await begun('guest');
    guest.link.say(note(1), note(2), note(3), note(4), note(5), note(6));
    const other = await begun('other');
    await cut(guest.link);
    await cut(other.link);
    const peers = [...server.peers.values()];
    for (let n = 1; n <= 3; n++) server.told(peers, { n, text: text(20 * KIB) });
    await turn();
    expect(events).toEqual(['connect guest', 'connect other', 'disconnect other']);
  });

  it('hold at most `hold` for one: who lets much collect is ended, and what is told to others does not fail', async () => {
    const { server, begun, visit, events } = await listening({ resume: { hold: 50 * KIB } });
    const away = await begun('away');
    const other = await begun('other');
    await cut(away.link);
    for (let n = 1; n <= 4; n++) server.told(null, { n, text: text(20 * KIB) });
    await turn();
    expect(events).toEqual(['connect away', 'connect other', 'disconnect away']);
    expect(other.link.heard.filter(({ method }) => method === 'told').length).toBe(4);
    expect((await visit(field(away.token))).answer).toMatchObject({ fresh: 'overrun' });
  });

  it('end at once where more was under way than `hold`', async () => {
    const { server, begun, events } = await listening({ resume: { hold: 10 * KIB } });
    const { link } = await begun();
    server.told(null, { n: 1, text: text(20 * KIB) });
    await turn();
    await cut(link);
    expect(events).toEqual(['connect far', 'disconnect far']);
  });

  it('take one larger message while less than `hold` waits', async () => {
    const { server, begun, visit, events } = await listening({ resume: { hold: 10 * KIB } });
    const { link, token } = await begun();
    await cut(link);
    server.told(null, { n: 1, text: text(200 * KIB) });
    expect(events).toEqual(['connect far']);
    expect((await visit(field(token))).link.heard.at(-1).params.n).toBe(1);
  });
});

describe('sessions that have ended', () => {
  it('are remembered, at most 10,000 of them: the one that was asked for longest ago is forgotten', () => {
    const tombstones = new Tombstones(60_000);
    for (let n = 1; n <= 10_000; n++) tombstones.add(`${n}`, 'expired', n);
    expect(tombstones.ask('1')).toMatchObject({ why: 'expired', got: 1 });
    tombstones.add('more', 'closed', 0);
    expect(tombstones.size).toBe(10_000);
    expect(tombstones.ask('2')).toBeUndefined();
    expect(tombstones.ask('1')).toBeDefined();
  });

  it('are forgotten after their time', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const tombstones = new Tombstones(60_000);
    tombstones.add('a', 'expired', 1);
    await clock.turn(60_000);
    expect(tombstones.ask('a')).toBeUndefined();
    tombstones.add('b', 'expired', 1);
    expect(tombstones.size).toBe(1);
  });
});

describe('the option', () => {
  it.each<[string, unknown, RegExp]>([
    ['misspelt', { sesions: 1 }, /sesions/],
    ['a string', 'yes', /true, or an object/],
    ['too small a window', { bytes: 1_000 }, /from 65536/],
    ['no time', { ms: 0 }, /"ms" of resume/],
    ['no number', { hold: '1' }, /"hold" of resume/],
    ['no function', { allow: true }, /"allow" of resume/],
  ])('%s is refused', async (_what, resume, expected) => {
    const made = () => Desk.serve('memory:resume-option', { resume } as Options);
    await expect(made()).rejects.toThrow(expected);
    await expect(made()).rejects.toBeInstanceOf(UsageError);
  });

  it.each<[string, ResumeOptions]>([
    ['Infinity', { ms: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }],
    ['no whole numbers', { ms: 60_000.5, bytes: 100_000.5, hold: 1_000_000.5 }],
  ])('may have %s: the hello says what the other side can read, and sessions continue', async (_what, resume) => {
    const { client, proxy, seen } = await meet('tcp://127.0.0.1:0', { resume });
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    proxy.cut('rst');
    await until(() => seen.server.includes('resumed'));
    expect(await client.remote.ask({ n: 2 })).toBe(4);
  });

  it('is refused by a side that dials, which is told what it needs instead', async () => {
    const { server } = await listening({ resume: false });
    void server;
    await expect(Desk.invert().connect('tcp://127.0.0.1:1', { resume: true })).rejects.toThrow(
      'as with the option "reconnect"',
    );
  });
});
