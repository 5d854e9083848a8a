import { afterEach, describe, expect, it } from 'vitest';
import {
  ConnectionLost,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Security,
  type Sender,
  type Stream,
  topic,
  UsageError,
} from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { withTopics } from '../support/topic-room.js';

class News extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender): Reply<string> {}
  @outgoing said(_to: Receivers, _args: { text: string }): void {}
  @outgoing told(_to: Receivers, _args: { call: () => void }): void {}
  @outgoing({ hasReply: true }) confirm(_to: Receivers): Reply<boolean> {}
  @outgoing({ stream: true }) list(_to: Receivers): Stream<number> {}
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

let at = 0;
type Options = Parameters<typeof News.serve>[1];

/** A server and its clients, over one room of topics. */
async function meet(clients: number, options: Options = {}) {
  const room = `topics-${++at}`;
  const log: string[] = [];
  const server = await News.serve(withTopics(`memory:${room}`, room, log), { logger: null, ...options });
  open.push(server);
  const readers = [];
  for (let n = 0; n < clients; n++) {
    const reader = await News.invert().connect(withTopics(`memory:${room}:reader${n}`, room, log), options);
    open.push(reader);
    const heard: string[] = [];
    reader.said.connect((sender, { text }) => void heard.push(`${text} by ${sender.peer.id}`));
    readers.push({ reader, heard });
  }
  return { server, readers, room, log };
}

describe('a notification to a topic', () => {
  it('arrives at those who have subscribed, at the handlers of its method', async () => {
    const { server, readers, room } = await meet(3);
    const [all, sport, none] = readers as [(typeof readers)[0], (typeof readers)[0], (typeof readers)[0]];
    await all.reader.subscribe('news.*');
    await sport.reader.subscribe('news.sport');
    server.said(topic('news.sport'), { text: 'goal' });
    server.to(topic('news.weather')).said({ text: 'rain' });
    server.said(topic('other'), { text: 'nothing' });
    await until(() => all.heard.length === 2);
    expect(all.heard).toEqual([`goal by ${room}.1`, `rain by ${room}.1`]);
    expect(sport.heard).toEqual([`goal by ${room}.1`]);
    expect(none.heard).toEqual([]);
  });

  it('is sent as one message with its metadata', async () => {
    const { server, readers, log } = await meet(1);
    const [{ reader }] = readers as [(typeof readers)[0]];
    const found: unknown[] = [];
    reader.said.connect(({ metadata }) => void found.push(metadata));
    await reader.subscribe('news');
    server.to(topic('news'), { metadata: { from: 'desk' } }).said({ text: 'a' });
    await until(() => found.length === 1);
    expect(found).toEqual([{ from: 'desk' }]);
    expect(log).toContain('publish news 1');
  });

  it('is sealed once, with its header, and the order stays where sealing takes longer', async () => {
    const sealed: string[] = [];
    const security: Security = {
      async seal(payload) {
        const isFirst = String(payload).includes('"a"');
        if (String(payload).includes('said')) sealed.push(isFirst ? 'a' : 'b');
        if (isFirst) await new Promise((resolve) => setTimeout(resolve, 20));
        return { info: { by: 'desk' }, payload };
      },
      open: (payload) => payload,
    };
    const { server, readers, log } = await meet(2, { security });
    for (const { reader } of readers) await reader.subscribe('news');
    server.said(topic('news'), { text: 'a' });
    server.to(topic('news'), { metadata: { n: 2 } }).said({ text: 'b' });
    await server.flush();
    expect(log.slice(-2)).toEqual(['publish news 2', 'publish news 2']);
    await until(() => readers.every(({ heard }) => heard.length === 2));
    for (const { heard } of readers) expect(heard.map((each) => each[0])).toEqual(['a', 'b']);
    expect(sealed).toEqual(['a', 'b']);
  });

  it('passes interceptors and the body of the method, which see the topic', async () => {
    const seen: unknown[] = [];
    class Checked extends RemoteAPI {
      @outgoing said(to: Receivers, { text }: { text: string }): void {
        if (text === '') throw new UsageError('say something');
        seen.push(to);
      }
    }
    const server = await Checked.serve(withTopics(`memory:checked-${++at}`, 'checked'), {
      use: (call, next) => {
        if (call.direction === 'outgoing') seen.push(call.receivers, call.peers);
        return next();
      },
    });
    open.push(server);
    const news = topic('news');
    server.said(news, { text: 'a' });
    expect(seen).toEqual([news, [], news]);
    expect(() => server.said(news, { text: '' })).toThrow('say something');
  });

  it('needs no subscriber, and no peer', async () => {
    const { server, log } = await meet(0);
    server.said(topic('news'), { text: 'a' });
    expect(log).toEqual(['publish news 1']);
  });
});

