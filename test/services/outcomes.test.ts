import { describe, expect, it } from 'vitest';
import { ConnectionLost, type Frame, type Sealed } from '../../src/index.js';
import { failure, Log } from '../support/core-waiting.js';
import { calling, turn } from './raw-calling.js';

describe('outcomes of a service link', () => {
  it('reject a call within its dispatch, and its signal is not listened to any more', async () => {
    const { service, jobs } = await calling();
    service.onDispatch = (call) => {
      service.outcome(call, new ConnectionLost('too large', { maybeExecuted: false }));
      return undefined;
    };
    const stop = new AbortController();
    let listeners = 0;
    const { signal } = stop;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    Object.assign(signal, {
      addEventListener: (...args: Parameters<typeof add>) => {
        listeners++;
        add(...args);
      },
      removeEventListener: (...args: Parameters<typeof remove>) => {
        listeners--;
        remove(...args);
      },
    });
    expect((await failure(jobs.to(null, { signal }).slow({ n: 1 }))).message).toBe('too large');
    expect(listeners).toBe(0);
    expect(jobs.pendingCalls()).toEqual([]);
  });

  it('answer a call within its dispatch, also where the answer makes calls', async () => {
    const { service, jobs } = await calling();
    service.onDispatch = (call) => {
      service.outcome(call, [{ id: 99, result: `done ${call.id}` }]);
      return undefined;
    };
    const answers = await Promise.all([jobs.slow(null, { n: 1 }), jobs.slow(null, { n: 2 })]);
    expect(answers).toEqual(service.calls.map(({ id }) => `done ${id}`));
  });

  it('leave the ids of other messages alone that wait for a security', async () => {
    const opening: (() => void)[] = [];
    const security = {
      seal: (): Sealed => ({ info: { sealed: true } }),
      open: (frame: Frame): Promise<Frame> => new Promise((resolve) => opening.push(() => resolve(frame))),
    };
    const { service, jobs } = await calling({ security });
    const [one, two] = [jobs.slow(null, { n: 1 }), jobs.slow(null, { n: 2 })];
    const failed = failure(two);
    const [first, second] = service.calls;
    service.link.hears({ method: 'rpc.secinfo', params: { sealed: true } });
    service.link.answers(first!, 'one');
    service.outcome(second!, new ConnectionLost('nobody serves raw'));
    opening[0]?.();
    expect(await one).toBe('one');
    expect((await failed).message).toBe('nobody serves raw');
  });

  it('leave the ids of messages alone that arrive while an answer is opened', async () => {
    const opening: (() => void)[] = [];
    const security = {
      seal: (): Sealed => ({ info: { sealed: true } }),
      open: (frame: Frame): Promise<Frame> => new Promise((resolve) => opening.push(() => resolve(frame))),
    };
    const { service, jobs } = await calling({ security });
    const calls = [jobs.slow(null, { n: 1 }), jobs.slow(null, { n: 2 }), jobs.slow(null, { n: 3 })];
    const [first, second, third] = service.calls;
    const header = { method: 'rpc.secinfo', params: { sealed: true } };
    service.outcome(first!, [header, { id: 77, result: 'one' }]);
    service.link.hears(header);
    service.link.answers(second!, 'two');
    service.outcome(third!, [header, { id: 77, result: 'three' }]);
    for (let n = 0; n < 3; n++) {
      opening[n]?.();
      await turn();
    }
    expect(await Promise.all(calls)).toEqual(['one', 'two', 'three']);
  });

  it('reject a call whose answer cannot be read, with what is wrong with it, and no other call', async () => {
    const log = new Log();
    const { service, jobs } = await calling({ logger: log, limits: { badFrames: 3 } });
    const other = jobs.slow(null, { n: 0 });
    for (let n = 1; n <= 10; n++) {
      const call = failure(jobs.slow(null, { n }));
      service.outcome(service.calls[n]!, [n % 2 === 0 ? '{"jsonrpc":' : '{"jsonrpc":"2.0","id":1}']);
      expect((await call).message).toMatch(/^slow: what raw responded contains no answer to the call: \w/);
    }
    service.link.answers(service.calls[0]!, 'well');
    expect(await other).toBe('well');
    expect(service.link.isOpen).toBe(true);
  });

  it('are ignored where they come twice, late, or for unknown calls, and after the id was used again', async () => {
    const { service, jobs } = await calling();
    const first = jobs.slow(null, { n: 1 });
    const [call] = service.calls;
    service.outcome(call!, [{ id: 1, result: 'first' }]);
    service.outcome(call!, [{ id: 1, result: 'second' }]);
    service.outcome(call!, new Error('late'));
    expect(await first).toBe('first');
    for (let n = 0; n < 700; n++) {
      const next = jobs.slow(null, { n });
      const given = service.calls.at(-1)!;
      expect(given.id).not.toBe(call!.id);
      service.outcome(call!, [{ id: call!.id, result: 'of another call' }]);
      service.outcome(given, [{ id: given.id, result: n }]);
      expect(await next).toBe(n);
    }
    for (const id of [0, -1, 1.5, Number.NaN, 2 ** 31, 65_536]) service.outcome({ id }, new Error('unknown'));
    expect(jobs.pendingCalls()).toEqual([]);
  });
});

describe('dispatch', () => {
  it('may bring up a member, and its answer, before it returns', async () => {
    const { service, jobs } = await calling();
    service.onDispatch = (call) => {
      const member = service.member(`m${call.id}`);
      queueMicrotask(() => member.answers(call, call.params));
      return member;
    };
    expect(await jobs.add(null, { a: 1, b: 2 })).toEqual({ a: 1, b: 2 });
    expect(await Promise.all([jobs.slow(null, { n: 1 }), jobs.slow(null, { n: 2 })])).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('may be called again by what an answer causes', async () => {
    const { service, jobs } = await calling();
    const member = service.member();
    service.onDispatch = () => member;
    let second: Promise<unknown> | undefined;
    const first = jobs
      .to(null, {
        onProgress: () => {
          second = jobs.slow(null, { n: 2 });
        },
      })
      .slow({ n: 1 });
    const [call] = service.calls;
    member.hears({ method: 'rpc.progress', params: [call!.id, 'half'] });
    member.answers(call!, 'first');
    member.answers(service.calls[1]!, 'second');
    expect([await first, await second]).toEqual(['first', 'second']);
  });
});
