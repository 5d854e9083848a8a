import { describe, expect, it } from 'vitest';
import { ConnectionLost, keep, TimeoutError } from '../../src/index.js';
import { serviceRoom } from '../../transports/shared/memory/service.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { RawService } from '../support/raw-service.js';
import { calling, turn } from './raw-calling.js';
import { caller, room, worker } from './service-spec.js';

/** What a test has settled of a promise. */
async function state(promise: Promise<unknown>): Promise<string> {
  await turn();
  return Promise.race([
    promise.then(
      () => 'resolved',
      () => 'rejected',
    ),
    turn().then(() => 'pending'),
  ]);
}

describe('reports and answers that are forged', () => {
  it('do nothing: ids that are unknown, or of calls that other members have', async () => {
    const log = new Log();
    const service = new RawService();
    const { jobs } = await calling({ logger: log }, service);
    const [holder, forger] = [service.member('holder'), service.member('forger')];
    service.onDispatch = () => holder;
    const call = jobs.slow(null, { n: 1 });
    const { id } = service.calls[0]!;
    forger.hears({ method: 'rpc.working', params: [id, id + 1, 65_536 + id, 0, -1, 1e300, 'x', null, [id]] });
    forger.hears({ method: 'rpc.progress', params: [id, 'forged'] });
    forger.hears({ method: 'rpc.cancel', params: [id] });
    forger.hears({ method: 'rpc.pull', params: [id, 100] });
    forger.answers({ id }, 'forged');
    forger.answers({ id: id + 1 }, 'forged');
    forger.end(new ConnectionLost('gone'));
    await turn();
    expect(await state(call)).toBe('pending');
    holder.answers({ id }, 'right');
    expect(await call).toBe('right');
    expect(jobs.stats()).toMatchObject({ peers: 1, pendingCalls: 0 });
  });

  it('do not claim a call before it has left', async () => {
    const service = new RawService();
    let seal: ((sealed: { info: object }) => void) | undefined;
    const security = {
      seal: () =>
        new Promise<{ info: Record<string, unknown> }>(
          (resolve) => (seal = resolve as (sealed: { info: object }) => void),
        ),
      open: (frame: unknown) => frame,
    };
    const { jobs } = await calling({ security: security as never }, service);
    const [forger, holder] = [service.member('forger'), service.member('holder')];
    const call = jobs.slow(null, { n: 1 });
    const [id] = [jobs.pendingCalls()[0]!.id as number];
    forger.hears({ method: 'rpc.working', params: [id] });
    seal?.({ info: {} });
    await turn();
    holder.answers(service.calls[0]!, 'right');
    expect(await call).toBe('right');
  });

  it('end the link of a member that sends what cannot be read, and no other', async () => {
    const service = new RawService();
    const { jobs } = await calling({ limits: { badFrames: 5 } }, service);
    const [good, bad] = [service.member('good'), service.member('bad')];
    service.onDispatch = () => (service.calls.length % 2 === 1 ? good : bad);
    const calls = [jobs.slow(null, { n: 1 }), jobs.slow(null, { n: 2 })];
    const lost = failure(calls[1]!);
    bad.hears(...Array<string>(6).fill('{'));
    expect((await lost).message).toMatch(/6 messages in a row could not be read/);
    expect([good.isOpen, bad.isOpen, service.link.isOpen]).toEqual([true, false, true]);
    good.answers(service.calls[0]!, 'well');
    expect(await calls[0]).toBe('well');
  });
});

describe('the end of a call', () => {
  it('is told to its holder alone; as long as that is unknown, the call is withdrawn', async () => {
    const service = new RawService();
    const { jobs } = await calling({}, service);
    const [holder, other] = [service.member('holder'), service.member('other')];
    for (const known of [true, false]) {
      service.onDispatch = () => (known ? holder : undefined);
      const stop = new AbortController();
      const call = failure(jobs.to(null, { signal: stop.signal }).slow({ n: 1 }));
      stop.abort('enough');
      await call;
      await turn();
    }
    expect(holder.sent).toMatchObject([{ method: 'rpc.cancel', params: [service.calls[0]?.id, expect.any(String)] }]);
    expect(other.sent).toEqual([]);
    expect(service.withdrawn).toEqual([service.calls[1]?.id]);
    expect(service.calls).toHaveLength(2);
  });

  it('is a timeout also while the service is away', async () => {
    const url = room();
    const side = await worker(url);
    side.slow.connect(() => 'done');
    const jobs = await caller(url);
    const here = serviceRoom(/memory:(\w+)/.exec(url)?.[1] ?? '');
    here.isAway = true;
    expect([...jobs.peers.values()][0]?.isAway).toBe(true);
    const call = failure(jobs.to(null, { timeout: 20 }).slow({ n: 1 }));
    expect(await call).toBeInstanceOf(TimeoutError);
    here.isAway = false;
    expect(await jobs.slow(null, { n: 2 })).toBe('done');
  });
});

