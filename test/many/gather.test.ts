import { getEventListeners } from 'node:events';
import { stopClock } from 'obverse/testing';
import { describe, expect, it } from 'vitest';
import { time } from '../../src/base/time.js';
import { Aborted, Code, ConnectionLost, type Gathered, type Peer, type RpcError, UsageError } from '../../src/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { failure, Log } from '../support/core-waiting.js';
import { Spec } from './spec.js';

async function side(...names: string[]) {
  const played = new Played();
  const links = names.map((name) => played.visit(name));
  const log = new Log();
  const api = await Spec.connect(played.maker, { logger: log });
  await turn();
  return { api, links, log, peer: (name: string) => api.peers.get(name) as Peer };
}
const asked = (link: PlayedLink | undefined) => link?.heard.filter(({ method }) => method === 'ask') ?? [];
const cancelled = (link: PlayedLink | undefined) => link?.heard.filter(({ method }) => method === 'rpc.cancel') ?? [];
const answer = (link: PlayedLink | undefined, value: unknown) =>
  link?.say({ jsonrpc: '2.0', id: asked(link).at(-1).id, result: value });
const refuse = (link: PlayedLink | undefined, code: number) =>
  link?.say({ jsonrpc: '2.0', id: asked(link).at(-1).id, error: { code, message: `no ${code}` } });
const outcome = (one: Gathered<unknown>) =>
  `${one.peer.id} ${one.status === 'fulfilled' ? one.value : (one.reason as RpcError).code}`;

describe('the result of gather', () => {
  it('is a promise of all answers, in the order of the receivers', async () => {
    const { api, links } = await side('ann', 'ben', 'cat');
    const gathering = api.gather(['cat', 'ann', 'ben']).ask({});
    await turn();
    answer(links[1], 2);
    refuse(links[0], 7);
    answer(links[2], 3);
    expect((await gathering).map(outcome)).toEqual(['cat 3', 'ann 7', 'ben 2']);
    expect(await gathering.then((all) => all.length)).toBe(3);
    expect(await Promise.all([gathering.catch(() => 0), gathering.finally(() => {})])).toHaveLength(2);
  });

  it('can be iterated as answers arrive, also by a loop that starts late', async () => {
    const { api, links } = await side('ann', 'ben', 'cat');
    const gathering = api.gather(null).ask({});
    const seen: string[] = [];
    const loop = (async () => {
      for await (const one of gathering) seen.push(outcome(one));
    })();
    await turn();
    refuse(links[2], 5);
    await turn();
    expect(seen).toEqual(['cat 5']);
    answer(links[0], 'a');
    await turn();
    expect(seen).toEqual(['cat 5', 'ann a']);
    answer(links[1], 'b');
    await loop;
    expect(seen).toEqual(['cat 5', 'ann a', 'ben b']);
    const again: string[] = [];
    for await (const one of gathering) again.push(outcome(one));
    expect(again).toEqual(seen);
    expect((await gathering).map(outcome)).toEqual(['ann a', 'ben b', 'cat 5']);
  });

  it('cancels the remaining calls when the loop is left, and their peers receive it', async () => {
    const { api, links, log } = await side('ann', 'ben', 'cat');
    const gathering = api.gather(null).ask({});
    await turn();
    answer(links[1], 'b');
    for await (const one of gathering) {
      expect(outcome(one)).toBe('ben b');
      break;
    }
    await turn();
    expect(links.map((link) => cancelled(link).length)).toEqual([1, 0, 1]);
    expect(cancelled(links[0])[0].params[0]).toBe(asked(links[0])[0].id);
    expect((await gathering).map(outcome)).toEqual([`ann ${Code.Aborted}`, 'ben b', `cat ${Code.Aborted}`]);
    // A late answer is ignored, and does not change the result.
    answer(links[0], 'late');
    expect(outcome((await gathering)[0] as Gathered<unknown>)).toBe(`ann ${Code.Aborted}`);
    expect(log.warnings).toEqual([]);
  });

  it('ends another loop, and a pending step, when one is left', async () => {
    const { api, links } = await side('ann', 'ben');
    const gathering = api.gather(null).ask({});
    const one = gathering[Symbol.asyncIterator]();
    const steps = [one.next(), one.next()];
    await turn();
    answer(links[0], 1);
    await steps[0];
    const other: string[] = [];
    const loop = (async () => {
      for await (const each of gathering) other.push(outcome(each));
    })();
    await one.return?.();
    expect(await steps[1]).toEqual({ done: true, value: undefined });
    expect(await one.next()).toEqual({ done: true, value: undefined });
    await loop;
    expect(other).toEqual(['ann 1', `ben ${Code.Aborted}`]);
  });

  it('rejects only if nobody can be called, however it is used', async () => {
    const { api, links } = await side('ann');
    const nobody = () => api.gather(['ann', 'nobody']).ask({});
    expect(await failure(nobody())).toBeInstanceOf(ConnectionLost);
    expect(await failure(nobody().first())).toBeInstanceOf(ConnectionLost);
    expect(await failure(nobody().quorum(1))).toBeInstanceOf(ConnectionLost);
    expect(await failure(nobody()[Symbol.asyncIterator]().next())).toBeInstanceOf(ConnectionLost);
    expect(await failure(api.gather([]).ask({}))).toBeInstanceOf(ConnectionLost);
    const unfit = api.gather(null).ask('text' as never);
    expect(await failure(unfit.first())).toBeInstanceOf(UsageError);
    await turn();
    expect(links[0]?.heard).toEqual([]);
  });

  it('reports for each receiver that its arguments cannot be sent', async () => {
    const { api } = await side('ann', 'ben');
    const all = await api.gather(null).ask({ n: 1n });
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await failure<AggregateError>(api.gather(null).ask({ n: 1n }).first())).errors).toHaveLength(2);
  });
});

