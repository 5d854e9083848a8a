import { describe, expect, it } from 'vitest';
import { ConnectionLost, type Frame, RpcError, type Sealed } from '../../src/index.js';
import type { Options } from '../../src/types/options.js';
import { failure, Log } from '../support/core-waiting.js';
import { RawService } from '../support/raw-service.js';
import { calling, gate, turn } from './raw-calling.js';

/** A codec whose headers and calls are frames of their own. */
const apart = async (): Promise<Options['codec']> => {
  const { codec } = await import('../../src/index.js');
  const { join: _join, ...rest } = await codec('jrpc');
  return rest as Options['codec'];
};

describe('a call that a security seals later', () => {
  it('does not leave without its header where the header cannot be sealed', async () => {
    const seals = [gate<Sealed>(), gate<Sealed>()];
    const frames: Frame[] = [];
    const security = {
      seal: (frame: Frame): Promise<Sealed> => {
        frames.push(frame);
        return seals[frames.length - 1]!.promise;
      },
      open: (frame: Frame): Frame => frame,
    };
    const { service, jobs } = await calling({ security, codec: await apart() });
    const call = failure(jobs.to(null, { metadata: { a: 1 } }).slow({ n: 1 }));
    expect(frames).toHaveLength(2);
    seals[0]!.reject(new Error('no key'));
    seals[1]!.resolve({ info: {} });
    expect((await call).message).toBe('no key');
    await turn();
    expect(service.calls).toEqual([]);
    expect(jobs.pendingCalls()).toEqual([]);
  });

  it('does not leave where it was cancelled meanwhile', async () => {
    const seal = gate<Sealed>();
    const security = { seal: () => seal.promise, open: (frame: Frame): Frame => frame };
    const { service, jobs } = await calling({ security });
    const stop = new AbortController();
    const call = failure(jobs.to(null, { signal: stop.signal }).slow({ n: 1 }));
    stop.abort();
    await call;
    seal.resolve({ info: {} });
    await turn();
    expect(service.calls.map(({ method }) => method)).toEqual([]);
  });
});

describe('a member', () => {
  it('that comes up after its service has ended is ended with the reason', async () => {
    const { service, jobs } = await calling();
    const { link } = service;
    link.end(new ConnectionLost('the broker is gone'));
    await turn();
    const late = service.member('late', link);
    await turn();
    expect(late.isOpen).toBe(false);
    expect(late.reason?.message).toMatch(/the broker is gone/);
    expect(jobs.stats().peers).toBe(0);
  });

  it('of a service that nobody knows is ended with a reason', async () => {
    const { service } = await calling();
    const stray = service.member('stray', { ...service.link, peer: 'elsewhere' } as never);
    await turn();
    expect(stray.isOpen).toBe(false);
    expect(stray.reason?.message).toBe('there is no service elsewhere, of which it is a member');
  });

  it('is read on while a call is open, whichever member has made the first one', async () => {
    const service = new RawService();
    const paused = new Set<string>();
    const { jobs } = await calling({ concurrency: 1, limits: { queuedCalls: 4 } }, service);
    const ends: ((name: string) => void)[] = [];
    jobs.name.connect(() => new Promise((resolve) => ends.push(resolve)));
    const member = (name: string) => {
      const link = service.member(name);
      link.pause = () => void paused.add(name);
      link.resume = () => void paused.delete(name);
      return link;
    };
    const [one, two] = [member('one'), member('two')];
    for (let id = 1; id <= 6; id++) two.hears({ id, method: 'name' });
    expect([...paused]).toEqual(['two']);
    // The first call of all is one that was passed by reference by another member.
    let call: Promise<unknown> | undefined;
    jobs.news.connect((sender) => {
      call = jobs.slow(null, { n: 1 });
      void sender;
    });
    one.hears({ method: 'news', params: { text: 'x' } });
    await turn();
    expect([...paused]).toEqual([]);
    two.answers(service.calls[0]!, 'answered');
    expect(await call).toBe('answered');
    for (let n = 0; n < 6; n++) {
      ends.shift()?.('x');
      await turn();
    }
  });

  it('answers only its own calls: an error of another one is ignored, and reported', async () => {
    const log = new Log();
    const { service, jobs } = await calling({ logger: log });
    const [holder, other] = [service.member('holder'), service.member('other')];
    service.onDispatch = () => holder;
    const call = jobs.slow(null, { n: 1 });
    const [given] = service.calls;
    other.answers(given!, 'forged');
    other.hears({ id: given!.id, error: { code: 1, message: 'forged' } });
    other.hears({ method: 'rpc.about', params: { answer: given!.id, metadata: { forged: true } } });
    holder.answers(given!, 'right');
    expect(await call).toBe('right');
    expect(log.texts.filter((text) => text.includes('has not made'))).toHaveLength(2);
  });
});

