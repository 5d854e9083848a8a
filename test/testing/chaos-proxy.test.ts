import net from 'node:net';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';
import { type ChaosOptions, chaosProxy, stopClock } from 'obverse/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { time } from '../../src/base/time.js';
import { type Meeting, meetAtProxy } from './chaos-sockets.js';

let meetings: Meeting[] = [];
async function meet(options: Partial<ChaosOptions> = {}, unix = false): Promise<Meeting> {
  const meeting = await meetAtProxy(options, unix);
  meetings.push(meeting);
  return meeting;
}
afterEach(async () => {
  for (const meeting of meetings) await meeting.close();
  meetings = [];
});
const onUnix = it.skipIf(process.platform === 'win32');

describe('a chaos proxy passes on', () => {
  it('what both ends send, and counts it', async () => {
    const { proxy, dial } = await meet();
    const { client, server } = await dial();
    client.send('a question');
    await server.gets('a question');
    server.send('an answer, which is longer');
    await client.gets('an answer, which is longer');
    expect(proxy.stats()).toEqual({
      links: 1,
      accepted: 1,
      refused: 0,
      bytes: { upstream: 10, downstream: 26 },
      cuts: { fin: 0, rst: 0, silence: 0 },
      halfClosed: 0,
      silences: 0,
    });
  });

  it('the end of each end, one direction at a time', async () => {
    const { proxy, dial } = await meet();
    const { client, server } = await dial();
    client.socket.end('the last question');
    await server.sees('end');
    server.socket.end('the last answer');
    await client.sees('end', 'close');
    await server.sees('end', 'close');
    expect([client.got, server.got]).toEqual(['the last answer', 'the last question']);
    await expect.poll(() => proxy.stats().links).toBe(0);
  });

  it('a reset of either end', async () => {
    const { dial } = await meet();
    const first = await dial();
    first.client.socket.resetAndDestroy();
    await first.server.sees('ECONNRESET', 'close');
    const second = await dial();
    second.server.socket.resetAndDestroy();
    await second.client.sees('ECONNRESET', 'close');
  });

  it('more than fits into the buffers, when the reader reads late', async () => {
    const { dial } = await meet();
    const { client, server } = await dial();
    server.socket.pause();
    const text = 'x'.repeat(100_000);
    let sent = 0;
    // Until the sender is made to wait: then nothing between them takes more.
    const deadline = Date.now() + 10_000;
    for (let idle = 0; idle < 20 && Date.now() < deadline; idle = client.socket.writableNeedDrain ? idle + 1 : 0) {
      while (!client.socket.writableNeedDrain) {
        client.send(text);
        sent += text.length;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(client.socket.writableNeedDrain).toBe(true);
    server.socket.resume();
    await expect.poll(() => server.got.length, { timeout: 20_000 }).toBe(sent);
  });

  it('a link that the address behind it refuses as a reset, and counts it', async () => {
    const unused = net.createServer();
    await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve));
    const { port } = unused.address() as net.AddressInfo;
    await new Promise((resolve) => unused.close(resolve));
    await using proxy = await chaosProxy({ to: `tcp://127.0.0.1:${port}` });
    const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(proxy.url).port) });
    socket.on('error', () => {});
    await new Promise((resolve) => socket.on('close', resolve));
    expect(proxy.stats()).toMatchObject({ accepted: 1, refused: 1 });
  });

  onUnix('to a socket of a path', async () => {
    const { proxy, dial } = await meet({}, true);
    expect(proxy.url).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    const { client, server } = await dial();
    client.send('hello');
    await server.gets('hello');
  });
});