describe('a topic', () => {
  it('is refused for requests and streams, with what it is for', async () => {
    const { server, log } = await meet(1);
    const text = 'the topic "news" can be sent notifications only';
    await expect(server.confirm(topic('news'))).rejects.toThrow(text);
    await expect(server.confirm(topic('news'))).rejects.toThrow(UsageError);
    await expect(server.list(topic('news')).next()).rejects.toThrow(text);
    await expect(server.gather(topic('news')).confirm()).rejects.toThrow(text);
    expect(() => server.to(topic('news'), { delivery: { key: 'a' } }).said({ text: 'a' })).toThrow(text);
    expect(log).toEqual([]);
  });

  it('is refused within a list, with references, with options for slow receivers, and with a wildcard of the broker', async () => {
    const { server, log } = await meet(1);
    const news = topic('news');
    expect(() => server.said([news] as unknown as Receivers, { text: 'a' })).toThrow(
      'not a group or a topic within an array: pass it alone',
    );
    expect(() => server.told(news, { call: () => {} })).toThrow(
      'told: what is passed by reference goes to certain peers, and not to a topic',
    );
    expect(() => server.to(news, { slow: 'drop-oldest' }).said({ text: 'a' })).toThrow('remove the option "slow"');
    expect(() => server.said(topic('news.*'), { text: 'a' })).toThrow('has a wildcard');
    expect(log).toEqual([]);
  });

  it.each<[unknown, string]>([
    ['', 'not an empty one'],
    [undefined, 'not undefined'],
    [5, 'not 5'],
    [{}, 'not an object'],
  ])('has a name: %j is refused', async (name, text) => {
    const { server } = await meet(0);
    expect(() => topic(name as string)).toThrow(
      `topic(): the name of a topic is a string such as "news.sport", ${text}`,
    );
    await expect(server.subscribe(name as string)).rejects.toThrow(`subscribe(): the name of a topic is a string`);
    await expect(server.subscribe(name as string)).rejects.toThrow(UsageError);
  });

  it.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0', 'memory:without-topics', 'mux:(memory:one)(memory:two)'])(
    'is refused by a transport without topics, by its name: %s',
    async (address) => {
      await using server = await News.serve(address);
      const text = `${address.slice(0, address.indexOf(':'))}: has no topics: to reach several peers, send to a group`;
      expect(() => server.said(topic('news'), { text: 'a' })).toThrow(text);
      expect(() => server.said(topic('news'), { text: 'a' })).toThrow(UsageError);
      await expect(server.subscribe('news')).rejects.toThrow(text);
      await expect(server.subscribe('news')).rejects.toThrow(UsageError);
    },
  );

  it('is refused while the side is not open', async () => {
    const side = News.create({ transport: withTopics(`memory:closed-${++at}`, 'closed') });
    expect(() => side.said(topic('news'), { text: 'a' })).toThrow('the side is not open: await open() first');
    await expect(side.subscribe('news')).rejects.toThrow(ConnectionLost);
    await side.open().catch(() => {});
    expect(() => side.said(topic('news'), { text: 'a' })).toThrow('the side is closed');
    await expect(side.subscribe('news')).rejects.toThrow(ConnectionLost);
  });
});