describe('a call that was answered busy', () => {
  const busy = (id: number) => ({ id, error: { code: -32_014, message: 'busy' } });

  it('survives the end of the member that was busy, while it is sealed again', async () => {
    const seals = [gate<Sealed>(), gate<Sealed>()];
    let sealed = 0;
    const security = { seal: () => seals[sealed++]!.promise, open: (frame: Frame): Frame => frame };
    const { service, jobs } = await calling({ security });
    const [one, two] = [service.member('one'), service.member('two')];
    service.onDispatch = () => (service.calls.length === 1 ? one : two);
    const call = jobs.slow(null, { n: 1 });
    seals[0]!.resolve({ info: {} });
    await turn();
    one.hears(busy(service.calls[0]!.id));
    one.end(new ConnectionLost('killed'));
    await turn();
    seals[1]!.resolve({ info: {} });
    await turn();
    expect(service.calls).toHaveLength(2);
    two.answers(service.calls[1]!, 'done');
    expect(await call).toBe('done');
  });

  it('rejects where it cannot be sealed again', async () => {
    let sealed = 0;
    const security = {
      seal: () => (sealed++ === 0 ? { info: {} } : Promise.reject(new Error('no key'))),
      open: (frame: Frame): Frame => frame,
    };
    const { service, jobs } = await calling({ security });
    const member = service.member();
    service.onDispatch = () => member;
    const call = failure(jobs.slow(null, { n: 1 }));
    member.hears(busy(service.calls[0]!.id));
    expect((await call).message).toBe('no key');
    expect(jobs.stats().pendingCalls).toBe(0);
  });

  it('rejects with the answer where the second member is busy too, however idempotent it is', async () => {
    const { service, jobs } = await calling();
    const members = [service.member('one'), service.member('two'), service.member('three')];
    service.onDispatch = () => members[service.calls.length - 1];
    const call = failure<RpcError>(jobs.to(null, { idempotent: true }).slow({ n: 1 }));
    const { id } = service.calls[0]!;
    members[0]!.hears(busy(id));
    members[1]!.hears(busy(id));
    expect(await call).toMatchObject({ code: -32_014 });
    expect(service.calls).toHaveLength(2);
  });

  it('is sent elsewhere also after its first member was lost', async () => {
    const { service, jobs } = await calling();
    const members = [service.member('one'), service.member('two'), service.member('three')];
    service.onDispatch = () => members[service.calls.length - 1];
    const call = jobs.to(null, { idempotent: true }).slow({ n: 1 });
    const { id } = service.calls[0]!;
    members[0]!.end(new ConnectionLost('killed'));
    await turn();
    members[1]!.hears(busy(id));
    members[2]!.answers({ id }, 'done');
    expect(await call).toBe('done');
    expect(service.calls.map((each) => each.id)).toEqual([id, id, id]);
  });
});

describe('the numbers of a side', () => {
  it('count each call to a service once, however many members there are', async () => {
    const { service, jobs } = await calling();
    for (const name of ['one', 'two', 'three']) service.member(name);
    const stream = jobs.count(null, { to: 3 });
    const calls = [failure(jobs.slow(null, { n: 1 })), failure(jobs.each(null, { step: (n) => n }))];
    await turn();
    expect(jobs.stats()).toMatchObject({ peers: 1, pendingCalls: 3, activeCalls: 0, streams: 1, references: 1 });
    service.link.end(new RpcError('over'));
    for (const call of calls) await call;
    await stream.next().catch(() => {});
    expect(jobs.stats()).toMatchObject({ peers: 0, pendingCalls: 0, streams: 0, references: 0 });
  });
});
