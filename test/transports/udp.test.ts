import dgram from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import { defaultLimits } from '../../src/contract/limits.js';
import { testTransport } from '../../src/testing/transport.js';
import udp from '../../transports/udp.js';
import { accepting, wire } from './link-log.js';

const untold = 'nobody is told of an end';
const unheld = 'datagrams cannot be held back';
const lossy = 'a datagram that finds no room is lost';
testTransport(
  { describe, it },
  {
    name: 'udp',
    silent: true,
    first: (onWire) => udp(parseAddress('udp://127.0.0.1:0?trusted'), onWire),
    second: (onWire, address) => udp(parseAddress(address), onWire),
    gaps: {
      'sends earlier frames when the second end closes, and ends both cleanly': untold,
      'sends earlier frames when the first end closes, and ends both cleanly': untold,
      'passes on the reason with which the second end closes': untold,
      'passes on the reason with which the first end closes': untold,
      'ends a link once, however often it is closed': untold,
      'reports to a paused end that the other one has closed': untold,
      'reports to a paused end that the other one has cut the link': untold,
      'ignores send, pause and resume after the end': untold,
      'delivers nothing after the end, also within one chunk': untold,
      'can be closed by its receiver during delivery': untold,
      'ends its links when it is closed, and can be closed again': untold,
      'can be closed while it is paused': untold,
      'rejects open if nothing listens, and leaves nothing open': 'there is no connecting',
      'rejects open when it is closed meanwhile': untold,
      'refuses peers above the limit': untold,
      'buffers for the first end while it is paused, and reports when it has drained': unheld,
      'buffers for the second end while it is paused, and reports when it has drained': unheld,
      'ends the link for a frame that is larger than the bound': 'only the datagram is dropped',
      'keeps many frames in order': lossy,
      'keeps the frames of one send in order': lossy,
      'does not change a frame after delivery': lossy,
      'pauses and resumes from within receive': lossy,
      'loses nothing when both ends send at once': lossy,
    },
  },
);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function open(url: string, over: Partial<Wire> = {}) {
  const onWire = wire(over);
  const transport = udp(parseAddress(url), onWire);
  const side = accepting();
  await transport.open(side.accept);
  ends.push(() => transport.close());
  return { transport, logged: onWire.logged, ...side, url: transport.address, port: portOf(transport.address) };
}

const portOf = (url: string) => Number(/:(\d+)(\?|$)/.exec(url)?.[1]);
const serve = (url = 'udp://127.0.0.1:0', over: Partial<Wire> = {}) => open(url, { listen: true, ...over });

/** A program that is not Obverse. */
async function stranger(port = 0) {
  const socket = dgram.createSocket('udp4');
  const datagrams: Buffer[] = [];
  let heard = (): void => {};
  socket.on('message', (data) => {
    datagrams.push(data);
    heard();
  });
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  ends.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  return {
    port: socket.address().port,
    datagrams,
    send: (data: string | Uint8Array, to: number) =>
      new Promise<void>((resolve, reject) => socket.send(data, to, '127.0.0.1', (e) => (e ? reject(e) : resolve()))),
    has: async (count: number) => {
      while (datagrams.length < count) await new Promise<void>((resolve) => (heard = resolve));
    },
  };
}

