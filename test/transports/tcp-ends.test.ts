import type net from 'node:net';
import { stopClock } from 'obverse/testing';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { Code, ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import { type WireOptions, wireFor } from '../../src/testing/transport.js';
import { type End, until } from '../../src/testing/transport-ends.js';
import { LINGER_MS } from '../../transports/shared/stream/linger.js';
import tcp from '../../transports/tcp.js';
import { turnUntil } from '../support/clock-turning.js';
import { connected, keeping, opened } from '../support/stream-sides.js';

const serve = (options: WireOptions = {}) =>
  opened(tcp(parseAddress('tcp://127.0.0.1:0'), wireFor({ ...options, listen: true })));

/** A bare socket that is connected to a link. */
async function visit(options: WireOptions = {}, target: Partial<net.NetConnectOpts> = {}) {
  const server = await serve(options);
  const port = Number(new URL(server.transport.address).port);
  const socket = await connected({ ...target, port, host: '127.0.0.1' } as net.NetConnectOpts);
  const end = await server.end();
  return { server, socket, end };
}

const closed = (socket: net.Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });

/** Sends until the system accepts no more. */
async function fill(end: End): Promise<void> {
  for (let n = 0; n < 500 && end.link.buffered < 1_000_000; n++) {
    end.link.send(['.'.repeat(100_000)]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(end.link.buffered).toBeGreaterThan(0);
}

describe('the end of a peer', () => {
  it('may come after a last line without its end, and is clean', async () => {
    const { socket, end } = await visit();
    socket.resume().end('one\ntwo');
    expect(await end.ended()).toBeUndefined();
    expect(end.texts).toEqual(['one', 'two']);
    await closed(socket);
  });

  it('reports a frame that was cut off', async () => {
    const { socket, end } = await visit({ form: 'bytes' });
    socket.resume().end(Buffer.from([0, 0, 0, 2, 1, 2, 0, 0, 0, 9, 1]));
    const reason = await end.ended();
    expect(end.frames).toEqual([Buffer.from([1, 2])]);
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason?.cause).toBeInstanceOf(ProtocolError);
    expect(reason?.message).toMatch(/in the middle of a frame/);
    await closed(socket);
  });

  it('reports a reset, whatever was on its way', async () => {
    const { socket, end } = await visit();
    socket.write('one\n');
    await end.has(1);
    socket.resetAndDestroy();
    const reason = await end.ended();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason?.message).toContain(end.link.peer);
    expect(reason?.cause).toMatchObject({ code: 'ECONNRESET' });
  });

  it('reports a reset that shows only when writing', async () => {
    const { socket, end } = await visit();
    end.link.pause();
    await fill(end);
    socket.resetAndDestroy();
    expect(await end.ended()).toBeInstanceOf(ConnectionLost);
  });

  it('may cut a stream in any place', async () => {
    const { socket, end } = await visit();
    const text = 'né\n漢字\n😀\n\nlast\n';
    socket.setNoDelay(true);
    for (const byte of Buffer.from(text)) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await end.has(4);
    expect(end.texts).toEqual(['né', '漢字', '😀', 'last']);
  });

  it('is forced by an oversized frame before it has arrived, and the peer learns of it', async () => {
    const { socket, end } = await visit({ limits: { frameBytes: 1_000 } });
    socket.resume().write(`small\n${'x'.repeat(2_000)}`);
    const reason = (await end.ended()) as ProtocolError;
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason.code).toBe(Code.TooLarge);
    expect(end.texts).toEqual(['small']);
    await closed(socket);
  });

  it('does not affect other links', async () => {
    const { server, socket, end } = await visit({ limits: { frameBytes: 1_000 } });
    const other = await connected({ port: Number(new URL(server.transport.address).port), host: '127.0.0.1' });
    const second = await server.end(1);
    socket.write('x'.repeat(2_000));
    await end.ended();
    other.write('still here\n');
    await second.has(1);
    expect(second.ends).toEqual([]);
  });

  it('reports an error that a receiver throws, which does not end the process', async () => {
    const logger = keeping();
    const { socket, end } = await visit({ logger });
    const bug = new RangeError('a bug');
    end.onFrame = () => {
      throw bug;
    };
    socket.resume().write('one\ntwo\n');
    expect(await end.ended()).toBe(bug);
    expect(logger.errors).toEqual([[expect.stringContaining(end.link.peer), bug]]);
    expect(end.texts).toEqual(['one']);
    await closed(socket);
  });
});

