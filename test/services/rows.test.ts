import { describe, expect, it } from 'vitest';
import { ConnectionLost, UsageError } from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { RawService } from '../support/raw-service.js';
import { calling, turn } from './raw-calling.js';
import { type Caller, caller, Jobs, room, worker } from './service-spec.js';

describe('what is said over the links of a service', () => {
  it('is no hello, on neither side, and a call and its headers are one dispatch', async () => {
    const service = new RawService();
    const { jobs } = await calling({}, service);
    const member = service.member();
    service.onDispatch = () => member;
    const call = jobs.to(null, { metadata: { trace: 'x' } }).slow({ n: 1 });
    const told = jobs.to(null, { metadata: { trace: 'y' } }).told({ text: 'hi' });
    expect(told).toBeUndefined();
    expect(service.calls.map(({ frames }) => frames.length)).toEqual([1, 1]);
    expect(service.calls.map(({ frames }) => JSON.parse(String(frames[0])))).toMatchObject([
      [{ method: 'rpc.about', params: { metadata: { trace: 'x' } } }, { method: 'slow' }],
      [{ method: 'rpc.about', params: { metadata: { trace: 'y' } } }, { method: 'told' }],
    ]);
    member.answers(service.calls[0]!, 'done');
    expect(await call).toBe('done');
    await turn();
    expect([service.link.sent, member.sent, service.calls.length]).toEqual([[], [], 2]);
  });

  it('is read by the member that gets the call: metadata with each of many calls of many callers', async () => {
    const url = room();
    for (let n = 0; n < 3; n++)
      (await worker(url)).slow.connect((sender, { n: number }) => `${number} ${JSON.stringify(sender.metadata)}`);
    const callers = await Promise.all([caller(url), caller(url)]);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => callers[n % 2]!.to(null, { metadata: { n } }).slow({ n })),
    );
    expect(answers).toEqual(answers.map((_, n) => `${n} {"n":${n}}`));
  });
});

describe('a member that opens', () => {
  it('loses nothing that arrives before its handlers are connected', async () => {
    const url = room();
    const jobs = await caller(url);
    const asked: Promise<unknown>[] = [];
    const serving = Jobs.serve(url, { logger: null });
    await until(() => {
      asked.push(jobs.slow(null, { n: asked.length }).catch(() => 'nobody'));
      return asked.length > 2;
    });
    const side = await serving;
    asked.push(jobs.slow(null, { n: asked.length }));
    side.slow.connect((_sender, { n }) => `slow ${n}`);
    const answers = await Promise.all(asked);
    expect(answers.at(-1)).toBe(`slow ${answers.length - 1}`);
    for (const answer of answers) expect(answer).toMatch(/^(nobody|slow \d+)$/);
    await side.close();
  });
});

describe('null', () => {
  it('is one member for who calls, whatever is called, and everybody for who serves', async () => {
    const url = room();
    const told: string[] = [];
    const workers = await Promise.all([worker(url), worker(url)]);
    for (const [n, side] of workers.entries()) {
      side.told.connect((_sender, { text }) => void told.push(`${n} ${text}`));
      side.who.connect(() => String(n));
    }
    const [one, two] = await Promise.all([caller(url), caller(url)]);
    one.told(null, { text: 'a' });
    one.told(null, { text: 'b' });
    await turn();
    expect(told.sort()).toEqual(['0 a', '1 b']);
    expect([await two.who(null), await two.who(null)].sort()).toEqual(['0', '1']);
    const heard: string[] = [];
    for (const [n, jobs] of [one, two].entries()) jobs.news.connect((_s, { text }) => void heard.push(`${n} ${text}`));
    workers[1]!.news(null, { text: 'x' });
    await turn();
    expect(heard.sort()).toEqual(['0 x', '1 x']);
    // A request to null asks each caller that the member knows.
    await two.who(null);
    one.name.connect(() => 'one');
    two.name.connect(() => 'two');
    expect(await workers[0]!.to([...workers[0]!.peers.values()][0]!).name()).toMatch(/one|two/);
  });
});

