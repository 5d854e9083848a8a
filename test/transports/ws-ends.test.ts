import { stopClock } from 'obverse/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { parseAddress } from '../../src/contract/address.js';
import { Code, ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import { defaultLimits } from '../../src/contract/limits.js';
import { linger } from '../../transports/shared/web-socket/ends.js';
import browser from '../../transports/ws.browser.js';
import ws from '../../transports/ws.js';
import { turnUntil } from '../support/clock-turning.js';
import { closeFrame } from '../support/ws-raw.js';
import {
  closeSides,
  connect,
  connectStandard,
  lendWebSocket,
  serve,
  until,
  visited,
  wire,
} from '../support/ws-sides.js';

lendWebSocket();
afterEach(closeSides);

describe('a clean end', () => {
  it.each([
    ['without a code', Buffer.alloc(0)],
    ['with 1000', closeFrame(1000)],
    ['with 1001, going away', closeFrame(1001, 'bye')],
  ])('is a close frame %s', async (_what, payload) => {
    const { raw, ear } = await visited();
    raw.frame(8, payload);
    expect(await ear.ended()).toBeUndefined();
    await until(() => raw.closed);
  });

  it('is also an end of the connection without a close frame', async () => {
    const { raw, ear } = await visited();
    raw.frame(1, 'last words');
    raw.socket.end();
    expect(await ear.ended()).toBeUndefined();
    expect(ear.frames).toEqual(['last words']);
  });

  it('of this side sends 1000 and waits for the peer, but not forever', async () => {
    const { raw, ear } = await visited();
    using clock = stopClock();
    ear.link.close();
    expect(await turnUntil(clock, ear.ended())).toBeGreaterThanOrEqual(1_000);
    expect(await ear.ended()).toBeUndefined();
    expect(raw.closeFrame).toEqual({ code: 1000, text: '' });
    await until(() => raw.closed);
  });

  it('of this side gives a slow reader the time that it needs', async () => {
    const { raw, ear } = await visited();
    raw.socket.pause();
    const frame = 'x'.repeat(1_000_000);
    for (let n = 0; n < 20; n++) ear.link.send([frame]);
    using clock = stopClock();
    ear.link.close();
    await clock.turn(2_500);
    expect(ear.ends).toEqual([]);
    raw.socket.resume();
    raw.socket.on('end', () => raw.socket.end());
    expect(await ear.ended()).toBeUndefined();
    await until(() => raw.closed);
    expect(raw.received.length).toBeGreaterThan(20 * frame.length);
    expect(raw.received.subarray(-4)).toEqual(Buffer.from([0x88, 2, 0x03, 0xe8]));
  });

  it('is reported although the peer keeps the connection open after its close frame', async () => {
    const { raw, ear } = await visited();
    raw.socket.allowHalfOpen = true;
    using clock = stopClock();
    raw.frame(8, closeFrame(1000));
    await turnUntil(clock, ear.ended());
    expect(await ear.ended()).toBeUndefined();
    raw.socket.destroy();
  });

  it('of this side drops further input', async () => {
    const { raw, ear } = await visited();
    ear.link.close();
    raw.frame(1, 'too late');
    raw.frame(8, closeFrame(1000));
    expect(await ear.ended()).toBeUndefined();
    expect(ear.frames).toEqual([]);
  });
});

describe('a link that is paused', () => {
  it('ends at once with a reason', async () => {
    const server = await serve();
    const client = await connect(server.address);
    const [there, here] = [await server.ear(), await client.ear()];
    there.link.pause();
    here.link.send(['unread']);
    await new Promise((resolve) => setTimeout(resolve, 20));
    using _clock = stopClock();
    there.link.close();
    expect(await there.ended()).toBeUndefined();
    expect(await here.ended()).toBeUndefined();
  });
});

describe('a link that is closed while it is being accepted', () => {
  it('reports the reason once there is a receiver', async () => {
    const server = await serve();
    const client = ws(parseAddress(server.address), wire());
    const ends: unknown[] = [];
    await client.open((link) => {
      link.close(new Error('not this one'));
      expect(ends).toEqual([]);
      return { receive: () => expect.fail(), drained() {}, closed: (reason) => ends.push(reason?.message) };
    });
    expect(ends).toEqual(['not this one']);
    await client.close();
  });
});

describe('a transport that is closed', () => {
  it('while it was being opened rejects open', async () => {
    const { address } = await serve();
    const [plain, listening] = [wire(), wire({ listen: true })];
    for (const transport of [
      ws(parseAddress(address), plain),
      browser(parseAddress(address), plain),
      ws(parseAddress('ws://127.0.0.1:0'), listening),
    ]) {
      const opening = transport.open(() => expect.fail());
      const closing = transport.close();
      await expect(opening).rejects.toThrow('was closed before it was open');
      await closing;
    }
  });

  it.each([
    ['the package', connect],
    ['the standard WebSocket', connectStandard],
  ])('leaves no timer, with %s', async (_name, dial) => {
    vi.useFakeTimers({
      shouldAdvanceTime: true,
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
    const server = await serve(undefined, { limits: { ...defaultLimits, frameBytes: 64 * 1024 * 1024 } });
    const client = await dial(server.address);
    (await client.ear()).link.send(['x'.repeat(10_000_000)]);
    await client.transport.close();
    await server.transport.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});

describe('the watch over an ending link', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Returns how long it takes, in seconds, until a link is cut whose buffer has these sizes in each second. */
  function cutAfter(stalledMs: number, buffered: readonly number[]): number {
    const link = { buffered: buffered[0]! };
    let cut = false;
    linger(link, stalledMs, () => {
      cut = true;
    });
    for (let second = 1; second <= 60; second++) {
      link.buffered = buffered[second] ?? buffered.at(-1)!;
      vi.advanceTimersByTime(1_000);
      if (cut) return second;
    }
    return Number.POSITIVE_INFINITY;
  }

  it('waits a second for the answer once everything was sent', () => {
    expect(cutAfter(10_000, [0])).toBe(1);
    expect(cutAfter(10_000, [9, 8, 0])).toBe(3);
  });

  it('waits as long as the limit for a peer that reads nothing', () => {
    expect(cutAfter(5_000, [9])).toBe(5);
    expect(cutAfter(5_000, [9, 8, 7])).toBe(7);
  });

  it('waits for a peer that reads in time', () => {
    expect(cutAfter(2_000, [9, 9, 8, 8, 7, 7, 6, 6, 5, 5, 4, 4, 0])).toBe(13);
  });

  it('can be stopped', () => {
    linger({ buffered: 1 }, 1_000, () => expect.fail())();
    vi.advanceTimersByTime(60_000);
  });
});

describe('a lost link', () => {
  it('was reset', async () => {
    const { raw, ear } = await visited();
    raw.socket.resetAndDestroy();
    const reason = await ear.ended();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect((reason!.cause as { code: string }).code).toBe('ECONNRESET');
  });

  it.each([
    [1011, 'boom'],
    [1012, ''],
    [1013, 'you do not read'],
    [4001, 'not today'],
  ])('was ended with %i', async (code, text) => {
    const { raw, ear } = await visited();
    raw.frame(8, closeFrame(code, text));
    const reason = await ear.ended();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason!.message).toContain(text === '' ? `code ${code}` : `code ${code}: ${text}`);
  });

  it('is reported to a peer if this side ends it with a reason', async () => {
    const server = await serve();
    const client = await connect(server.address);
    (await client.ear()).link.close(new Error('a reason of ours'));
    expect(await (await server.ear()).ended()).toBeInstanceOf(ConnectionLost);
  });
});

it.each([
  [Code.Busy, 1013],
  [Code.TooLarge, 1009],
  [Code.ParseError, 1002],
  [Code.InvalidRequest, 1002],
])('an end of this side for the error %i sends %i', async (code, sent) => {
  const { raw, ear } = await visited();
  ear.link.close(new ProtocolError('for a reason', code));
  await until(() => raw.closed);
  expect(raw.closeFrame).toEqual({ code: sent, text: 'for a reason' });
});

describe('a link over the standard WebSocket', () => {
  it('is lost when it ends without a close frame', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) => setTimeout(() => socket.terminate(), 10));
    const client = await connectStandard(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
    const reason = await (await client.ear()).ended();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason!.message).toContain('it ended without a closing handshake');
    server.close();
  });

  it('does not wait forever for a server that does not end', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) => socket.pause());
    const client = await connectStandard(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
    using clock = stopClock();
    await turnUntil(clock, client.transport.close());
    expect((await client.ear()).ends).toEqual([undefined]);
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
});