describe('closing a link', () => {
  it('is possible from within accept', async () => {
    const reason = new Error('not you');
    const server = await serve();
    server.onLink = (end) => {
      end.link.close(reason);
      expect(end.ends).toEqual([]);
    };
    const socket = await connected({ port: Number(new URL(server.transport.address).port), host: '127.0.0.1' });
    socket.resume();
    const end = await server.end();
    expect(await end.ended()).toBe(reason);
    await closed(socket);
  });

  it('is possible cleanly from within accept', async () => {
    const server = await serve();
    server.onLink = (end) => end.link.close();
    const socket = await connected({ port: Number(new URL(server.transport.address).port), host: '127.0.0.1' });
    socket.resume();
    expect(await (await server.end()).ended()).toBeUndefined();
    await closed(socket);
  });

  it('stops delivery, and drops any further input', async () => {
    const { socket, end } = await visit({ limits: { frameBytes: 1_000 } });
    socket.write('one\n');
    await end.has(1);
    end.link.close();
    socket.resume().write(`two\n${'x'.repeat(5_000)}`);
    expect(await end.ended()).toBeUndefined();
    expect(end.texts).toEqual(['one']);
  });

  it('is not delayed by unread input of a paused link', async () => {
    const { socket, end } = await visit();
    end.link.pause();
    socket.resume().write('x'.repeat(200_000));
    using _clock = stopClock();
    end.link.close();
    await end.ended();
    expect(end.ends).toEqual([undefined]);
    expect(end.frames).toEqual([]);
  });

  it('flushes to a peer that reads slowly', async () => {
    const { server, socket, end } = await visit({ limits: { stalledMs: 60_000 } });
    await fill(end);
    end.link.send(['last']);
    let text = '';
    let chunks = 0;
    socket.on('data', (chunk) => {
      text += chunk;
      // A pause in between that is shorter than the limit.
      if (++chunks % 100 !== 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    await server.transport.close();
    await closed(socket);
    expect(text.endsWith('\nlast\n')).toBe(true);
    expect(end.ends).toEqual([undefined]);
  });

  it('does not wait for a peer that reads nothing, and reports what was lost', async () => {
    const { server, end } = await visit();
    await fill(end);
    using clock = stopClock();
    expect(await turnUntil(clock, server.transport.close())).toBeGreaterThan(LINGER_MS / 2);
    expect(end.ends[0]).toBeInstanceOf(ConnectionLost);
    expect(end.ends[0]?.message).toMatch(/the last \d+ bytes were not sent/);
  });

  it('does not wait for a peer that never ends its side', async () => {
    const { server, socket, end } = await visit({}, { allowHalfOpen: true } as Partial<net.NetConnectOpts>);
    end.link.send(['goodbye']);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    using clock = stopClock();
    await turnUntil(clock, server.transport.close());
    await until(
      () => 'the goodbye',
      () => text === 'goodbye\n',
    );
    expect(end.ends).toEqual([undefined]);
  });

  it('does not wait for a peer that keeps the end open by a byte now and then', async () => {
    const { server, socket, end } = await visit({ limits: { stalledMs: 1_500 } }, { allowHalfOpen: true } as never);
    const trickle = setInterval(() => socket.write('.'), 50);
    using clock = stopClock();
    await turnUntil(clock, server.transport.close());
    clearInterval(trickle);
    expect(end.ends).toEqual([undefined]);
  });

  it('frees a peer that has ended its side and does not read the rest', async () => {
    const { server, socket, end } = await visit({}, { allowHalfOpen: true } as Partial<net.NetConnectOpts>);
    await fill(end);
    socket.end();
    expect(await end.ended()).toBeUndefined();
    // Nothing is closed explicitly: the link has ended, and its socket closes by itself.
    await until(
      () => 'the socket to go',
      () => !process.getActiveResourcesInfo().filter(isSocket)[1],
      5_000,
    );
    await server.close();
  });

  it('ignores a reset once everything has been sent', async () => {
    const { socket, end } = await visit({}, { allowHalfOpen: true } as Partial<net.NetConnectOpts>);
    const heard = new Promise((resolve) => socket.resume().once('end', resolve));
    end.link.send(['goodbye']);
    end.link.close();
    await heard;
    socket.resetAndDestroy();
    expect(await end.ended()).toBeUndefined();
  });

  it('accepts a reason while it is ending', async () => {
    const { end } = await visit();
    await fill(end);
    end.link.close();
    expect(end.ends).toEqual([]);
    const reason = new Error('enough');
    end.link.close(reason);
    expect(end.ends).toEqual([reason]);
  });
});

const isSocket = (kind: string): boolean => kind === 'TCPSocketWrap';
