import { afterEach, describe, expect, it } from 'vitest';
import type { Options, Peer, SecurityInfo, TlsInfo } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { type PlayedLink, turn } from '../support/core-played.js';
import { ack, ask, cut, hello, listening, note } from './played-visitors.js';
import { atEnd, clear } from './resuming.js';

afterEach(clear);

describe('who listens', () => {
  it('is as ever to a peer that says no hello, or one without the field, and to a field of another version', async () => {
    const { played, server, events } = await listening();
    const [plain, greeting, newer] = ['plain', 'greeting', 'newer'].map((peer) => played.visit(peer)) as PlayedLink[];
    plain?.say(ask(1));
    greeting?.say({ jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc' } }, ask(1));
    newer?.say(hello({ v: 2, dial: 1 }), ask(1));
    await turn();
    expect(plain?.heard).toEqual([{ jsonrpc: '2.0', id: 1, result: 2 }]);
    for (const link of [greeting, newer])
      expect(link?.heard).toEqual([
        { jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc' } },
        { jsonrpc: '2.0', id: 1, result: 2 },
      ]);
    for (const link of [plain, greeting, newer]) await cut(link as PlayedLink);
    expect(server.peers.size).toBe(0);
    expect(events.length).toBe(6);
  });

  it('waits half a second for a peer that says nothing, and then sends to it', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { played, server, events } = await listening();
    played.visit('silent');
    await clock.turn(499);
    expect(server.peers.size).toBe(0);
    await clock.turn(1);
    expect(events).toEqual(['connect silent']);
  });

  it('shows a peer to nobody before it has confirmed the session, and names each session otherwise', async () => {
    const { server, events, visit } = await listening();
    const { link, answer } = await visit({ dial: 1, bytes: 1_000 });
    expect(answer).toEqual({
      v: 1,
      dial: 1,
      token: expect.stringMatching(/^[\w-]{22}$/),
      ms: 120_000,
      bytes: 1024 * 1024,
    });
    expect([server.peers.size, events]).toEqual([0, []]);
    link.say(ack(0, 0), ask(1));
    await turn();
    expect(events).toEqual(['connect far']);
    expect(link.heard.at(-1)).toEqual({ jsonrpc: '2.0', id: 1, result: 2 });
    const other = await visit({ dial: 1, bytes: 1_000 }, 'other');
    expect(other.answer.token).not.toBe(answer.token);
  });

  it('goes on with a session: sends again what has not come, and what was waiting, in order', async () => {
    const { server, begun, visit, events, notes, held, methods } = await listening();
    const { link, token } = await begun();
    const [peer] = [...server.peers.values()] as [Peer];
    link.say(ask(1), ask(2), ask(100));
    server.told(null, { n: 1 });
    await turn();
    expect(methods(link)).toEqual(['rpc.hello', 2, 4, 'told']);
    await cut(link);
    server.told(null, { n: 2 });
    for (const each of held.splice(0)) each();
    await turn();
    expect([...server.peers.values()]).toEqual([peer]);
    // The first answer has come; and the peer has sent one message more, which has not come here.
    const back = await visit({ dial: 2, token, got: 1, sent: 4 }, 'elsewhere');
    expect(back.answer).toEqual({ v: 1, dial: 2, got: 3, sent: 3 });
    expect(back.link.heard.slice(1)).toEqual([
      { jsonrpc: '2.0', id: 2, result: 4 },
      { jsonrpc: '2.0', method: 'told', params: { n: 1 } },
      { jsonrpc: '2.0', method: 'told', params: { n: 2 } },
      { jsonrpc: '2.0', id: 100, result: 200 },
    ]);
    back.link.say(note(1));
    expect(notes).toEqual([1]);
    expect(events).toEqual(['connect far', 'resumed far']);
    expect([...server.peers.values()]).toEqual([peer]);
  });

  it('takes a session over from a link that it believes to be up: what that still brings is for nobody', async () => {
    const { begun, visit, events, notes } = await listening();
    const { link, token } = await begun();
    link.say(note(1));
    const back = await visit({ dial: 2, token, got: 0, sent: 1 }, 'elsewhere');
    expect(back.answer).toEqual({ v: 1, dial: 2, got: 1, sent: 0 });
    expect(link.closes.length).toBe(1);
    link.say(note(2));
    await cut(link);
    back.link.say(note(3));
    expect(notes).toEqual([1, 3]);
    expect(events).toEqual(['connect far', 'resumed far']);
  });

  it.each([
    ['the same dial', 1],
    ['an older one', 0],
  ])('refuses %s as stale, and the session stays where it is', async (_which, dial) => {
    const { begun, visit, events, notes } = await listening();
    const { link, token } = await begun();
    const late = await visit({ dial, token, got: 0, sent: 0 }, 'late');
    expect(late.answer).toEqual({ v: 1, dial, refused: 'stale' });
    expect(late.link.closes).toEqual([undefined]);
    link.say(note(1));
    expect(notes).toEqual([1]);
    expect(events).toEqual(['connect far']);
  });

  it('begins another session for a name that it does not know', async () => {
    const { visit } = await listening();
    const { answer } = await visit({ dial: 3, token: 'nobody', got: 7, sent: 7 });
    expect(answer).toEqual({
      v: 1,
      dial: 3,
      token: expect.any(String),
      ms: 120_000,
      bytes: 1024 * 1024,
      fresh: 'unknown',
    });
  });

  it('ends a session that its peer has given up, before another one begins', async () => {
    const { begun, visit, events, reasons } = await listening();
    const { link, token } = await begun();
    link.say(ask(100));
    await cut(link);
    const { answer, link: next } = await visit({ dial: 2, token, over: true, bytes: 1_000 }, 'next');
    expect(answer).toMatchObject({ dial: 2, fresh: 'given up', got: 1 });
    expect(answer.token).not.toBe(token);
    expect(String(reasons)).toContain('the peer has given it up');
    next.say(ack(0, 0));
    await turn();
    expect(events).toEqual(['connect far', 'disconnect far', 'connect next']);
  });

  it('forgets a session that was not confirmed in time', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { visit, server, log } = await listening({ limits: { connectMs: 10_000 } });
    const { link, answer } = await visit({ dial: 1, bytes: 0 });
    await clock.turn(10_000);
    expect(link.closes.length).toBe(1);
    expect(String(log.warnings[0])).toContain('was not let in');
    const back = await visit({ dial: 2, token: answer.token, got: 0, sent: 0 });
    expect(back.answer).toMatchObject({ fresh: 'unconfirmed', got: 0 });
    expect(server.peers.size).toBe(0);
  });

  it('takes a resumption for the confirmation that was lost', async () => {
    const { visit, events, notes } = await listening();
    const { link, answer } = await visit({ dial: 1, bytes: 0 });
    await cut(link);
    const back = await visit({ dial: 2, token: answer.token, got: 0, sent: 2 }, 'back');
    expect(back.answer).toEqual({ v: 1, dial: 2, got: 0, sent: 0 });
    back.link.say(note(1), note(2));
    expect(events).toEqual(['connect back']);
    expect(notes).toEqual([1, 2]);
    await cut(back.link);
    expect((await visit({ dial: 3, token: answer.token, got: 0, sent: 2 })).answer).toEqual({
      v: 1,
      dial: 3,
      got: 2,
      sent: 0,
    });
  });

  it('ends a session whose ends count differently, at the next acknowledgement', async () => {
    const { begun, visit, events, log } = await listening();
    const { link, token } = await begun();
    link.say(note(1), ack(0, 2));
    await turn();
    expect(events).toEqual(['connect far', 'disconnect far']);
    expect(String(log.warnings)).toContain('count their messages differently');
    expect((await visit({ dial: 2, token, got: 0, sent: 2 })).answer).toMatchObject({ fresh: 'closed', got: 1 });
  });

  it('ends one whose peer has got more than was sent, when it comes back', async () => {
    const { begun, visit, events } = await listening();
    const { link, token } = await begun();
    await cut(link);
    expect((await visit({ dial: 2, token, got: 5, sent: 0 })).answer).toMatchObject({ fresh: 'closed', got: 0 });
    expect(events).toEqual(['connect far', 'disconnect far']);
  });

  it('ends a session with a frame that it cannot read: nobody knows how many messages were in it', async () => {
    const { begun, visit, events } = await listening();
    const { link, token } = await begun();
    link.say('{"jsonrpc":');
    await turn();
    expect(events).toEqual(['connect far', 'disconnect far']);
    expect((await visit({ dial: 2, token, got: 0, sent: 1 })).answer).toMatchObject({ fresh: 'closed', got: 0 });
  });

  it('counts messages that are wrong by themselves, and does not count those of a connection', async () => {
    const { begun, visit } = await listening();
    const { link, token } = await begun();
    link.say({ jsonrpc: '2.0', id: 1, method: 5 }, note(1), { jsonrpc: '2.0', method: 'rpc.secinfo', params: {} });
    link.say({ jsonrpc: '2.0', method: 'rpc.unknown', params: [] }, hello({ dial: 9 }), ack(0, 3));
    await turn();
    await cut(link);
    expect((await visit({ dial: 10, token, got: 1, sent: 3 })).answer).toEqual({ v: 1, dial: 10, got: 3, sent: 1 });
  });

  it('says rpc.bye when it closes a peer; one that comes back begins anew, and hears how much had come', async () => {
    const { begun, visit, server, events } = await listening();
    const { link, token } = await begun();
    link.say(note(1));
    await [...server.peers.values()][0]?.close();
    expect(link.heard.at(-1)).toEqual({ jsonrpc: '2.0', method: 'rpc.bye', params: [true] });
    expect(events).toEqual(['connect far', 'disconnect far']);
    expect((await visit({ dial: 2, token, got: 0, sent: 1 })).answer).toMatchObject({ fresh: 'closed', got: 1 });
  });

  it('ends the session of a peer that says rpc.bye: it does not lie without a link', async () => {
    const { begun, server, events } = await listening();
    const { link } = await begun();
    link.say({ jsonrpc: '2.0', method: 'rpc.bye', params: [false] });
    await turn();
    expect([server.peers.size, events]).toEqual([0, ['connect far', 'disconnect far']]);
    expect(link.closes.length).toBe(1);
  });

  it('ends the sessions that have no link when it is closed', async () => {
    const { begun, server, events, reasons } = await listening();
    const { link } = await begun();
    link.say(ask(100));
    await cut(link);
    await server.close();
    expect(events).toEqual(['connect far', 'disconnect far']);
    expect(reasons.length).toBe(1);
  });
});

describe('a stolen name of a session', () => {
  const security = {
    seal: (payload: unknown) => ({ info: {}, payload }),
    open: (payload: unknown, _info: SecurityInfo) => payload,
  } as unknown as Options['security'];

  it('is worth nothing to another user, and the session stays where it is', async () => {
    const { played, begun, events, notes, log, visit } = await listening({ security });
    void visit;
    const { link, token } = await begun();
    void link;
    const thief = played.visit('thief');
    thief.say(
      { jsonrpc: '2.0', method: 'rpc.secinfo', params: { user: 'mallory' } },
      hello({ dial: 9, token, got: 0, sent: 0 }),
    );
    await turn();
    expect(thief.heard.at(-1).params.resume).toEqual({ v: 1, dial: 9, refused: 'another' });
    expect(thief.closes).toEqual([undefined]);
    link.say(note(1));
    expect(notes).toEqual([1]);
    expect(events).toEqual(['connect far']);
    expect(String(log.warnings)).toContain('it asks for a session that has begun with another user');
    expect(String(log.warnings)).not.toContain(token);
  });

  it('is worth nothing with another certificate', async () => {
    const { begun, visit } = await listening();
    const info = (fingerprint256: string) => ({
      info: { tls: { certificate: { fingerprint256 } } as object as TlsInfo },
    });
    const { token } = await begun('far', 1, info('AA'));
    const field = { dial: 2, token, got: 0, sent: 0 };
    expect((await visit(field, 'thief', info('BB'))).answer).toMatchObject({ refused: 'another' });
    expect((await visit(field, 'thief')).answer).toMatchObject({ refused: 'another' });
    expect((await visit(field, 'far', info('AA'))).answer).toMatchObject({ got: 0, sent: 0 });
  });

  it('is worth nothing where `allow` says no; it cannot end the session either', async () => {
    const asked: unknown[] = [];
    const { begun, visit, events } = await listening({
      resume: {
        allow: (peer, visitor) => {
          asked.push([peer.id, visitor.info]);
          return visitor.info.good === true;
        },
      },
    });
    const { token } = await begun();
    for (const over of [false, true])
      expect((await visit({ dial: 2, token, over, got: 0, sent: 0 }, 'thief')).answer).toMatchObject({
        refused: 'another',
      });
    expect((await visit({ dial: 2, token, got: 0, sent: 0 }, 'back', { info: { good: true } })).answer).toMatchObject({
      got: 0,
    });
    expect(asked[0]).toEqual(['far', {}]);
    expect(events).toEqual(['connect far', 'resumed far']);
  });

  it('is worth nothing where `allow` throws: it is refused, and not dialed for ever', async () => {
    const { begun, visit, events } = await listening({
      resume: {
        allow: () => {
          throw new Error('the table of users is away');
        },
      },
    });
    const { token } = await begun();
    const field = { dial: 2, token, got: 0, sent: 0 };
    expect((await visit(field, 'far')).answer).toMatchObject({ refused: 'another' });
    expect(events).toEqual(['connect far']);
  });

  it('in a recorded hello is stale', async () => {
    const { begun, visit, events } = await listening();
    const { token } = await begun();
    const field = { dial: 2, token, got: 0, sent: 0 };
    expect((await visit(field, 'back')).answer).toMatchObject({ got: 0 });
    expect((await visit(field, 'thief')).answer).toMatchObject({ refused: 'stale' });
    expect(events).toEqual(['connect far', 'resumed far']);
  });
});
