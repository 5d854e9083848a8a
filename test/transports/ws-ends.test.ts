import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Code, ConnectionLost, ProtocolError, type RpcError } from '../../src/errors.js';
import { RawClient } from '../support/ws-raw.js';
import { closeSides, connect, connectStandard, type Ear, type SideOptions, serve, until } from '../support/ws-sides.js';

beforeAll(() => {
  (globalThis as { WebSocket?: unknown }).WebSocket ??= WebSocket;
});
afterEach(closeSides);

/** A server of ours and a visitor of bare bytes. */
async function visited(options: SideOptions = {}): Promise<{ raw: RawClient; ear: Ear }> {
  const server = await serve(undefined, options);
  const raw = await RawClient.dial(server.address);
  return { raw, ear: await server.ear() };
}

const closeFrame = (code: number, text = ''): Buffer =>
  Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(text)]);

describe('a clean end', () => {
  it.each([
    ['without a code', Buffer.alloc(0)],
    ['with 1000', closeFrame(1000)],
    ['with 1001, going away', closeFrame(1001, 'bye')],
  ])('comes by a close frame %s', async (_what, payload) => {
    const { raw, ear } = await visited();
    raw.frame(8, payload);
    expect(await ear.ended()).toBeUndefined();
    await until(() => raw.closed);
  });

  it('comes by the end of the connection alone', async () => {
    const { raw, ear } = await visited();
    raw.frame(1, 'last words');
    raw.socket.end();
    expect(await ear.ended()).toBeUndefined();
    expect(ear.frames).toEqual(['last words']);
  });

  it('of ours says 1000 and waits for the peer, but not for ever', async () => {
    const { raw, ear } = await visited();
    ear.link.close();
    const before = performance.now();
    expect(await ear.ended()).toBeUndefined();
    expect(performance.now() - before).toBeGreaterThan(900);
    expect(performance.now() - before).toBeLessThan(3_000);
    expect(raw.closeFrame).toEqual({ code: 1000, text: '' });
    await until(() => raw.closed);
  });

  it('of ours leaves a slow reader the time that he needs', async () => {
    const { raw, ear } = await visited();
    raw.socket.pause();
    const frame = 'x'.repeat(1_000_000);
    for (let n = 0; n < 20; n++) ear.link.send([frame]);
    ear.link.close();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(ear.ends).toEqual([]);
    raw.socket.resume();
    raw.socket.on('end', () => raw.socket.end());
    expect(await ear.ended()).toBeUndefined();
    await until(() => raw.closed);
    expect(raw.received.length).toBeGreaterThan(20 * frame.length);
    expect(raw.received.subarray(-4)).toEqual(Buffer.from([0x88, 2, 0x03, 0xe8]));
  });

  it('comes although the peer keeps the connection after its goodbye', async () => {
    const { raw, ear } = await visited();
    raw.socket.allowHalfOpen = true;
    raw.frame(8, closeFrame(1000));
    const before = performance.now();
    expect(await ear.ended()).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(3_000);
    raw.socket.destroy();
  });

  it('of ours drops what still comes', async () => {
    const { raw, ear } = await visited();
    ear.link.close();
    raw.frame(1, 'too late');
    raw.frame(8, closeFrame(1000));
    expect(await ear.ended()).toBeUndefined();
    expect(ear.frames).toEqual([]);
  });
});

describe('a link that is paused', () => {
  it('ends at once all the same', async () => {
    const server = await serve();
    const client = await connect(server.address);
    const [there, here] = [await server.ear(), await client.ear()];
    there.link.pause();
    here.link.send(['unread']);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = performance.now();
    there.link.close();
    expect(await there.ended()).toBeUndefined();
    expect(await here.ended()).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(500);
  });
});

describe('a lost link', () => {
  it('is one that was reset', async () => {
    const { raw, ear } = await visited();
    raw.socket.resetAndDestroy();
    const reason = await ear.ended();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect((reason!.cause as { code: string }).code).toBe('ECONNRESET');
  });

  it.each([
    [1011, 'boom'],
    [1012, ''],
    [4001, 'not today'],
  ])('is one that was ended with %i', async (code, text) => {
    const { raw, ear } = await visited();
    raw.frame(8, closeFrame(code, text));
    const reason = await ear.ended();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason!.message).toContain(text === '' ? `code ${code}` : `code ${code}: ${text}`);
  });

  it('is told to a peer that we end for a reason of ours', async () => {
    const server = await serve();
    const client = await connect(server.address);
    (await client.ear()).link.close(new Error('a reason of ours'));
    expect(await (await server.ear()).ended()).toBeInstanceOf(ConnectionLost);
  });
});