describe('a subscription', () => {
  it('ends with its function, which can be called twice', async () => {
    const { server, readers, log } = await meet(1);
    const [{ reader, heard }] = readers as [(typeof readers)[0]];
    const end = await reader.subscribe('news');
    await end();
    await end();
    server.said(topic('news'), { text: 'a' });
    await reader.remote.ask().catch(() => {});
    expect(heard).toEqual([]);
    expect(log).toEqual(['subscribe news', 'end news', 'publish news 1']);
  });

  it('is one at the transport, however often the side has subscribed, until the last one ends', async () => {
    const { server, readers, log } = await meet(1);
    const [{ reader, heard }] = readers as [(typeof readers)[0]];
    const [first, second] = await Promise.all([reader.subscribe('news'), reader.subscribe('news')]);
    await first();
    await first();
    server.said(topic('news'), { text: 'a' });
    await until(() => heard.length === 1);
    await second();
    server.said(topic('news'), { text: 'b' });
    await reader.subscribe('news');
    server.said(topic('news'), { text: 'c' });
    await until(() => heard.length === 2);
    expect(heard.map((each) => each[0])).toEqual(['a', 'c']);
    expect(log.filter((each) => !each.startsWith('publish'))).toEqual(['subscribe news', 'end news', 'subscribe news']);
  });

  it('that the broker refuses rejects, and can be tried again', async () => {
    const { readers } = await meet(1);
    const [{ reader }] = readers as [(typeof readers)[0]];
    await expect(reader.subscribe('secret')).rejects.toThrow('the broker does not allow it');
    await expect(reader.subscribe('secret')).rejects.toThrow('the broker does not allow it');
    await expect(reader.subscribe('news')).resolves.toBeTypeOf('function');
  });

  it('goes on over another transport, and ends at the one before', async () => {
    const { server, readers, room, log } = await meet(1);
    const [{ reader, heard }] = readers as [(typeof readers)[0]];
    const end = await reader.subscribe('news');
    await reader.changeTransport(withTopics(`memory:${room}:moved`, room, log));
    server.said(topic('news'), { text: 'a' });
    await until(() => heard.length > 0);
    expect(heard).toEqual([`a by ${room}.1~2`]);
    await end();
    server.said(topic('news'), { text: 'b' });
    expect(await reader.remote.ask().catch((error: Error) => error.message)).toContain('nobody handles');
    expect(heard).toHaveLength(1);
    expect(log.filter((each) => !each.startsWith('publish'))).toEqual([
      'subscribe news',
      'subscribe news',
      'end news',
      'end news',
    ]);
  });

  it('keeps the side from changing to a transport without topics, and stays', async () => {
    const { server, readers, room } = await meet(1);
    const [{ reader, heard }] = readers as [(typeof readers)[0]];
    await reader.subscribe('news');
    const change = reader.changeTransport(`memory:${room}:plain`);
    await expect(change).rejects.toThrow(UsageError);
    await expect(change).rejects.toThrow('This side has subscribed to "news": end that first');
    server.said(topic('news'), { text: 'a' });
    await until(() => heard.length === 1);
    expect(reader.peers.size).toBe(1);
  });

  it('is over when the side is closed, also one that has not begun; its function then does nothing', async () => {
    const { server, readers, log } = await meet(1);
    const [{ reader }] = readers as [(typeof readers)[0]];
    const end = await reader.subscribe('news');
    const late = reader.subscribe('late');
    late.catch(() => {});
    await reader.close();
    await expect(late).rejects.toThrow(ConnectionLost);
    await end();
    server.said(topic('news'), { text: 'a' });
    expect(log.filter((each) => each.startsWith('end news'))).toEqual(['end news']);
  });

  it('ends when the side begins to drain', async () => {
    const { readers, log } = await meet(1);
    const [{ reader }] = readers as [(typeof readers)[0]];
    await reader.subscribe('news');
    await reader.close({ drain: 1_000 });
    expect(log).toEqual(['subscribe news', 'end news']);
  });
});