describe('a cut of a chaos proxy', () => {
  it('by FIN: both ends see the end of the other', async () => {
    const { proxy, faults, dial } = await meet();
    const { client, server } = await dial();
    proxy.cut('fin');
    await client.sees('end');
    await server.sees('end');
    expect(faults).toMatchObject([{ kind: 'fin', links: 1 }]);
    // What an end still sends meets nobody.
    client.send('too late');
    client.socket.end();
    server.socket.end();
    await server.sees('end', 'close');
    await client.sees('end', 'close');
    expect(server.got).toBe('');
    expect(proxy.stats()).toMatchObject({ links: 0, cuts: { fin: 1 } });
  });

  it('by FIN: an end that does not end in turn is reset after 5 seconds', async () => {
    const { proxy, dial } = await meet();
    const { client, server } = await dial();
    using clock = stopClock();
    proxy.cut('fin');
    await client.sees('end');
    await server.sees('end');
    await clock.turn(4_999);
    await client.gone(false);
    await clock.turn(1);
    // An end that has seen the other finish notices the reset when it sends.
    await client.gone(true);
    await server.gone(true);
  });

  it('by RST, which is the usual way: both ends are reset', async () => {
    const { proxy, dial } = await meet();
    const { client, server } = await dial();
    const { client: second } = await dial();
    proxy.cut();
    await client.sees('ECONNRESET', 'close');
    await server.sees('ECONNRESET', 'close');
    await second.sees('ECONNRESET', 'close');
    expect(proxy.stats()).toMatchObject({ links: 0, accepted: 2, cuts: { rst: 2 } });
  });

  it('by silence: nothing passes any more, and no end hears of the other', async () => {
    const { proxy, dial } = await meet();
    const { client, server } = await dial();
    client.send('before');
    await server.gets('before');
    proxy.cut('silence');
    client.send('after');
    // A link that comes later is not affected: whatever would arrive over the silent one has had its time by then.
    const later = await dial();
    later.client.send('later');
    await later.server.gets('later');
    client.socket.resetAndDestroy();
    later.server.send('later, too');
    await later.client.gets('later, too');
    expect([server.got, server.seen]).toEqual(['before', []]);
    expect(proxy.stats()).toMatchObject({ links: 1, cuts: { silence: 1 } });
    proxy.resume();
    expect(server.seen).toEqual([]);
  });

  it('by silence, and resets such links at a later cut by RST', async () => {
    const { proxy, dial } = await meet();
    const { client, server } = await dial();
    proxy.cut('silence');
    client.socket.resetAndDestroy();
    proxy.cut('rst');
    await server.sees('ECONNRESET', 'close');
    expect(proxy.stats()).toMatchObject({ links: 0, cuts: { rst: 0, silence: 1 } });
  });

  it('by silence: does not keep what the end that is left still sends', async () => {
    const { proxy, dial } = await meet();
    const { client, server } = await dial();
    proxy.cut('silence');
    const text = 'x'.repeat(100_000);
    for (let n = 0; n < 100; n++) client.send(text);
    await expect.poll(() => client.socket.writableLength, { timeout: 10_000 }).toBe(0);
    expect(server.got).toBe('');
  });
});

describe('a silence of a chaos proxy', () => {
  it('holds what is sent over present and new links, until it is over', async () => {
    const { proxy, faults, dial } = await meet();
    const { client, server } = await dial();
    proxy.silence();
    const later = await dial();
    client.send('one ');
    client.send('two');
    client.socket.end();
    later.client.send('three');
    later.server.send('four');
    await expect.poll(() => later.server.socket.writableLength + client.socket.writableLength).toBe(0);
    expect([server.got, server.seen, later.server.got, later.client.got]).toEqual(['', [], '', '']);
    proxy.resume();
    await server.gets('one two');
    await server.sees('end');
    await later.server.gets('three');
    await later.client.gets('four');
    expect(faults.map(({ kind, links }) => [kind, links])).toEqual([
      ['pause', 1],
      ['resume', 2],
    ]);
    expect(proxy.stats().silences).toBe(1);
  });

  it('hides the reset of an end, until it is over', async () => {
    const { proxy, dial } = await meet();
    const { client, server } = await dial();
    proxy.silence();
    client.socket.resetAndDestroy();
    await expect.poll(() => proxy.stats().links).toBe(0);
    expect(server.seen).toEqual([]);
    proxy.resume();
    await server.sees('ECONNRESET', 'close');
  });

  it('makes a sender of much wait', async () => {
    const { proxy, dial } = await meet();
    const { client, server } = await dial();
    proxy.silence();
    const text = 'x'.repeat(1_000_000);
    for (let n = 0; n < 64; n++) client.send(text);
    // It holds 1 MiB, and the buffers of both sockets some more.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(client.socket.writableLength).toBeGreaterThan(0);
    proxy.resume();
    await expect.poll(() => server.got.length, { timeout: 20_000 }).toBe(64_000_000);
  });
});

describe('a half-closed link of a chaos proxy', () => {
  it('has ended in one direction, after what was sent, and goes on in the other', async () => {
    const { proxy, faults, dial } = await meet();
    const { client, server } = await dial();
    client.send('before');
    await server.gets('before');
    proxy.halfClose();
    await server.sees('end');
    client.send('after');
    server.send('still here');
    await client.gets('still here');
    expect([server.got, client.seen]).toEqual(['before', []]);
    proxy.halfClose('downstream');
    await client.sees('end');
    expect(faults.map(({ kind }) => kind)).toEqual(['half-close', 'half-close']);
    expect(proxy.stats().halfClosed).toBe(2);
  });
});

describe('a delay of a chaos proxy', () => {
  it('delays each piece, by its jitter, and keeps the order', async () => {
    using clock = stopClock();
    const { dial } = await meet({ delay: [100, 200] });
    const { client, server } = await dial();
    client.send('one ');
    client.send('two');
    client.socket.end();
    await expect.poll(() => client.socket.writableLength).toBe(0);
    const start = time();
    await clock.turn(99);
    expect(server.got).toBe('');
    while (server.seen.length === 0 && time() - start < 1_000) {
      await clock.turn(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.got).toBe('one two');
  });

  it('throttles each direction of each link', async () => {
    using clock = stopClock();
    const { dial } = await meet({ bytesPerSecond: 1_000 });
    const { client, server } = await dial();
    client.send('x'.repeat(2_000));
    await expect.poll(() => client.socket.writableLength).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const seconds of [1, 2, 3]) {
      await clock.turn(1_000);
      await expect.poll(() => server.got.length).toBe(Math.min(2_000, seconds * 1_000));
    }
  });
});