describe('a broken protocol', () => {
  it.each<[string, (raw: RawClient) => unknown, number]>([
    ['text that is not UTF-8', (raw) => raw.frame(1, Buffer.from([0xc3, 0x28])), 1007],
    ['an unknown kind of frame', (raw) => raw.frame(3, 'x'), 1002],
    ['a frame without a mask', (raw) => raw.socket.write(Buffer.from([0x81, 1, 120])), 1002],
    ['a continuation of nothing', (raw) => raw.frame(0, 'x'), 1002],
    ['compression that nobody has agreed to', (raw) => raw.frame(0x41, 'x'), 1002],
  ])('is %s', async (_what, send, code) => {
    const { raw, ear } = await visited();
    const name = `127.0.0.1:${raw.socket.localPort}`;
    raw.frame(1, 'sound');
    send(raw);
    raw.frame(1, 'never');
    const reason = await ear.ended();
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason!.message).toContain(`${name} broke the WebSocket protocol`);
    expect(ear.frames).toEqual(['sound']);
    await until(() => raw.closed);
    expect(raw.closeFrame?.code).toBe(code);
    expect(ear.ends).toHaveLength(1);
  });

  it('ends the connection of one who does not answer', async () => {
    const server = await serve();
    const raw = await RawClient.dial(server.address);
    raw.socket.allowHalfOpen = true;
    raw.frame(3, 'x');
    await (await server.ear()).ended();
    const before = performance.now();
    await server.transport.close();
    expect(performance.now() - before).toBeLessThan(3_000);
    raw.socket.destroy();
  });

  it.each([1002, 1003, 1007, 1009])('is what the peer says by %i', async (code) => {
    const { raw, ear } = await visited();
    raw.frame(8, closeFrame(code, 'what?'));
    const reason = (await ear.ended()) as RpcError;
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason.message).toContain(`code ${code}: what?`);
    expect(reason.code).toBe(code === 1009 ? Code.TooLarge : Code.InvalidRequest);
  });
});

describe('a message above the bound on frames', () => {
  it('is judged by its header, before its body has come', async () => {
    const { raw, ear } = await visited({ limits: { frameBytes: 1_000 } });
    raw.socket.write(Buffer.from([0x82, 0x80 | 127, 0, 0, 0, 0, 1, 0, 0, 0]));
    const reason = (await ear.ended()) as RpcError;
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason.code).toBe(Code.TooLarge);
    expect(reason.message).toContain('more than 1000 bytes, the bound on frames (limits.frameBytes)');
    await until(() => raw.closed);
    expect(raw.closeFrame?.code).toBe(1009);
  });

  it('is judged over its fragments', async () => {
    const { raw, ear } = await visited({ limits: { frameBytes: 1_000 } });
    raw.frame(1, 'x'.repeat(600), false);
    raw.frame(0, 'x'.repeat(600));
    expect(((await ear.ended()) as RpcError).code).toBe(Code.TooLarge);
    expect(ear.frames).toEqual([]);
  });

  it('is bound also where the bound does not fit into 32 bits', async () => {
    const { raw, ear } = await visited({ limits: { frameBytes: 2 ** 32 } });
    raw.socket.write(Buffer.from([0x82, 0x80 | 127, 0, 0, 0, 1, 0, 0, 0, 0]));
    expect(((await ear.ended()) as RpcError).code).toBe(Code.TooLarge);
  });

  it('ends the link of a standard WebSocket, which learns its size when it has come', async () => {
    const server = await serve();
    const client = await connectStandard(server.address, { limits: { frameBytes: 1_000 } });
    (await server.ear()).link.send(['x'.repeat(1_000), 'x'.repeat(1_001), 'never']);
    const ear = await client.ear();
    expect(((await ear.ended()) as RpcError).code).toBe(Code.TooLarge);
    expect(ear.frames).toHaveLength(1);
    expect(((await (await server.ear()).ended()) as RpcError).message).toContain('limits.frameBytes');
  });
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

  it('does not wait for ever for a server that does not end', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) => socket.pause());
    const client = await connectStandard(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
    const before = performance.now();
    await client.transport.close();
    expect(performance.now() - before).toBeLessThan(3_000);
    expect((await client.ear()).ends).toEqual([undefined]);
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
});
