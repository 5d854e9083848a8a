import { afterEach, describe, expect, it } from 'vitest';
import { stopClock } from '../../src/testing/clock.js';
import { type PlayedLink, turn } from '../support/core-played.js';
import { failure } from '../support/core-waiting.js';
import { BYTES, dialing } from './played-servers.js';
import { ack, ask, cut, hello, listening, note } from './played-visitors.js';
import { atEnd, clear } from './resuming.js';

afterEach(clear);

const FAR = Number.MAX_SAFE_INTEGER;
const strange = [-1, 0.5, FAR, FAR + 1, 1e308, '1', null, [], {}, true, 'x'.repeat(100_000)];
const rpc = (method: string, ...params: unknown[]) => ({ jsonrpc: '2.0', method, params });

/** A server with a peer that behaves, whose session must go on whatever the others do. */
async function withGuest() {
  const far = await listening({ limits: { badFrames: 1_000_000 } });
  const guest = await far.begun('guest');
  let said = 0;
  const isWell = async (): Promise<void> => {
    guest.link.say(note(1_000 + ++said), ask(said));
    await turn();
    expect(far.notes.at(-1)).toBe(1_000 + said);
    expect(guest.link.heard.at(-1)).toEqual({ jsonrpc: '2.0', id: said, result: 2 * said });
    expect(guest.link.closes).toEqual([]);
  };
  return { ...far, guest, isWell };
}