describe('the options of a chaos proxy', () => {
  const to = 'tcp://127.0.0.1:8888';
  it.each([
    [{ to, sed: 7 }, 'chaosProxy(): unknown option "sed"; did you mean seed? There are'],
    [
      { to, delay: [20, 10] },
      'chaosProxy(): the option "delay" must be a number of milliseconds, or two: [least, most]',
    ],
    [{ to, bytesPerSecond: 0 }, 'chaosProxy(): the option "bytesPerSecond" must be a number of bytes, at least 1'],
    [{ to, schedule: { evry: 1 } }, 'chaosProxy(): unknown option "evry" of schedule; did you mean every?'],
    [{ to, schedule: {} }, 'chaosProxy(): the option "every" of schedule is missing'],
    [{ to, schedule: { every: 1, kinds: ['fni'] } }, 'must be a list of fin, rst, silence, half-close, pause'],
    [{ to, port: 70_000 }, 'chaosProxy(): the option "port" must be a port from 0 to 65535'],
    [{}, 'chaosProxy(): the option "to" is missing: the address behind the proxy'],
    [{ to: 'udp://127.0.0.1:1' }, 'must be an address of tcp, tls, ws, wss or unix, as in tcp://127.0.0.1:8888'],
    [{ to: 'tcp://127.0.0.1' }, 'must be an address of tcp, tls, ws, wss or unix, as in tcp://127.0.0.1:8888'],
    [to, 'chaosProxy(): the options must be an object'],
  ])('%j is refused', async (options, text) => {
    await expect(chaosProxy(options as ChaosOptions)).rejects.toThrow(text);
  });

  it('keep the scheme, path and options of the address', async () => {
    for (const [to, pattern] of [
      ['ws://example.org/room/7?protocol=x', /^ws:\/\/127\.0\.0\.1:\d+\/room\/7\?protocol=x$/],
      ['wss://[::1]:8888/room', /^wss:\/\/127\.0\.0\.1:\d+\/room$/],
      ['tls://example.org:8888', /^tls:\/\/127\.0\.0\.1:\d+$/],
      ['unix:/tmp/x?framing=nul', /^tcp:\/\/127\.0\.0\.1:\d+\?framing=nul$/],
    ] as const) {
      await using proxy = await chaosProxy({ to });
      expect(proxy.url).toMatch(pattern);
    }
    await using proxy = await chaosProxy({ to, host: 'localhost' });
    expect(proxy.url).toMatch(/^tcp:\/\/localhost:\d+$/);
  });

  it('include words of its methods', async () => {
    const { proxy } = await meet();
    expect(() => proxy.cut('RST' as never)).toThrow('proxy.cut() takes fin or rst or silence, not "RST"');
    expect(() => proxy.halfClose('up' as never)).toThrow('proxy.halfClose() takes upstream or downstream, not "up"');
  });

  it('report a port that is in use', async () => {
    const { proxy } = await meet();
    await expect(chaosProxy({ to, port: Number(new URL(proxy.url).port) })).rejects.toThrow('EADDRINUSE');
  });
});

class Chat extends RemoteAPI {
  @incoming({ hasReply: true }) join(_sender: Sender, args: { nick: string }): Reply<number> {}
  @outgoing said(_receivers: Receivers, args: { text: string }): void {}
}

describe.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/room'])('sides over %s', (address) => {
  it('talk through a chaos proxy, and lose their calls when it cuts', async () => {
    await using server = await Chat.serve(address);
    let asked = (): void => {};
    server.join.connect((_sender, { nick }) => (nick === 'ann' ? 7 : new Promise<number>(() => asked())));
    await using proxy = await chaosProxy({ to: server.address, delay: [0, 2] });
    await using chat = await Chat.invert().connect(proxy.url);
    expect(await chat.remote.join({ nick: 'ann' })).toBe(7);
    for (const how of ['rst', 'fin'] as const) {
      const gone = new Promise((resolve) => server.on('disconnect', resolve));
      const called = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const pending = chat.remote.join({ nick: 'bob' });
      pending.catch(() => {});
      await called;
      proxy.cut(how);
      await expect(pending).rejects.toThrow(expect.objectContaining({ name: 'ConnectionLost' }));
      await gone;
      await chat.changeTransport(proxy.url);
    }
    expect(proxy.stats()).toMatchObject({ accepted: 3, links: 1, cuts: { fin: 1, rst: 1, silence: 0 } });
  });
});
