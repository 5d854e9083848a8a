import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type IncomingCall,
  incoming,
  type Kept,
  keep,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';
import { chaosProxy } from '../../src/testing/chaos-proxy.js';
import { failure, until } from '../support/core-waiting.js';
import { atEnd, clear, dialed } from './resuming.js';

afterEach(clear);

const isAdmin = ({ metadata }: IncomingCall): boolean => metadata.role === 'admin';
type Say = (text: string) => Promise<string>;

class Office extends RemoteAPI {
  @incoming({ hasReply: true }) file(_sender: Sender, _args: { text: string }): Reply<string> {}
  @incoming({ hasReply: true, args: z.object({ age: z.number().min(1) }) as never })
  enter(_sender: Sender, _args: { age: number }): Reply<number> {}
  @incoming({ hasReply: true, allow: isAdmin }) shut(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true }) watch(_sender: Sender, _args: { say: Say }): Reply<string> {}
  @incoming({ hasReply: true }) sum(_sender: Sender, _args: { numbers: AsyncIterable<number> }): Reply<number> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @outgoing({ hasReply: true }) ask(_receivers: Receivers, _args: { text: string }): Reply<string> {}
}

/** Both ends, with a proxy between them; `cut` loses what is sent until it is called. */
async function office(address: string, options: Options, client: Options = {}) {
  const server = await Office.serve<Office>(address, { logger: null, resume: true, ...options });
  atEnd(() => server.close());
  const proxy = await chaosProxy({ to: server.address });
  atEnd(() => proxy.close());
  const guest = await Office.invert().connect(dialed(proxy.url), { logger: null, ...options, ...client });
  atEnd(() => guest.close());
  const events: string[] = [];
  for (const event of ['disconnect', 'resumed', 'reconnected'] as const) guest.on(event, () => void events.push(event));
  await until(() => server.peers.size === 1);
  const cut = async (): Promise<void> => {
    const before = events.length;
    proxy.cut('rst');
    proxy.resume();
    await until(() => events.length > before);
    expect(new Set(events)).toEqual(new Set(['resumed']));
  };
  const turns = async (): Promise<void> => {
    for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
  };
  /** What is sent meanwhile arrives only over the next link. */
  const lost = async <T>(act: () => T): Promise<T> => {
    proxy.silence();
    const given = act();
    await turns();
    await cut();
    return given;
  };
  return { server, guest, proxy, cut, turns, lost, events };
}

const ways = ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/'].flatMap((address) =>
  ['jrpc', 'msgpack'].map((codec) => [address, codec] as const),
);

describe.each(ways)('a session that continues over another link, %s with %s', (address, codec) => {
  it('keeps the metadata of calls and of answers that were lost on their way', async () => {
    const { server, guest, lost, proxy, cut, turns } = await office(address, { codec });
    let answer: (() => void) | undefined;
    server.file.connect(async (sender, { text }) => {
      if (text === 'later') await new Promise<void>((resolve) => (answer = resolve));
      sender.replyMetadata = { page: sender.metadata.page };
      return text;
    });
    const file = (text: string, page: number) => guest.to(null, { metadata: { page } }).detailed.file({ text });
    const call = await lost(() => ({ gone: file('a', 1) }));
    expect(await call.gone).toEqual({ value: 'a', metadata: { page: 1 } });
    const later = file('later', 2);
    await until(() => answer !== undefined);
    proxy.silence();
    answer?.();
    await turns();
    await cut();
    expect(await later).toEqual({ value: 'later', metadata: { page: 2 } });
  });

  it('checks arguments, guards and interceptors once for each call', async () => {
    const seen: string[] = [];
    const { server, guest, lost } = await office(
      address,
      { codec },
      {
        use: (call, next) => {
          seen.push(`out ${call.method}`);
          return next();
        },
      },
    );
    server.use((call, next) => {
      seen.push(`in ${call.method}`);
      return next();
    });
    server.enter.connect((_sender, { age }) => age);
    server.shut.connect(() => 'shut');
    const calls = await lost(() => ({
      young: failure(guest.remote.enter({ age: 0 })),
      old: guest.remote.enter({ age: 7 }),
      refused: failure(guest.remote.shut()),
      allowed: guest.to(null, { metadata: { role: 'admin' } }).shut(),
    }));
    expect(await calls.young).toMatchObject({ message: expect.stringContaining('age: Too small') });
    expect([await calls.old, await calls.allowed]).toEqual([7, 'shut']);
    expect((await calls.refused).message).toContain('not allowed');
    const count = (what: string): number => seen.filter((each) => each === what).length;
    expect([count('out enter'), count('out shut'), count('in shut')]).toEqual([2, 2, 2]);
  });

  it('keeps functions that were passed, and those that were kept', async () => {
    const { server, guest, lost } = await office(address, { codec });
    const kept: [Say, Kept][] = [];
    server.watch.connect(async (_sender, { say }) => {
      kept.push([say, keep(say)]);
      return say('within the call');
    });
    const heard: string[] = [];
    const say: Say = async (text) => {
      heard.push(text);
      return `heard ${text}`;
    };
    const { watched } = await lost(() => ({ watched: guest.remote.watch({ say }) }));
    expect(await watched).toBe('heard within the call');
    const [[call, held]] = kept as [[Say, Kept]];
    const { after } = await lost(() => ({ after: call('after it') }));
    expect(await after).toBe('heard after it');
    await lost(() => held.release());
    await until(() => guest.stats().references === 0 && server.stats().references === 0);
    expect(heard).toEqual(['within the call', 'after it']);
  });

  it('goes on with streams in both directions, without a gap', async () => {
    const { server, guest, cut } = await office(address, { codec });
    server.count.connect(async function* (_sender, { to }) {
      for (let n = 1; n <= to; n++) yield n;
    });
    server.sum.connect(async (_sender, { numbers }) => {
      let sum = 0;
      for await (const n of numbers) sum += n;
      return sum;
    });
    let given = 0;
    async function* numbers() {
      for (let n = 1; n <= 3_000; n++) {
        given = n;
        yield n;
      }
    }
    const sum = guest.remote.sum({ numbers: numbers() });
    const items: number[] = [];
    for await (const item of guest.remote.count({ to: 3_000 })) {
      items.push(item);
      if (item % 1_000 === 500) await cut();
    }
    expect(items).toEqual(Array.from({ length: 3_000 }, (_, n) => n + 1));
    expect([await sum, given]).toEqual([4_501_500, 3_000]);
  });

  it('keeps who its peer is under a security, in both directions', async () => {
    const { server, guest, lost } = await office(address, { codec, security: 'user?user=ann' });
    const users: unknown[] = [];
    server.file.connect(({ securityInfo }, { text }) => {
      users.push(securityInfo?.user);
      return text;
    });
    guest.ask.connect(({ securityInfo }, { text }) => {
      users.push(securityInfo?.user);
      return text;
    });
    const calls = await lost(() => [guest.remote.file({ text: 'a' }), server.remote.ask({ text: 'b' })]);
    expect(await Promise.all(calls)).toEqual(['a', 'b']);
    expect(users).toEqual(['ann', 'ann']);
  });
});
