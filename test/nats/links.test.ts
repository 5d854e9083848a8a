import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionLost } from '../../src/contract/errors.js';
import { chaosProxy } from '../../src/testing/chaos-proxy.js';
import { until } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';
import { closeEnds, NatsEnd } from './ends.js';

describe.skipIf(nats.absent)(`links over NATS${nats.why}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startNats();
  });
  afterAll(() => engine.end());
  afterEach(closeEnds);

  let used = 0;
  /** A subject that no other test has. */
  const fresh = (query = ''): string => `nats://127.0.0.1:${engine.port}/orders.${++used}${query}`;
  const serve = (url: string, options = {}): Promise<NatsEnd> => NatsEnd.open(url, { listen: true, ...options });
  /** A worker and a caller that have exchanged one call: the link of the service, that of the caller, and that of the member. */
  async function pair(url = fresh()) {
    const worker = await serve(url);
    const caller = await NatsEnd.open(url);
    const service = await caller.link(0);
    service.call(1);
    const asked = await worker.link(0);
    await asked.until(() => asked.frames.length === 1);
    asked.link.send(['answer 1']);
    const member = await caller.link(1);
    await member.until(() => member.frames.length === 1);
    return { worker, caller, service, asked, member };
  }

  it('leads from a caller to the service, and back by a link of the member', async () => {
    const { service, asked, member } = await pair();
    expect(service.link).toMatchObject({ anycast: true, callBeat: 1_000, agreed: true });
    expect(asked.link).toMatchObject({ callBeat: 1_000, agreed: true, packets: true, broadcast: true });
    expect(asked.link.service).toBeUndefined();
    expect(member.link.service).toBe(service.link);
    expect(member.frames).toEqual(['answer 1']);
    member.link.send(['to the member']);
    await asked.until(() => asked.frames.length === 2);
    expect(asked.frames).toEqual(['call 1', 'to the member']);
    expect(new Set([service, asked, member].map(({ link }) => link.peer)).size).toBe(3);
  });

  it('reports at once that nobody serves, and that the call was not carried out', async () => {
    const caller = await NatsEnd.open(fresh());
    const service = await caller.link(0);
    service.call(7);
    await service.settled();
    const [id, error] = service.outcomes[0]!;
    expect(id).toBe(7);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error).toMatchObject({
      maybeExecuted: false,
      message: expect.stringContaining('nobody serves nats:orders'),
    });
  });

  it('shares calls among those with the same queue, and gives them to each of those without one', async () => {
    const url = fresh();
    const shared = [await serve(url), await serve(url)];
    const alone = await serve(`${url}?queue=`);
    const caller = await NatsEnd.open(url);
    const service = await caller.link(0);
    for (let id = 1; id <= 100; id++) service.call(id);
    const heard = (end: NatsEnd): number => end.ends[0]?.frames.length ?? 0;
    const all = await alone.link(0);
    await all.until(() => all.frames.length === 100);
    await Promise.all(shared.map(({ transport }) => transport.flush?.()));
    expect(heard(shared[0]!) + heard(shared[1]!)).toBe(100);
    expect(heard(shared[0]!)).toBeGreaterThan(0);
    expect(heard(shared[1]!)).toBeGreaterThan(0);
  });

  it('withdraws a call from the worker that knows the caller, and from no other', async () => {
    const { worker, service, asked } = await pair();
    service.link.withdraw?.(1, ['cancel 1']);
    await asked.until(() => asked.frames.length === 2);
    expect(asked.frames).toEqual(['call 1', 'cancel 1']);
    expect(worker.ends).toHaveLength(1);
  });

  it('ends the link of the other side when a side ends its own', async () => {
    const first = await pair();
    first.member.link.close();
    await first.asked.until(() => first.asked.ends.length === 1);
    expect(first.asked.ends).toEqual([undefined]);
    const second = await pair();
    await second.caller.transport.close();
    await second.asked.until(() => second.asked.ends.length === 1);
    expect(second.asked.ends).toEqual([undefined]);
    expect([second.service.ends, second.member.ends]).toEqual([[undefined], [undefined]]);
  });

  it('ends the link to a caller that is gone without a word when something is sent to it', async () => {
    const url = fresh();
    const worker = await serve(url);
    const client = await connect({ servers: `127.0.0.1:${engine.port}` });
    const inbox = '_INBOX.o-0123456789abcdefghijkl';
    client.publish(url.split('/').at(-1)!, 'call 1', { reply: `${inbox}.0.1` });
    const asked = await worker.link(0);
    await client.close();
    asked.link.send(['answer']);
    await asked.until(() => asked.ends.length === 1);
    expect(asked.ends[0]).toBeInstanceOf(ConnectionLost);
  });

  it('probes a caller that is silent, and keeps the link of one that is there', async () => {
    const url = fresh('?forget=0.05');
    const worker = await serve(url);
    const caller = await NatsEnd.open(url.split('?')[0]!);
    (await caller.link(0)).call(1);
    const alive = await worker.link(0);
    const client = await connect({ servers: `127.0.0.1:${engine.port}` });
    client.publish(url.split('/').at(-1)!.split('?')[0]!, 'call 1', { reply: '_INBOX.o-0123456789abcdefghijkl.0.1' });
    const dead = await worker.link(1);
    await client.close();
    await dead.until(() => dead.ends.length === 1);
    expect(dead.ends[0]).toBeInstanceOf(ConnectionLost);
    expect(alive.ends).toEqual([]);
    expect(caller.ends).toHaveLength(1);
  });

  it('gives each message of a client that is not Obverse a brief link, which answers at its reply subject', async () => {
    const url = fresh();
    const worker = await serve(url);
    const client = await connect({ servers: `127.0.0.1:${engine.port}` });
    const answer = client.request(url.split('/').at(-1)!, 'question');
    const asked = await worker.link(0);
    await asked.until(() => asked.frames.length === 1);
    expect(asked.link).toMatchObject({ brief: true, takes: 'answers', info: { subject: url.split('/').at(-1) } });
    asked.link.send(['the answer']);
    expect((await answer).string()).toBe('the answer');
    asked.link.close();
    client.publish(url.split('/').at(-1)!, 'said');
    expect((await worker.link(1)).link).toMatchObject({ brief: true, takes: 'nothing' });
    await client.close();
  });

  it('delivers the answer of a service that is not Obverse over the link of the service', async () => {
    const url = fresh();
    const client = await connect({ servers: `127.0.0.1:${engine.port}` });
    client.subscribe(url.split('/').at(-1)!, { callback: (_error, message) => void message.respond('plain') });
    await client.flush();
    const service = await (await NatsEnd.open(url)).link(0);
    service.call(1);
    await service.until(() => service.frames.length === 1);
    expect(service.frames).toEqual(['plain']);
    await client.close();
  });

  it('ignores who is unknown: on the subject for all workers, and with a forged sender', async () => {
    const client = await connect({ servers: `127.0.0.1:${engine.port}` });
    const replies = new Map<string, string>();
    client.subscribe('>', { callback: (_error, message) => void replies.set(message.string(), message.reply ?? '') });
    await client.flush();
    const { worker, caller, service, asked, member } = await pair();
    const subject = worker.transport.address.split('/').at(-1)!;
    await until(() => replies.has('answer 1'));
    const forged = '_INBOX.o-0123456789abcdefghijkl.0.0';
    client.publish(`${subject}._spread`, 'cancel', { reply: forged });
    client.publish(`${subject}._spread`, 'cancel');
    // Those two are known to the client only because it may subscribe to everything.
    const [asking, answering] = ['call 1', 'answer 1'].map((text) => replies.get(text)!.replace(/\.\d+\.\d+$/, '.1.0'));
    client.publish(asking!, 'forged', { reply: forged });
    client.publish(answering!, 'forged', { reply: forged });
    client.publish(answering!, 'forged');
    await client.flush();
    await worker.transport.flush?.();
    await caller.transport.flush?.();
    expect(worker.ends).toHaveLength(1);
    expect(caller.ends).toHaveLength(2);
    expect(asked.frames).toEqual(['call 1']);
    expect(member.frames).toEqual(['answer 1']);
    expect(service.frames).toEqual([]);
    await client.close();
  });

  it('broadcasts to all who are connected, also to those that a worker does not know', async () => {
    const url = fresh();
    const worker = await serve(url);
    const callers = [await NatsEnd.open(url), await NatsEnd.open(url)];
    expect(callers[0]!.transport.broadcast).toBeUndefined();
    worker.transport.broadcast?.(['news']);
    for (const caller of callers) {
      const service = await caller.link(0);
      await service.until(() => service.frames.length === 1);
      expect(service.frames).toEqual(['news']);
    }
  });

  it('publishes topics, with the wildcards of NATS', async () => {
    const url = fresh();
    const worker = await serve(url);
    const caller = await NatsEnd.open(url);
    const service = await caller.link(0);
    const stop = await caller.transport.subscribe!('news.*');
    await worker.transport.subscribe!('news.>');
    worker.transport.publish!('news.sport', ['goal']);
    await service.until(() => service.frames.length === 1);
    const topic = await worker.link(0);
    await topic.until(() => topic.frames.length === 1);
    expect(topic.link).toMatchObject({ brief: true, takes: 'nothing' });
    await stop();
    caller.transport.publish!('news.sport', ['again']);
    await (await worker.link(1)).until(() => worker.ends[1]!.frames.length === 1);
    expect(service.frames).toEqual(['goal']);
    expect(() => worker.transport.publish!('news.*', ['x'])).toThrow(/without spaces, "\*" and ">"/);
    for (const wrong of ['news..sport', 'news sport', 'news.>.sport', 'new*', '.'])
      await expect(caller.transport.subscribe!(wrong)).rejects.toThrow(
        /is not a topic: expected words separated by dots/,
      );
  });

  it('has a new link for each caller up to limits.peers, and a brief one for further callers', async () => {
    const url = fresh();
    const worker = await serve(url, { limits: { peers: 1 } });
    const callers = [await NatsEnd.open(url), await NatsEnd.open(url)];
    (await callers[0]!.link(0)).call(1);
    expect((await worker.link(0)).link.brief).toBeUndefined();
    const service = await callers[1]!.link(0);
    service.call(1);
    const second = await worker.link(1);
    expect(second.link).toMatchObject({ brief: true, takes: 'answers' });
    second.link.send(['answered all the same']);
    await service.until(() => service.frames.length === 1);
  });

  it('reports a call that is larger than the server accepts', async () => {
    const { service } = await pair();
    expect(service.link.maxFrame).toBe(1024 * 1024);
    service.call(2, 'x'.repeat(1024 * 1024 + 1));
    await service.settled();
    expect(service.outcomes[0]).toMatchObject([2, { code: -32013 }]);
  });

  it('keeps a header and its message of a security together, in both directions', async () => {
    const url = fresh();
    const worker = await serve(url, { sealed: true });
    const caller = await NatsEnd.open(url, { sealed: true });
    const service = await caller.link(0);
    service.link.dispatch?.(['header', 'message'], { id: 1, method: 'm', delivery: undefined });
    const asked = await worker.link(0);
    await asked.until(() => asked.frames.length === 2);
    expect(asked.frames).toEqual(['header', 'message']);
    asked.link.send(['header 1', 'answer 1', 'header 2', 'answer 2']);
    const member = await caller.link(1);
    await member.until(() => member.frames.length === 4);
    expect(member.frames).toEqual(['header 1', 'answer 1', 'header 2', 'answer 2']);
    worker.transport.broadcast?.(['header', 'all']);
    await service.until(() => service.frames.length === 2);
  });

  it('serves no further calls once it is retired, and goes on with its callers', async () => {
    const { worker, caller, service, asked, member } = await pair();
    await worker.transport.retire?.();
    await worker.transport.retire?.();
    service.call(2);
    await service.settled();
    expect(service.outcomes[0]).toMatchObject([2, { maybeExecuted: false }]);
    member.link.send(['more']);
    await asked.until(() => asked.frames.length === 2);
    expect(caller.ends).toHaveLength(2);
  });

  it('takes the calls that are on their way to it when it retires', async () => {
    await using proxy = await chaosProxy({ to: `tcp://127.0.0.1:${engine.port}` });
    const url = fresh();
    const worker = await serve(url.replace(`:${engine.port}/`, `:${new URL(proxy.url).port}/`));
    const caller = await NatsEnd.open(url);
    const service = await caller.link(0);
    proxy.silence();
    for (let id = 1; id <= 20; id++) service.call(id);
    // The server has given them to the connection of the worker.
    await caller.transport.flush?.();
    const retiring = worker.transport.retire?.();
    proxy.resume();
    await retiring;
    expect(worker.ends[0]?.frames).toEqual(Array.from({ length: 20 }, (_, at) => `call ${at + 1}`));
    expect(service.outcomes).toEqual([]);
  });

  it('reports in drained what the server has', async () => {
    const { caller, service, asked } = await pair();
    for (let id = 2; id < 30; id++) service.call(id, 'x'.repeat(1_000));
    expect(service.link.buffered).toBeGreaterThan(16 * 1024);
    await service.until(() => service.drains > 0);
    expect(service.link.buffered).toBeLessThanOrEqual(16 * 1024);
    await asked.until(() => asked.frames.length === 29);
    service.call(30);
    expect(service.link.buffered).toBeGreaterThan(0);
    await caller.transport.flush?.();
    expect(service.link.buffered).toBe(0);
  });
});