for (const how of ['', '&blind'])
  describe(`the end of a member${how}`, () => {
    it('rejects only what it has, where that is known; the others answer', async () => {
      const url = room(`${how}`);
      const sides = await Promise.all(['ann', 'bob'].map((name) => worker(`${url}&name=${name}`)));
      const ends: (() => void)[] = [];
      for (const [at, side] of sides.entries())
        side.slow.connect(async (sender, { n }) => {
          // It is known from then on who has the call.
          sender.progress(n);
          await new Promise<void>((resolve) => ends.push(resolve));
          return `${n} by ${at}`;
        });
      const jobs = await caller(url);
      const calls = Array.from({ length: 6 }, (_, n) => jobs.to(null, { onProgress: () => {} }).slow({ n }));
      const settled = Promise.allSettled(calls);
      await until(() => ends.length === 6);
      await turn();
      await sides[0]!.close();
      await turn();
      for (const end of ends) end();
      const results = await settled;
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
      for (const result of results)
        if (result.status === 'rejected') {
          expect(result.reason).toBeInstanceOf(ConnectionLost);
          expect(result.reason).toMatchObject({ maybeExecuted: true });
          expect(result.reason.message).toMatch(/^slow: .*ann/);
        }
      expect(jobs.stats().pendingCalls).toBe(0);
      expect(jobs.peers.size).toBe(1);
    });

    it('sends idempotent calls to another member, and no others', async () => {
      const url = room(how);
      const first = await worker(`${url}&name=ann`);
      const begun: number[] = [];
      first.slow.connect((sender, { n }) => {
        begun.push(n);
        sender.progress(n);
        return new Promise(() => {});
      });
      const jobs = await caller(url);
      const again = jobs.to(null, { idempotent: true, metadata: { m: 1 }, onProgress: () => {} }).slow({ n: 1 });
      const lost = failure(jobs.to(null, { onProgress: () => {} }).slow({ n: 2 }));
      await until(() => begun.length === 2);
      await turn();
      const second = await worker(url);
      second.slow.connect((sender, { n }) => `${n} ${JSON.stringify(sender.metadata)}`);
      await first.close();
      expect(await again).toBe('1 {"m":1}');
      expect(await lost).toBeInstanceOf(ConnectionLost);
    });
  });

describe('an idempotent call', () => {
  it('is sent three times at most', async () => {
    const service = new RawService();
    const { jobs } = await calling({}, service);
    const call = failure(jobs.to(null, { idempotent: true }).slow({ n: 1 }));
    const members = [1, 2, 3, 4].map((n) => service.member(`m${n}`));
    for (const member of members) member.hears({ method: 'rpc.working', params: [service.calls[0]!.id] });
    service.onDispatch = () => members[service.calls.length - 1];
    for (const member of members.slice(0, 3)) {
      member.end(new ConnectionLost('killed'));
      await turn();
    }
    expect(await call).toMatchObject({ maybeExecuted: true });
    expect(service.calls).toHaveLength(3);
    expect(jobs.stats().pendingCalls).toBe(0);
  });

  it('that a member gets again while it is at work on it is carried out once, and answered', async () => {
    const url = room('&name=ann');
    const side = await worker(url);
    const ends: ((text: string) => void)[] = [];
    side.each.connect(() => new Promise((resolve) => ends.push(resolve)));
    const service = new RawService({ callBeat: 1_000 });
    await Jobs.serve(service.source as never, { logger: null }).then(async (server) => {
      await turn();
      server.slow.connect((_sender, { n }) => new Promise((resolve) => ends.push((text) => resolve(`${n} ${text}`))));
      const [peer] = [service.member('caller', undefined)];
      Object.assign(peer, { callBeat: 1_000 });
      const call = { id: 5, method: 'slow', params: { n: 1 } };
      peer.hears(call, call);
      await turn();
      expect(ends).toHaveLength(1);
      ends[0]?.('done');
      await turn();
      expect(peer.sent).toMatchObject([{ id: 5, result: '1 done' }]);
      await server.close();
    });
  });
});