describe('unicast', () => {
  it('makes a link for each address that sends, and answers there', async () => {
    const server = await serve();
    const [a, b] = [await open(server.url), await open(server.url)];
    a.logs[0]!.link.send(['from a']);
    const first = await server.next();
    b.logs[0]!.link.send(['from b']);
    const second = await server.next();
    await second.until(() => second.frames.length === 1);
    expect([first.frames, second.frames]).toEqual([['from a'], ['from b']]);
    expect(first.link.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect([first.link.bus, first.link.dialed, a.logs[0]!.link.dialed]).toEqual([true, false, true]);
    expect(a.logs[0]!.link.peer).toBe(`127.0.0.1:${server.port}`);
    second.link.send(['to b']);
    await b.logs[0]!.until(() => b.logs[0]!.frames.length === 1);
    expect([a.logs[0]!.frames, b.logs[0]!.frames]).toEqual([[], ['to b']]);
    expect(server.transport.broadcast).toBeUndefined();
  });

  it('sends one datagram for each frame, with the delimiter of the framing, and reports when they were sent', async () => {
    const peer = await stranger();
    for (const [url, mark] of [
      [`udp://127.0.0.1:${peer.port}`, '\n'],
      [`udp://127.0.0.1:${peer.port}?framing=nul`, '\0'],
    ] as const) {
      const { logs } = await open(url);
      peer.datagrams.length = 0;
      logs[0]!.link.send(['one', 'two']);
      expect(logs[0]!.link.buffered).toBe(8);
      await peer.has(2);
      expect(peer.datagrams.map(String)).toEqual([`one${mark}`, `two${mark}`]);
      await logs[0]!.until(() => logs[0]!.drains === 1);
      expect(logs[0]!.link.buffered).toBe(0);
    }
  });

  it('keeps the frames of one send in one datagram with a security', async () => {
    const peer = await stranger();
    const { logs } = await open(`udp://127.0.0.1:${peer.port}`, { sealed: true });
    logs[0]!.link.send([]);
    logs[0]!.link.send(['header', 'message']);
    await peer.has(1);
    expect(peer.datagrams.map(String)).toEqual(['header\nmessage\n']);
    const server = await serve(undefined, { sealed: true });
    await peer.send('header\nmessage\n', server.port);
    const log = await server.next();
    expect(log.frames).toEqual(['header', 'message']);
  });

  it('reads a frame without its end, several frames, and bytes', async () => {
    const peer = await stranger();
    const text = await serve();
    await peer.send('no end', text.port);
    const log = await text.next();
    await peer.send('a\nb\n', text.port);
    await log.until(() => log.frames.length === 3);
    expect(log.frames).toEqual(['no end', 'a', 'b']);
    const bytes = await serve(undefined, { form: 'bytes', framing: 'length' });
    await peer.send(Buffer.from([0, 0, 0, 1, 7, 0, 0, 0, 0]), bytes.port);
    expect((await bytes.next()).frames.map((frame) => [...(frame as Uint8Array)])).toEqual([[7], []]);
  });

  it('does not change a frame after delivery', async () => {
    const server = await serve(undefined, { form: 'bytes', framing: 'length' });
    const { logs } = await open(server.url, { form: 'bytes', framing: 'length' });
    const { link } = logs[0]!;
    link.send([Uint8Array.of(0)]);
    const log = await server.next();
    for (let n = 1; n < 30; n++) {
      link.send([new Uint8Array(100).fill(n)]);
      await log.until(() => log.frames.length > n);
    }
    expect(log.frames.map((frame) => (frame as Uint8Array).at(-1))).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  it('drops an unreadable datagram as a whole, and reports only some', async () => {
    const peer = await stranger();
    const server = await serve(undefined, { form: 'bytes', framing: 'length' });
    for (let n = 0; n < 50; n++) await peer.send(Buffer.from([0, 0, 0, 1, 7, 0, 0, 0, 9, 1]), server.port);
    await peer.send('', server.port);
    await peer.send(Buffer.from([0, 0, 0, 1, 8]), server.port);
    const log = await server.next();
    expect(log.frames.map((frame) => [...(frame as Uint8Array)])).toEqual([[8]]);
    expect(server.logs).toHaveLength(1);
    expect(server.logged).toEqual([`udp: a datagram of 127.0.0.1:${peer.port} cannot be read`]);
  });

  it('drops a frame above the limit "frameBytes", and the link stays open', async () => {
    const peer = await stranger();
    const server = await serve(undefined, { limits: { ...defaultLimits, frameBytes: 4 } });
    await peer.send('12345\n', server.port);
    await peer.send('1234\n', server.port);
    expect((await server.next()).frames).toEqual(['1234']);
  });

  it('carries the largest frame that it declares, and reports a larger one', async () => {
    for (const framing of ['lines', 'length', 'headers'] as const) {
      const server = await serve(undefined, { framing });
      const { logs, logged } = await open(server.url, { framing });
      const { link } = logs[0]!;
      link.send(['x'.repeat(link.maxFrame!)]);
      const log = await server.next();
      expect((log.frames[0] as string).length).toBe(link.maxFrame);
      link.send(['x'.repeat(link.maxFrame! + 1), 'still here']);
      await log.until(() => log.frames.length === 2);
      expect(log.frames[1]).toBe('still here');
      await logs[0]!.until(() => link.buffered === 0);
      expect(logged[0]).toContain('was not sent');
      expect(logs[0]!.ends).toEqual([]);
    }
  });

  it.each([
    ['later', ['anybody?']],
    ['at the next datagram', ['anybody?', 'is anybody there?']],
  ])('ends its link when the system reports that nobody is there, %s', async (_when, frames) => {
    const peer = await stranger();
    const { logs, transport } = await open(`udp://127.0.0.1:${peer.port}`);
    for (const end of ends.splice(0, 1)) await end();
    logs[0]!.link.send(frames);
    const reason = await logs[0]!.ended();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason?.message).toContain('cannot be reached');
    await transport.close();
    expect(logs[0]!.ends).toHaveLength(1);
  });

  it('receives only from the dialed peer', async () => {
    const [peer, other] = [await stranger(), await stranger()];
    const { logs } = await open(`udp://127.0.0.1:${peer.port}`);
    logs[0]!.link.send(['hello']);
    await peer.has(1);
    const back = logs[0]!.link;
    // The port of this side is known to the peer only; here the other program is given it.
    const server = await serve();
    const probe = await open(server.url);
    probe.logs[0]!.link.send(['x']);
    const port = portOf((await server.next()).link.peer);
    await other.send('forged\n', port);
    server.logs[0]!.link.send(['true']);
    await probe.logs[0]!.until(() => probe.logs[0]!.frames.length > 0);
    expect(probe.logs[0]!.frames).toEqual(['true']);
    back.close();
  });

  it('reports only its own end, and links to a peer anew', async () => {
    const server = await serve();
    const { logs } = await open(server.url);
    const { link } = logs[0]!;
    link.send(['one']);
    const before = await server.next();
    before.link.send(['last words']);
    before.link.close();
    before.link.close(new Error('too late'));
    before.link.send(['later']);
    expect(await before.ended()).toBeUndefined();
    await logs[0]!.until(() => logs[0]!.frames.length === 1);
    link.send(['two']);
    const after = await server.next();
    expect([before.frames, after.frames]).toEqual([['one'], ['two']]);
    expect(after.link.peer).toBe(before.link.peer);
    expect([before.ends, logs[0]!.frames, logs[0]!.ends]).toEqual([[undefined], ['last words'], []]);
    const reason = new Error('enough');
    after.link.close(reason);
    expect(await after.ended()).toBe(reason);
  });

  it('sends accepted frames before it closes', async () => {
    const peer = await stranger();
    const { transport, logs } = await open(`udp://127.0.0.1:${peer.port}`);
    for (let n = 0; n < 20; n++) logs[0]!.link.send([`${n}`]);
    await transport.close();
    await transport.close();
    await peer.has(20);
    expect(logs[0]!.ends).toEqual([undefined]);
  });
});

describe('a flood of forged addresses', () => {
  const flood = async (url: string) => {
    const server = await serve(url);
    const peers = [];
    for (let n = 0; n < 5; n++) {
      const peer = await stranger();
      await peer.send(`${n}\n`, server.port);
      peers.push(peer);
    }
    await server.next();
    return { server, peers };
  };

  it('replaces the peer that was silent for longest', async () => {
    const { server } = await flood('udp://127.0.0.1:0?peers=3');
    for (let n = 1; n < 5; n++) await server.next();
    await server.logs[0]!.ended();
    expect(server.logs.map((log) => log.ends.length)).toEqual([1, 1, 0, 0, 0]);
    expect(server.logs[0]!.ends[0]?.message).toContain('to make room');
    expect(server.logged).toEqual([]);
  });

  it('replaces no peer that has proved its address, and keeps new peers out then', async () => {
    const server = await serve('udp://127.0.0.1:0?peers=2');
    const [a, b, c] = [await stranger(), await stranger(), await stranger()];
    for (const peer of [a, b]) {
      await peer.send('hello\n', server.port);
      (await server.next()).link.proved?.();
    }
    await c.send('me too\n', server.port);
    await a.send('again\n', server.port);
    await server.logs[0]!.until(() => server.logs[0]!.frames.length === 2);
    expect(server.logs).toHaveLength(2);
    expect(server.logged.join()).toContain('refused: there are 2 peers');
    server.logs[1]!.link.close();
    await c.send('room now\n', server.port);
    expect((await server.next()).frames).toEqual(['room now']);
  });

  it('causes three times the bytes of each datagram, or 1,200, and everything after the proof', async () => {
    const server = await serve();
    const peer = await stranger();
    await peer.send('x'.repeat(99), server.port);
    const { link, until } = await server.next().then((log) => ({ link: log.link, until: log.until.bind(log) }));
    expect(link.maxFrame).toBe(1_199);
    link.send(['y'.repeat(1_000)]);
    expect(link.maxFrame).toBe(198);
    link.send(['y'.repeat(199)]);
    expect(server.logged.join()).toContain('which has not proved its address, was not sent');
    await peer.send('x'.repeat(1_000), server.port);
    await until(() => server.logs[0]!.frames.length === 2);
    expect(link.maxFrame).toBe(3_198);
    link.proved?.();
    expect(link.maxFrame).toBe(65_506);
    await peer.has(1);
    expect(peer.datagrams.map(({ length }) => length)).toEqual([1_001]);
  });

  it('causes everything if the address says "trusted"', async () => {
    const server = await serve('udp://127.0.0.1:0?trusted');
    await (await stranger()).send('x', server.port);
    const { link } = await server.next();
    expect([link.maxFrame, link.proved]).toEqual([65_506, undefined]);
  });
});

describe('silence', () => {
  it('ends the link to a peer cleanly after a while, and only to that one', async () => {
    const server = await serve('udp://127.0.0.1:0?forget=0.2');
    const [quiet, loud] = [await stranger(), await stranger()];
    await quiet.send('one\n', server.port);
    const forgotten = await server.next();
    await loud.send('one\n', server.port);
    const kept = await server.next();
    const talk = setInterval(() => void loud.send('again\n', server.port), 20);
    ends.unshift(() => clearInterval(talk));
    expect(await forgotten.ended()).toBeUndefined();
    expect(kept.ends).toEqual([]);
    expect(forgotten.link.peer).toBe(`127.0.0.1:${quiet.port}`);
  });

  it('is checked by a timer only while there are peers', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const server = await serve();
    const before = timers();
    const peer = await stranger();
    await peer.send('one\n', server.port);
    const log = await server.next();
    expect(timers()).toBe(before);
    log.link.close();
    await log.ended();
  });
});
