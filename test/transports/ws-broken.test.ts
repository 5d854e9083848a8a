import { stopClock } from 'obverse/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { Code, ProtocolError, type RpcError } from '../../src/contract/errors.js';
import { turnUntil } from '../support/clock-turning.js';
import { closeFrame, RawClient } from '../support/ws-raw.js';
import { closeSides, connectStandard, lendWebSocket, serve, until, visited } from '../support/ws-sides.js';

lendWebSocket();
afterEach(closeSides);

describe('a broken protocol', () => {
  it.each<[string, (raw: RawClient) => unknown, number]>([
    ['text that is not UTF-8', (raw) => raw.frame(1, Buffer.from([0xc3, 0x28])), 1007],
    ['an unknown kind of frame', (raw) => raw.frame(3, 'x'), 1002],
    ['a frame without a mask', (raw) => raw.socket.write(Buffer.from([0x81, 1, 120])), 1002],
    ['a continuation of nothing', (raw) => raw.frame(0, 'x'), 1002],
    ['compression without agreement', (raw) => raw.frame(0x41, 'x'), 1002],
  ])('is reported as %s', async (_what, send, code) => {
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

  it('ends the connection of a peer that does not answer', async () => {
    const server = await serve();
    const raw = await RawClient.dial(server.address);
    raw.socket.allowHalfOpen = true;
    raw.frame(3, 'x');
    await (await server.ear()).ended();
    using clock = stopClock();
    await turnUntil(clock, server.transport.close());
    raw.socket.destroy();
  });

  it.each([1002, 1003, 1007, 1009])('is reported by the peer with %i', async (code) => {
    const { raw, ear } = await visited();
    raw.frame(8, closeFrame(code, 'what?'));
    const reason = (await ear.ended()) as RpcError;
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason.message).toContain(`code ${code}: what?`);
    expect(reason.code).toBe(code === 1009 ? Code.TooLarge : Code.InvalidRequest);
  });
});

describe('a message above the limit for frames', () => {
  it('is refused by its header, before its body has arrived', async () => {
    const { raw, ear } = await visited({ limits: { frameBytes: 1_000 } });
    raw.socket.write(Buffer.from([0x82, 0x80 | 127, 0, 0, 0, 0, 1, 0, 0, 0]));
    const reason = (await ear.ended()) as RpcError;
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason.code).toBe(Code.TooLarge);
    expect(reason.message).toContain('more than 1000 bytes, the limit for frames (limits.frameBytes)');
    await until(() => raw.closed);
    expect(raw.closeFrame?.code).toBe(1009);
  });

  it('is refused by the sum of its fragments', async () => {
    const { raw, ear } = await visited({ limits: { frameBytes: 1_000 } });
    raw.frame(1, 'x'.repeat(600), false);
    raw.frame(0, 'x'.repeat(600));
    expect(((await ear.ended()) as RpcError).code).toBe(Code.TooLarge);
    expect(ear.frames).toEqual([]);
  });

  it('is refused also if the limit does not fit into 32 bits', async () => {
    const { raw, ear } = await visited({ limits: { frameBytes: 2 ** 32 } });
    raw.socket.write(Buffer.from([0x82, 0x80 | 127, 0, 0, 0, 1, 0, 0, 0, 0]));
    expect(((await ear.ended()) as RpcError).code).toBe(Code.TooLarge);
  });

  it('ends the link of a standard WebSocket, which knows the size after it has arrived', async () => {
    const server = await serve();
    const client = await connectStandard(server.address, { limits: { frameBytes: 1_000 } });
    (await server.ear()).link.send(['x'.repeat(1_000), 'x'.repeat(1_001), 'never']);
    const ear = await client.ear();
    expect(((await ear.ended()) as RpcError).code).toBe(Code.TooLarge);
    expect(ear.frames).toHaveLength(1);
    expect(((await (await server.ear()).ended()) as RpcError).message).toContain('limits.frameBytes');
  });
});
