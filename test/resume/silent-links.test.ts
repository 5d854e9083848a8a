import { afterEach, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/contract/limits.js';
import type { Link } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { type PlayedLink, turn } from '../support/core-played.js';
import { failure, until } from '../support/core-waiting.js';
import { BYTES, dialing } from './played-servers.js';
import { ack, cut, hello, listening } from './played-visitors.js';
import { atEnd, clear } from './resuming.js';

afterEach(clear);

const plainHello = { jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc' } };
const from = (remoteAddress: string): Partial<Link> => ({ info: { remoteAddress } });

function stopped() {
  const clock = stopClock();
  atEnd(() => clock.restore());
  return clock;
}

describe('who listens, and a link whose hello does not come', () => {
  it('keeps silent links, whatever number a dial has: a peer cannot end those of others behind the same proxy', async () => {
    const clock = stopped();
    const { played, events, visit, begun } = await listening();
    const { link, token } = await begun('far', 1, from('10.0.0.1'));
    await cut(link);
    const silent = [1, 2].map((n) => played.visit(`silent ${n}`, from('10.0.0.1'))) as PlayedLink[];
    await clock.turn(2_000);
    await visit({ dial: 3, token, got: 0, sent: 0 }, 'back', from('10.0.0.1'));
    await visit({ dial: 2 ** 40, bytes: BYTES }, 'forger', from('10.0.0.1'));
    expect(silent.map(({ closes }) => closes.length)).toEqual([0, 0]);
    expect(events).toEqual(['connect far', 'connect silent 1', 'connect silent 2', 'resumed far']);
  });

  it('ends a link whose hello comes too late, so that it is dialed again: its session would be taken for a plain one', async () => {
    const clock = stopped();
    const { played, events } = await listening();
    const late = played.visit('late');
    await clock.turn(600);
    late.say(hello({ dial: 1, bytes: BYTES }));
    await turn();
    expect(late.heard).toEqual([]);
    expect(late.closes.length).toBe(1);
    expect(events).toEqual(['connect late', 'disconnect late']);
  });

  it('waits longer after a hello that came too late: the next one may be as late', async () => {
    const clock = stopped();
    const { played, events } = await listening();
    for (const ms of [600, 1_100, 2_100]) {
      const late = played.visit(`late after ${ms}`);
      await clock.turn(ms);
      late.say(hello({ dial: 1, bytes: BYTES }));
      await turn();
    }
    const last = played.visit('last');
    await clock.turn(3_900);
    last.say(hello({ dial: 4, bytes: BYTES }), ack(0, 0));
    await turn();
    expect(events.slice(-2)).toEqual(['disconnect late after 2100', 'connect last']);
  });

  it('still answers a late hello of a peer that keeps no sessions', async () => {
    const clock = stopped();
    const { played } = await listening();
    const late = played.visit('late');
    await clock.turn(600);
    late.say(plainHello);
    await turn();
    expect(late.heard).toEqual([plainHello]);
  });

  it('waits for the hello as long as connecting may take where the transport has shown that the peer is Obverse', async () => {
    const clock = stopped();
    const { played, events } = await listening();
    const silent = played.visit('silent', { agreed: true });
    const late = played.visit('late', { agreed: true });
    await clock.turn(9_000);
    late.say(hello({ dial: 1, bytes: BYTES }), ack(0, 0));
    await turn();
    expect(late.heard.map(({ method }) => method)).toEqual(['rpc.hello']);
    expect(events).toEqual(['connect late']);
    await clock.turn(defaultLimits.connectMs - 9_000);
    expect(silent.closes.length).toBe(1);
    expect(events).toEqual(['connect late']);
  });
});

describe('who dials again, and a link over which no hello comes', () => {
  it('closes a silent link to a side that has said hello before, and dials again: the session goes on', async () => {
    const clock = stopped();
    const { first, begun, dial, asked, events } = await dialing();
    const client = await begun();
    const answer = client.remote.ask({ n: 1 });
    await turn();
    await cut(first);
    const silent = dial();
    await clock.turn(2_000);
    expect(silent.closes.length).toBe(1);
    const third = dial();
    await turn();
    expect(asked(third)).toEqual({ v: 1, dial: 3, token: 'one', got: 0, sent: 1 });
    third.say(hello({ dial: 3, got: 1, sent: 0 }), { jsonrpc: '2.0', id: 1, result: 2 });
    expect(await answer).toBe(2);
    expect(events).toEqual(['resumed']);
  });

  it('the same where the side keeps no sessions: a link without a hello has no heartbeat', async () => {
    const clock = stopped();
    const { first, dial, opened, events } = await dialing();
    first.say(plainHello);
    await opened();
    await cut(first);
    const silent = dial();
    await clock.turn(2_000);
    expect(silent.closes.length).toBe(1);
    const third = dial();
    third.say(plainHello);
    await turn();
    expect(third.closes).toEqual([]);
    expect(events).toEqual(['disconnect', 'connect']);
  });

  it('the same where the transport has shown that the side is Obverse, at the first dial too', async () => {
    const clock = stopped();
    const { first, connecting } = await dialing({}, { agreed: true });
    const refused = failure(connecting);
    await clock.turn(29_999);
    expect(first.closes.length).toBe(0);
    await clock.turn(1);
    expect(first.closes.length).toBe(1);
    expect(await refused).toMatchObject({ name: 'ConnectionLost', message: expect.stringContaining('30000 ms') });
  });

  it('closes a link that a page has dialed without subprotocols while the server was started, and dials again', async () => {
    const clock = stopped();
    const endless = { timeout: Number.POSITIVE_INFINITY };
    const { first, opened, dial, asked, events } = await dialing(endless, { agreed: true });
    first.say(hello({ dial: 1, token: 'one', ms: 600_000, bytes: BYTES }));
    const client = await opened();
    const answer = client.remote.ask({ n: 1 });
    await turn();
    await cut(first);
    const plain = dial({ agreed: false });
    await turn();
    expect([plain.closes.length, plain.heard]).toEqual([1, []]);
    const third = dial();
    await turn();
    expect(asked(third)).toEqual({ v: 1, dial: 2, token: 'one', got: 0, sent: 1 });
    third.say(hello({ dial: 2, got: 1, sent: 0 }), { jsonrpc: '2.0', id: 1, result: 2 });
    expect(await answer).toBe(2);
    expect(events).toEqual(['resumed']);
    // After two minutes it is another program.
    const lost = failure(client.remote.ask({ n: 2 }));
    await turn();
    await cut(third);
    expect(dial({ agreed: false }).closes.length).toBe(1);
    await clock.turn(120_000);
    const other = dial({ agreed: false });
    await turn();
    expect(other.closes).toEqual([]);
    expect(await lost).toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
    await until(() => events.length === 3);
    expect(events).toEqual(['resumed', 'disconnect', 'connect']);
  });

  it('waits longer for each answer that does not come: a slow network may need the time', async () => {
    const clock = stopped();
    const { first, opened, dial, events } = await dialing({}, { agreed: true });
    first.say(hello({ dial: 1, token: 'one', ms: 120_000, bytes: BYTES }));
    await opened();
    await cut(first);
    let n = 1;
    for (const ms of [2_000, 4_000, 8_000, 15_000, 15_000]) {
      const silent = dial();
      n++;
      await clock.turn(ms - 1);
      expect(silent.closes.length).toBe(0);
      await clock.turn(1);
      expect(silent.closes.length).toBe(1);
    }
    const slow = dial();
    await clock.turn(14_900);
    slow.say(hello({ dial: ++n, got: 0, sent: 0 }));
    await turn();
    expect(events).toEqual(['resumed']);
    await cut(slow);
    const quick = dial();
    await clock.turn(2_000);
    expect(quick.closes.length).toBe(1);
  });

  it('the same where something else comes first: that side has taken the link for one of a peer that is not Obverse', async () => {
    const { first, begun, dial, asked, events } = await dialing();
    const client = await begun();
    const answer = client.remote.ask({ n: 1 });
    await turn();
    await cut(first);
    const second = dial();
    await turn();
    second.say({ jsonrpc: '2.0', method: 'told', params: { n: 1 } });
    await turn();
    expect(second.closes.length).toBe(1);
    const third = dial();
    await turn();
    expect(asked(third)).toEqual({ v: 1, dial: 3, token: 'one', got: 0, sent: 1 });
    third.say(hello({ dial: 3, got: 1, sent: 0 }), { jsonrpc: '2.0', id: 1, result: 2 });
    expect(await answer).toBe(2);
    expect(events).toEqual(['resumed']);
  });

  it('after two minutes of it, takes the side for another program that says no hello', async () => {
    const clock = stopped();
    const { first, begun, dial } = await dialing();
    await begun();
    await cut(first);
    for (let dialed = 0; dialed < 8; dialed++) {
      const silent = dial();
      await clock.turn(15_000);
      expect(silent.closes.length).toBe(1);
    }
    const last = dial();
    await clock.turn(2_000);
    expect(last.closes).toEqual([]);
  });

  it('asks for sessions again after a first dial that was silent, once a hello has come', async () => {
    const clock = stopped();
    const { first, opened, dial, asked } = await dialing();
    await clock.turn(2_000);
    await opened();
    await cut(first);
    const second = dial();
    await turn();
    expect(asked(second)).toBeUndefined();
    second.say(plainHello);
    await turn();
    await cut(second);
    const third = dial();
    await turn();
    expect(asked(third)).toEqual({ v: 1, dial: 2, bytes: BYTES });
  });

  it('keeps its session when what an older link had brought is read after the next one was dialed', async () => {
    const late: (() => void)[] = [];
    let holds = false;
    const open = (payload: never): Promise<never> =>
      new Promise((resolve) => {
        if (holds) late.push(() => resolve(payload));
        else resolve(payload);
      });
    const { first, begun, dial, events } = await dialing({
      security: { seal: (payload) => ({ payload, info: { n: 1 } }), open },
    });
    const sealed = { jsonrpc: '2.0', method: 'rpc.secinfo', params: { n: 1 } };
    first.say(sealed);
    await begun();
    await turn();
    await cut(first);
    const second = dial();
    await turn();
    holds = true;
    second.say(sealed, hello({ dial: 2, got: 0, sent: 0 }));
    second.receiver.closed();
    await turn();
    holds = false;
    const third = dial();
    await turn();
    for (const each of late.splice(0)) each();
    await turn();
    third.say(sealed, hello({ dial: 3, got: 0, sent: 0 }));
    await turn();
    expect(events).toEqual(['resumed']);
  });
});