describe('first', () => {
  it('is the first success, even after failures; the remaining calls are cancelled', async () => {
    const { api, links, log } = await side('ann', 'ben', 'cat', 'dan');
    const first = api.gather(null).ask({}).first();
    await turn();
    refuse(links[2], 5);
    answer(links[3], 'd');
    expect(await first).toBe('d');
    await turn();
    expect(links.map((link) => cancelled(link).length)).toEqual([1, 1, 0, 0]);
    answer(links[0], 'a');
    expect(log.warnings).toEqual([]);
  });

  it('fails with the reasons of all, in the order of the receivers', async () => {
    const { api, links } = await side('ann', 'ben');
    const first = failure<AggregateError>(api.gather(['ben', 'ann']).ask({}).first());
    await turn();
    refuse(links[0], 1);
    links[1]?.receiver.closed(new Error('gone'));
    const error = await first;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors.map(({ code }) => code)).toEqual([Code.ConnectionLost, 1]);
    expect(error.message).toMatch(/^ask needs replies from 1 of 2 receivers, and 2 have failed; the first one: /);
  });

  it('cancels pending calls, and not one that was never sent', async () => {
    const played = new Played();
    const links = [played.visit('small', { maxFrame: 100 }), played.visit('ann'), played.visit('ben')];
    const api = await Spec.connect(played.maker, { logger: null });
    await turn();
    const gathering = api.gather(null).ask({ n: 'x'.repeat(200) });
    const first = gathering.first();
    await turn();
    answer(links[2], 'b');
    expect(await first).toBe('b');
    expect((await gathering).map(outcome)).toEqual([`small ${Code.TooLarge}`, `ann ${Code.Aborted}`, 'ben b']);
    await turn();
    expect(links.map((link) => cancelled(link).length)).toEqual([0, 1, 0]);
  });

  it('resolves at once if an answer has already arrived', async () => {
    const { api, links } = await side('ann', 'ben');
    const gathering = api.gather(null).ask({});
    await turn();
    answer(links[1], 'b');
    expect(await gathering.first()).toBe('b');
  });
});