describe('streams and references', () => {
  it('are pulled from the member that has the stream, and called at the member that has them', async () => {
    const service = new RawService();
    const { jobs } = await calling({}, service);
    const [holder, other] = [service.member('holder'), service.member('other')];
    service.onDispatch = () => holder;
    const stream = jobs.to(null, { window: { items: 2, bytes: 1_000 } }).count({ to: 4 });
    const { id } = service.calls[0]!;
    const items: unknown[] = [];
    const read = (async () => {
      for await (const item of stream) items.push(item);
    })();
    other.hears({ method: 'rpc.next', params: [id, [100]] });
    holder.hears({ method: 'rpc.next', params: [id, [1, 2]] });
    await until(() => holder.sent.length > 0);
    for (const each of holder.sent)
      expect(each).toMatchObject({ method: 'rpc.pull', params: [id, expect.any(Number)] });
    holder.hears({ method: 'rpc.next', params: [id, [3]] });
    holder.answers({ id }, null);
    await read;
    expect(items).toEqual([1, 2, 3]);
    expect(other.sent).toEqual([]);
  });

  it('that a member has kept are released when it is gone, and those of the others are not', async () => {
    const url = room();
    const sides = await Promise.all([worker(`${url}&name=ann`), worker(`${url}&name=bob`)]);
    const kept: { step: (n: number) => unknown }[] = [];
    for (const side of sides)
      side.each.connect((_sender, { step }) => {
        keep(step);
        kept.push({ step });
        return 'kept';
      });
    const jobs = await caller(url);
    const step = (n: number): number => n + 1;
    expect(await Promise.all([jobs.each(null, { step }), jobs.each(null, { step })])).toEqual(['kept', 'kept']);
    await turn();
    expect(jobs.stats().references).toBe(1);
    expect(await kept[1]?.step(1)).toBe(2);
    await sides[0]?.close();
    await turn();
    expect(jobs.stats().references).toBe(1);
    expect(await kept[1]?.step(2)).toBe(3);
    await expect(kept[0]?.step(1)).rejects.toThrow();
    await sides[1]?.close();
    await turn();
    expect(jobs.stats().references).toBe(0);
  });

  it('are not released by a member that does not hold them', async () => {
    const log = new Log();
    const service = new RawService();
    const { jobs } = await calling({ logger: log }, service);
    const [holder, forger] = [service.member('holder'), service.member('forger')];
    service.onDispatch = () => holder;
    const call = jobs.each(null, { step: (n) => n * 2 });
    holder.hears({ method: 'rpc.keep', params: [1] });
    forger.hears({ method: 'rpc.release', params: [1] }, { method: 'rpc.release', params: [1] });
    holder.answers(service.calls[0]!, 'kept');
    expect(await call).toBe('kept');
    expect(jobs.stats().references).toBe(1);
    holder.hears({ id: 1, method: 'rpc.call', params: [1, null, [21]] });
    await until(() => holder.sent.some(({ id }) => id === 1));
    expect(holder.sent).toMatchObject([{ id: 1, result: 42 }]);
    holder.hears({ method: 'rpc.release', params: [1] });
    expect(jobs.stats().references).toBe(0);
    expect(log.texts.filter((text) => text.includes('does not hold'))).toHaveLength(2);
  });

  it('of a member that is gone cannot be called any more', async () => {
    const url = room();
    const side = await worker(url);
    let count = 0;
    side.counter.connect(() => () => ++count);
    const jobs = await caller(url);
    const counter = await jobs.counter(null);
    expect(await counter()).toBe(1);
    await side.close();
    await turn();
    await expect(counter()).rejects.toThrow();
    expect(jobs.stats()).toMatchObject({ references: 0, pendingCalls: 0 });
  });
});