describe('the end of the link to a service', () => {
  it('rejects every call with its reason, and ends its members', async () => {
    const service = new RawService();
    const { jobs } = await calling({}, service);
    const member = service.member();
    service.onDispatch = () => (service.calls.length === 1 ? member : undefined);
    const calls = [1, 2].map((n) => failure<ConnectionLost>(jobs.slow(null, { n })));
    const gone: string[] = [];
    jobs.on('disconnect', ({ id }) => gone.push(id));
    service.link.end(new ConnectionLost('the broker is gone'));
    for (const error of await Promise.all(calls)) {
      expect(error.message).toBe('slow: the broker is gone');
      expect(error.maybeExecuted).toBe(true);
    }
    expect(member.isOpen).toBe(false);
    expect(gone).toEqual(['raw']);
    expect(jobs.stats()).toMatchObject({ peers: 0, pendingCalls: 0, activeCalls: 0 });
    await expect(jobs.slow(null, { n: 3 })).rejects.toThrow(/no peer is connected|the broker is gone/);
  });

  it('aborts what its members have asked of this side', async () => {
    const service = new RawService();
    const { jobs } = await calling({}, service);
    let signal: AbortSignal | undefined;
    jobs.name.connect((sender) => {
      signal = sender.signal as AbortSignal;
      return new Promise(() => {});
    });
    service.member().hears({ id: 1, method: 'name' });
    await turn();
    expect(signal?.aborted).toBe(false);
    service.link.end();
    await turn();
    expect(signal?.aborted).toBe(true);
  });
});

describe('a link that cannot carry everything', () => {
  it('refuses a call at the call, and sends nothing', async () => {
    const refused = async (
      takes: 'notifications' | 'answers' | 'calls' | 'nothing',
      call: (jobs: Caller) => unknown,
    ) => {
      const service = new RawService({ takes });
      const { jobs } = await calling({}, service);
      const error = await failure(Promise.resolve().then(() => call(jobs)));
      expect(error).toBeInstanceOf(UsageError);
      expect([service.calls, service.link.sent]).toEqual([[], []]);
      expect(jobs.stats().pendingCalls).toBe(0);
      return error.message;
    };
    expect(await refused('notifications', (jobs) => jobs.slow(null, { n: 1 }))).toMatch(/only notifications/);
    expect(await refused('answers', (jobs) => jobs.told(null, { text: 'x' }))).toMatch(/only the answers/);
    expect(await refused('nothing', (jobs) => jobs.slow(null, { n: 1 }))).toMatch(/carries nothing/);
    expect(await refused('calls', (jobs) => jobs.each(null, { step: (n) => n }))).toMatch(/passed by reference/);
    expect(await refused('calls', (jobs) => jobs.sum(null, { of: (async function* () {})() }))).toMatch(/by reference/);
  });

  it('refuses options of delivery that it does not respect, and passes on the others', async () => {
    const service = new RawService({ keeps: ['key', 'delay'] });
    const { jobs } = await calling({}, service);
    const refused = await failure(jobs.to(null, { delivery: { priority: 1 } }).slow({ n: 1 }));
    expect(refused).toBeInstanceOf(UsageError);
    expect(refused.message).toMatch(/priority/);
    expect(service.calls).toEqual([]);
    const call = jobs.to(null, { delivery: { key: 'a', delay: 5 } }).slow({ n: 1 });
    jobs.to(null, { delivery: { key: 'b' } }).told({ text: 'x' });
    jobs.told(null, { text: 'y' });
    expect(service.calls.map(({ call: { delivery } }) => delivery)).toEqual([
      { key: 'a', delay: 5 },
      { key: 'b' },
      undefined,
    ]);
    service.outcome(service.calls[0]!, [{ id: 1, result: 'done' }]);
    expect(await call).toBe('done');
  });
});

describe('concurrency of a member', () => {
  it('bounds each caller, and all of them together', async () => {
    const url = room();
    const side = await worker(url, { concurrency: { each: 2, all: 3 } });
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    side.slow.connect(
      (_sender, { n }) =>
        new Promise((resolve) => {
          begun.push(n);
          ends.push(() => resolve(String(n)));
        }),
    );
    const callers = await Promise.all([caller(url), caller(url)]);
    const calls = [11, 12, 13, 21, 22, 23].map((n) => callers[n < 20 ? 0 : 1]!.slow(null, { n }));
    await until(() => begun.length === 3);
    await turn();
    expect(begun).toEqual([11, 12, 21]);
    for (let n = 0; n < 6; n++) {
      await until(() => ends.length > n);
      ends[n]?.();
    }
    expect(await Promise.all(calls)).toEqual(['11', '12', '13', '21', '22', '23']);
    expect(new Set(begun).size).toBe(6);
  });
});
