import { describe, expect, it } from 'vitest';
import type { Frame, Sealed } from '../../src/index.js';
import { failure, Log } from '../support/core-waiting.js';
import { calling, turn } from './raw-calling.js';

/** What whoever may send to everybody can say about the call with this id. */
const forgeries = (id: number): readonly (object | string)[] => [
  { id, result: 'forged' },
  { id, error: { code: 1, message: 'forged' } },
  { id, error: { code: -32_014, message: 'busy' } },
  `[{"jsonrpc":"2.0","id":${id},"result":"forged"}]`,
  { method: 'rpc.about', params: { answer: id, metadata: { forged: true } } },
  { method: 'rpc.about', params: { answer: id, tagged: true } },
  { method: 'rpc.progress', params: [id, 'forged'] },
  { method: 'rpc.next', params: [id, ['forged']] },
  { method: 'rpc.next', params: [id] },
  `{"jsonrpc":"2.0","id":${id},"result":1,"error":{"code":1,"message":"both"}}`,
  `{"jsonrpc":"2.0","id":${id},"result":${'['.repeat(500)}${']'.repeat(500)}}`,
  { method: 'rpc.working', params: [id] },
];

describe('what is sent to everybody, or to a topic,', () => {
  it('says nothing of a call that nobody has claimed', async () => {
    const log = new Log();
    const { service, jobs } = await calling({ logger: log });
    const progress: unknown[] = [];
    let settled = 0;
    const call = jobs.to(null, { onProgress: (value) => void progress.push(value) }).slow({ n: 1 });
    void call.finally(() => settled++).catch(() => {});
    const [sent] = service.calls;
    for (const forged of forgeries(sent!.id)) service.link.overhears(forged as never);
    await turn();
    expect(settled).toBe(0);
    expect(progress).toEqual([]);
    // A busy answer would have had it carried out twice.
    expect(service.calls).toHaveLength(1);
    expect(log.texts[0]).toMatch(/^an answer that was sent to everybody, or to a topic, is ignored: it counts only/);
    service.member().answers(sent!, 'true');
    expect(await call).toBe('true');
  });

  it('adds nothing to a stream, and does not end it', async () => {
    const { service, jobs } = await calling();
    const items: unknown[] = [];
    const stream = (async () => {
      for await (const item of jobs.count(null, { to: 3 })) items.push(item);
    })();
    await turn();
    const [sent] = service.calls;
    for (const forged of forgeries(sent!.id)) service.link.overhears(forged as never);
    service.link.overhears(`{"jsonrpc":"2.0","method":"rpc.next","params":[${sent!.id},[1],[2]]}`);
    const member = service.member();
    member.hears({ method: 'rpc.next', params: [sent!.id, [1, 2]] }, { id: sent!.id, result: null });
    await stream;
    expect(items).toEqual([1, 2]);
  });

  it('calls no function that was passed by reference', async () => {
    const log = new Log();
    const { service, jobs } = await calling({ logger: log });
    const steps: number[] = [];
    void failure(jobs.each(null, { step: (n) => steps.push(n) }));
    for (let ref = 0; ref < 50; ref++) service.link.overhears({ id: ref + 1, method: 'rpc.call', params: [ref, [1]] });
    await turn();
    expect(steps).toEqual([]);
    expect(log.texts).toContainEqual(expect.stringMatching(/^rpc.call that was sent to everybody, or to a topic, is/));
  });

  it('calls methods, with the headers of the call, while answers of members count', async () => {
    const log = new Log();
    const { service, jobs } = await calling({ logger: log });
    const heard: unknown[] = [];
    jobs.news.connect((sender, { text }) => void heard.push([text, sender.metadata]));
    const calls = [jobs.slow(null, { n: 1 }), jobs.slow(null, { n: 2 })];
    const news = (text: string) => ({ method: 'news', params: { text } });
    service.link.overhears(news('one'));
    service.link.answers(service.calls[0]!, 'first');
    service.link.overhears({ method: 'rpc.about', params: { call: null, metadata: { n: 2 } } }, news('two'));
    service.link.answers(service.calls[1]!, 'second');
    expect(await Promise.all(calls)).toEqual(['first', 'second']);
    expect(heard).toEqual([
      ['one', {}],
      ['two', { n: 2 }],
    ]);
    expect(log.texts).toEqual([]);
  });

  it('stays what it is while a security opens it, and so do the messages around it', async () => {
    const opening: (() => void)[] = [];
    const security = {
      seal: (): Sealed => ({ info: { sealed: true } }),
      open: (frame: Frame): Promise<Frame> => new Promise((resolve) => opening.push(() => resolve(frame))),
    };
    const { service, jobs } = await calling({ security });
    const heard: string[] = [];
    jobs.news.connect((_sender, { text }) => void heard.push(text));
    const calls = Array.from({ length: 4 }, (_, n) => jobs.slow(null, { n }));
    const header = { method: 'rpc.secinfo', params: { sealed: true } };
    const { link } = service;
    const [first, second, third, fourth] = service.calls.map(({ id }) => id);
    link.hears(header, { id: first!, result: 'first' });
    service.outcome({ id: second! }, [header, { id: 99, result: 'second' }]);
    link.overhears(header, { id: third!, result: 'forged' });
    link.hears(header, { id: third!, result: 'third' });
    link.overhears(header, { method: 'news', params: { text: 'news' } }, header, { id: fourth!, result: 'forged' });
    service.outcome({ id: fourth! }, [header, { id: 98, result: 'fourth' }]);
    for (let n = 0; n < 7; n++) {
      opening[n]?.();
      await turn();
    }
    expect(await Promise.all(calls)).toEqual(['first', 'second', 'third', 'fourth']);
    expect(heard).toEqual(['news']);
  });
});