describe('quorum', () => {
  it('resolves with that many successes in the order of arrival, with their peers', async () => {
    const { api, links, peer } = await side('ann', 'ben', 'cat', 'dan', 'eve');
    const quorum = api.gather(null).ask({}).quorum(3);
    await turn();
    answer(links[4], 'e');
    refuse(links[0], 1);
    answer(links[1], 'b');
    await turn();
    expect(links.flatMap(cancelled)).toEqual([]);
    answer(links[3], 'd');
    const agreed = await quorum;
    expect(agreed.map(({ value }) => value)).toEqual(['e', 'b', 'd']);
    expect(agreed[0]?.peer).toBe(peer('eve'));
    await turn();
    expect(links.map((link) => cancelled(link).length)).toEqual([0, 0, 1, 0, 0]);
  });

  it('fails as soon as it cannot be reached, and cancels the remaining calls', async () => {
    const { api, links } = await side('ann', 'ben', 'cat');
    const quorum = failure<AggregateError>(api.gather(null).ask({}).quorum(2));
    await turn();
    refuse(links[2], 3);
    refuse(links[0], 1);
    const error = await quorum;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors.map(({ code }) => code)).toEqual([1, 3]);
    await turn();
    expect(cancelled(links[1])).toHaveLength(1);
  });

  it('fails at once if it exceeds the number of receivers', async () => {
    const { api, links } = await side('ann');
    const error = await failure<AggregateError>(api.gather(null).ask({}).quorum(2));
    expect(error.message).toBe('ask needs replies from 2 of 1 receivers, and 0 have failed');
    await turn();
    expect(cancelled(links[0])).toHaveLength(1);
  });

  it.each([0, -1, 1.5, Number.NaN, '2' as never])('refuses %s', async (count) => {
    const { api } = await side('ann');
    expect(await failure(api.gather(null).ask({}).quorum(count))).toBeInstanceOf(UsageError);
  });

  it('can be used in several ways at once', async () => {
    const { api, links } = await side('ann', 'ben', 'cat');
    const gathering = api.gather(null).ask({});
    const [two, three] = [gathering.quorum(2), failure<AggregateError>(gathering.quorum(3))];
    await turn();
    answer(links[0], 1);
    answer(links[2], 3);
    expect(await two).toHaveLength(2);
    // The first to have enough answers cancels the remaining calls.
    expect((await three).errors[0]).toBeInstanceOf(Aborted);
  });
});

describe('the options of gather', () => {
  it('accept a timeout for each peer', async () => {
    const { api, peer } = await side('ann', 'ben', 'cat');
    using clock = stopClock();
    const start = time();
    const gathering = api.gather(null, { timeout: (one) => (one === peer('ben') ? 30 : 150) }).ask({});
    const times: [string, number][] = [];
    const ended = (async () => {
      for await (const { peer: one, status } of gathering) {
        expect(status).toBe('rejected');
        times.push([one.id, time() - start]);
      }
    })();
    await clock.turn(150);
    await ended;
    expect(times).toEqual([
      ['ben', 30],
      ['ann', 150],
      ['cat', 150],
    ]);
    const reasons = (await gathering).map((one) => (one.status === 'rejected' ? (one.reason as RpcError).code : 0));
    expect(reasons).toEqual([Code.Timeout, Code.Timeout, Code.Timeout]);
  });

  it('refuse an invalid timeout before anything is sent', async () => {
    const { api, links } = await side('ann', 'ben');
    const error = await failure(api.gather(null, { timeout: ({ id }) => (id === 'ann' ? 5 : -1) }).ask({}));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('for ben it gave -1');
    expect(() => api.gather(null, { timeout: -1 })).toThrow(UsageError);
    expect(() => api.gather(null, { tiemout: 1 } as never)).toThrow('unknown option "tiemout"');
    expect(() => api.gather(null, { noReply: true } as never)).toThrow(UsageError);
    await turn();
    expect(links[0]?.heard).toEqual([]);
  });

  it('cancel all calls with a signal; answers that have arrived are kept', async () => {
    const { api, links } = await side('ann', 'ben');
    const control = new AbortController();
    const gathering = api.gather(null, { signal: control.signal }).ask({});
    await turn();
    answer(links[0], 1);
    control.abort(new Error('enough'));
    expect((await gathering).map(outcome)).toEqual(['ann 1', `ben ${Code.Aborted}`]);
    await turn();
    expect(cancelled(links[1])).toHaveLength(1);
    expect(await failure(api.gather(null, { signal: control.signal }).ask({}))).toBeInstanceOf(Aborted);
  });

  it('leave nothing behind, however often they are used', async () => {
    const { api, links } = await side('ann', 'ben');
    const control = new AbortController();
    for (let n = 0; n < 1_000; n++) {
      const gathering = api.gather(null, { signal: control.signal }).ask({});
      const first = gathering.first();
      await turn();
      answer(links[0], n);
      expect(await first).toBe(n);
    }
    expect(api.pendingCalls()).toEqual([]);
    expect(getEventListeners(control.signal, 'abort')).toEqual([]);
  });
});