describe('a hostile peer that dials harms nobody else', () => {
  it('with numbers that cannot be: got more than was sent, sent less than has come, acknowledgements beyond what was sent', async () => {
    const { begun, visit, isWell, server } = await withGuest();
    for (const [got, sent] of [
      [5, 0],
      [0, 5],
      [FAR, FAR],
      [FAR, 0],
    ] as const) {
      const { link, token } = await begun(`ack ${got} ${sent}`);
      link.say(ack(got, sent));
      await turn();
      expect(link.closes.length).toBe(1);
      expect((await visit({ dial: 2, token, got: 0, sent: 0 }, 'back')).answer).toMatchObject({ fresh: 'closed' });
      await isWell();
    }
    const { link, token } = await begun('resumes');
    link.say(note(1), note(2));
    await cut(link);
    expect((await visit({ dial: 2, token, got: FAR, sent: 0 }, 'back')).answer).toMatchObject({
      fresh: 'closed',
      got: 2,
    });
    await isWell();
    expect([...server.peers.keys()]).toEqual(['guest']);
  });

  it('with fields of every kind in its hello, its acknowledgements and its farewell', async () => {
    const { visit, begun, isWell, server } = await withGuest();
    const fields = ['v', 'dial', 'token', 'over', 'got', 'sent', 'bytes'];
    for (const name of fields) {
      for (const value of strange) {
        const { link } = await visit({ dial: 1, bytes: 1, [name]: value }, 'strange');
        link.say(ack(0, 0), note(1));
        await cut(link);
      }
    }
    for (const value of strange) {
      const { link } = await begun('strange');
      link.say(rpc('rpc.ack', value, value), rpc('rpc.ack', value), rpc('rpc.ack'), rpc('rpc.bye', value));
      await turn();
      link.receiver.closed();
    }
    for (const resume of [...strange, undefined]) {
      const { link } = await visit({}, 'strange');
      link.say({ jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc', resume } });
      await cut(link);
    }
    await isWell();
    for (const peer of [...server.peers.values()]) if (peer.id !== 'guest') await peer.close();
    await isWell();
  });

  it('with dial numbers that jump to the largest there is: it can only lock out itself', async () => {
    const { begun, visit, isWell, events } = await withGuest();
    const { link, token } = await begun('jumps');
    const back = await visit({ dial: FAR, token, got: 0, sent: 0 }, 'jumps');
    expect(back.answer).toMatchObject({ dial: FAR, got: 0, sent: 0 });
    expect(link.closes.length).toBe(1);
    for (const dial of [2, FAR - 1, FAR])
      expect((await visit({ dial, token, got: 0, sent: 0 }, 'jumps')).answer).toMatchObject({ refused: 'stale' });
    back.link.say(note(1));
    await isWell();
    expect(events.filter((event) => event.startsWith('disconnect'))).toEqual([]);
  });

  it('with thousands of sessions that it never confirms: they are forgotten in their time, and nobody sees them', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const { played, server, isWell, guest } = await withGuest();
    const links: PlayedLink[] = [];
    for (let n = 0; n < 11_000; n++) {
      const link = played.visit(`flood ${n % 7}`);
      link.say(hello({ dial: 1, bytes: 1 }));
      links.push(link);
    }
    await turn();
    expect(server.peers.size).toBe(1);
    const tokens = links.map(({ heard }) => heard[0]?.params.resume?.token as string);
    expect(new Set(tokens).size).toBe(11_000);
    await isWell();
    await clock.turn(31_000);
    expect(links.every(({ closes }) => closes.length === 1)).toBe(true);
    expect([server.peers.size, guest.link.closes.length, server.stats().peers]).toEqual([1, 0, 1]);
  });

  it('that says hello again in its session, resumes it over two links at once, and sends what has come once more', async () => {
    const { begun, visit, isWell, notes, log } = await withGuest();
    const { link, token } = await begun('twice');
    link.say(note(1), hello({ dial: 2, token, got: 0, sent: 1 }), hello({ dial: 1, bytes: 1 }), note(2));
    await turn();
    expect(link.closes).toEqual([]);
    expect(notes).toEqual([1, 2]);
    const [one, two] = await Promise.all([
      visit({ dial: 5, token, got: 0, sent: 2 }, 'one'),
      visit({ dial: 6, token, got: 0, sent: 2 }, 'two'),
    ]);
    expect([one.answer.refused, two.answer.refused]).toEqual([undefined, undefined]);
    one.link.say(note(3));
    two.link.say(note(4));
    expect(notes).toEqual([1, 2, 4]);
    // What it sends although it has come is counted, so that its own acknowledgement ends its session.
    two.link.say(note(4), ack(0, 3));
    await turn();
    expect(String(log.warnings)).toContain('count their messages differently');
    expect(two.link.closes.length).toBe(1);
    await isWell();
  });

  it('that asks for the session of a peer while that is admitted, and of itself', async () => {
    const { visit, played, isWell, server } = await withGuest();
    const begins = await visit({ dial: 1, bytes: 1 }, 'pending');
    const { token } = begins.answer;
    const others = [2, 3, 4].map((dial) => {
      const link = played.visit('pending');
      link.say(hello({ dial, token, got: 0, sent: 0 }));
      return link;
    });
    await turn();
    begins.link.say(ack(0, 0), note(9));
    await turn();
    expect([begins, ...others.map((link) => ({ link }))].map(({ link }) => link.closes.length)).toEqual([1, 1, 1, 0]);
    expect([...server.peers.keys()].length).toBe(2);
    await isWell();
  });
});

describe('a hostile peer that listens does not harm who dials it', () => {
  it.each<[string, object]>([
    ['got more than was sent', { dial: 2, got: 100, sent: 0 }],
    ['sent less than has come', { dial: 2, got: 1, sent: 0 }],
    ['got the largest number', { dial: 2, got: FAR, sent: FAR }],
    ['a continuation without a name', { dial: 2, got: 1, sent: 1, fresh: 'expired' }],
    ['a tombstone with more than was sent', { dial: 2, token: 'two', ms: 1, bytes: 1, fresh: 'expired', got: FAR }],
    ['a refusal of 100,000 letters', { dial: 2, refused: 'x'.repeat(100_000) }],
    ['the same name once more', { dial: 2, token: 'one', ms: 1, bytes: 0, fresh: 'unknown' }],
  ])('%s: each call settles once, and the next link is used', async (_name, answer) => {
    const { first, begun, dial, log } = await dialing();
    const client = await begun();
    const call = failure(client.remote.ask({ n: 1 })).catch(() => 'answered');
    await turn();
    first.say({ jsonrpc: '2.0', method: 'told', params: { n: 1 } });
    await cut(first);
    const second = dial();
    await turn();
    second.say(hello(answer));
    await turn();
    if (second.closes.length === 0) await cut(second);
    const third = dial();
    await turn();
    third.say(hello({ dial: 3, token: 'three', ms: 5_000, bytes: BYTES, fresh: 'unknown' }));
    await call;
    const next = client.remote.ask({ n: 5 });
    await turn();
    const { id } = third.heard.at(-1);
    third.say({ jsonrpc: '2.0', id, result: 10 });
    expect(await next).toBe(10);
    expect(String(log.warnings).length).toBeLessThan(3_000);
  });

  it('a session that is kept for ever, and one with no time at all', async () => {
    const clock = stopClock();
    atEnd(() => clock.restore());
    const far = await dialing();
    far.first.say(hello({ dial: 1, token: 'one', ms: FAR, bytes: FAR }));
    const client = await far.opened();
    void client.remote.ask({ n: 1 }).catch(() => {});
    await turn();
    await cut(far.first);
    await clock.turn(10_000);
    expect(far.events).toEqual([]);
    const second = far.dial();
    await turn();
    second.say(hello({ dial: 2, got: 1, sent: 0 }));
    await turn();
    expect(far.events).toEqual(['resumed']);
  });

  it('answers of every kind, and acknowledgements and farewells of every kind', async () => {
    const { first, begun, dial } = await dialing();
    const client = await begun();
    for (const value of strange) first.say(rpc('rpc.ack', value), rpc('rpc.ack', 0, value), rpc('rpc.bye', value));
    await turn();
    let link = first;
    for (const value of strange) {
      if (link.closes.length === 0) await cut(link);
      link = dial();
      await turn();
      const said = link.heard[0]?.params.resume;
      link.say(hello({ dial: said?.dial ?? 1, token: value, ms: value, bytes: value, got: value, fresh: value }));
      await turn();
    }
    if (link.closes.length === 0) await cut(link);
    const last = dial();
    await turn();
    const asked = last.heard[0]?.params.resume;
    last.say(hello({ dial: asked?.dial ?? 1, token: 'last', ms: 5_000, bytes: BYTES }));
    await turn();
    const answer = client.remote.ask({ n: 1 });
    await turn();
    last.say({ jsonrpc: '2.0', id: last.heard.at(-1).id, result: 2 });
    expect(await answer).toBe(2);
  });
});
