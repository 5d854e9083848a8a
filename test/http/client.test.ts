import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost } from '../../src/index.js';
import { closing, Desk, quiet, serveDesk } from './sides.js';

const servers: { close(): unknown; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that is not Obverse. */
async function stranger(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const dial = async (url: string, options: Record<string, unknown> = {}) =>
  closing(await Desk.invert().connect({ url, ...options }, { logger: quiet }));

describe.each(['node', 'fetch'])('a client by %s', (client) => {
  it('calls, and receives progress and the items of a stream', async () => {
    const { address } = await serveDesk();
    const desk = await dial(address, { client });
    expect(await desk.remote.add({ a: 1, b: 2 })).toBe(3);
    const progress: unknown[] = [];
    const onProgress = (value: unknown): void => void progress.push(value);
    expect(await desk.to(null, { onProgress }).echo({ text: 'hi' })).toBe('hi');
    expect(progress).toEqual([{ length: 2 }]);
    const items: number[] = [];
    for await (const item of desk.remote.count({ to: 300 })) items.push(item);
    expect(items).toEqual(Array.from({ length: 300 }, (_, n) => n + 1));
  });
  it('makes many calls at a time', async () => {
    const { address } = await serveDesk();
    const desk = await dial(address, { client, connections: 8 });
    const sums = await Promise.all(Array.from({ length: 100 }, (_, n) => desk.remote.add({ a: n, b: 1 })));
    expect(sums).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  });
  it('sends notifications that are on their way before it closes', async () => {
    const { address, notes } = await serveDesk();
    const desk = await dial(address, { client });
    desk.remote.note({ text: 'last' });
    await desk.close();
    expect(notes).toEqual(['last']);
  });
  it('ends the request of a call that is cancelled: the signal of its handler is aborted', async () => {
    const { address, waiting, atWork } = await serveDesk();
    const desk = await dial(address, { client });
    const stop = new AbortController();
    const called = desk.to(null, { signal: stop.signal }).wait();
    await atWork(1);
    stop.abort();
    await expect(called).rejects.toMatchObject({ name: 'Aborted' });
    expect((await waiting[0]?.aborted)?.message).toContain('the client ended the request');
  });
  it('rejects at once where nobody listens, and knows that nothing was carried out', async () => {
    const { desk: server, address } = await serveDesk();
    await server.close();
    const desk = await dial(address, { client });
    const error = await desk.remote.add({ a: 1, b: 2 }).catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error).toMatchObject({ maybeExecuted: false });
  });
  it('rejects where the server ends while it works', async () => {
    const { desk: server, address, atWork } = await serveDesk();
    const desk = await dial(address, { client });
    const called = desk.remote.wait();
    await atWork(1);
    const rejected = expect(called).rejects.toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
    await server.close();
    await rejected;
  });
  it.each([
    [401, {}, { code: -32_015 }, 'set the option "headers"'],
    [403, {}, { code: -32_015 }, '403'],
    [404, {}, { name: 'ConnectionLost', maybeExecuted: false }, 'check the address'],
    [413, {}, { code: -32_013 }, 'larger'],
    [429, {}, { code: -32_014 }, '429'],
    [503, {}, { name: 'ConnectionLost', maybeExecuted: true }, '503'],
    [503, { 'retry-after': '1' }, { name: 'ConnectionLost', maybeExecuted: false }, '503'],
    [502, {}, { name: 'ConnectionLost', maybeExecuted: true }, '502'],
    [302, { location: 'http://127.0.0.1:1/other' }, { name: 'ConnectionLost', maybeExecuted: false }, '/other'],
    [200, { 'content-type': 'text/html' }, { name: 'ProtocolError' }, 'contains no answer'],
  ] as const)('rejects with a clear error for the status %i %o', async (status, headers, error, text) => {
    const seen: unknown[] = [];
    const address = await stranger((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(status, headers as Record<string, string>).end('reason');
    });
    const desk = await dial(address, { client, headers: async () => ({ authorization: 'Bearer x' }) });
    const thrown = await desk.remote.add({ a: 1, b: 2 }).catch((reason: Error) => reason);
    expect(thrown).toMatchObject(error);
    expect((thrown as Error).message).toContain(text);
    expect(seen).toEqual(['Bearer x']);
  });
  it('takes the fault in the response with another status', async () => {
    const address = await stranger((_request, response) =>
      response
        .writeHead(500, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"broken"}}'),
    );
    const desk = await dial(address, { client });
    await expect(desk.remote.add({ a: 1, b: 2 })).rejects.toThrow('broken');
  });
  it.each(['{"hello":1}', '[]', '{', '"text"', '{"jsonrpc":"2.0","method":"note"}', '{"jsonrpc":"2.0","id":1}'])(
    'rejects at once where the response is the JSON %s',
    async (body) => {
      const address = await stranger((_request, response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(body),
      );
      const desk = await dial(address, { client });
      // No time limit: only the response can end it.
      const called = desk.to(null, { timeout: Number.POSITIVE_INFINITY }).add({ a: 1, b: 2 });
      await expect(called).rejects.toMatchObject({ name: 'ProtocolError', message: expect.stringContaining('answer') });
    },
  );
  it('rejects where a stream of events ends without the answer', async () => {
    const address = await stranger((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\n'),
    );
    const desk = await dial(address, { client });
    await expect(desk.remote.add({ a: 1, b: 2 })).rejects.toThrow('ended without an answer');
  });
});

describe('a signed message', () => {
  it('stays one message in both directions', async () => {
    const security = {
      seal: (payload: unknown) => ({ info: { size: String(payload).length } }),
      open: (payload: unknown, info: { size?: number }) => {
        if (info.size !== String(payload).length) throw new Error('wrong signature');
        return payload;
      },
    };
    const { address } = await serveDesk({}, { security: security as never });
    const desk = closing(await Desk.invert().connect(address, { security: security as never, logger: quiet }));
    expect(await desk.remote.add({ a: 1, b: 2 })).toBe(3);
    expect(await desk.remote.echo({ text: 'hi' })).toBe('hi');
  });
  it('is waited for where it is opened after the end of its response', async () => {
    const opening: (() => void)[] = [];
    const security = {
      seal: (payload: unknown) => ({ info: { size: String(payload).length } }),
      open: (payload: unknown) => payload,
    };
    const slow = {
      ...security,
      open: async (payload: unknown) => {
        await new Promise<void>((resolve) => opening.push(resolve));
        return payload;
      },
    };
    const { address, waiting, atWork } = await serveDesk({}, { security: security as never });
    const url = { url: address, connections: 1 };
    const desk = closing(await Desk.invert().connect(url, { security: slow as never, logger: quiet }));
    // It has progress, so its response is a stream of events.
    const called = desk.remote.echo({ text: 'hi' });
    // With one connection, the next request leaves when that response has ended.
    const next = desk.remote.wait();
    await atWork(1);
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    called.then(over, over);
    while (!isOver) {
      opening.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await called).toBe('hi');
    waiting[0]?.finish();
    while (opening.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const open of opening) open();
    expect(await next).toBe(1);
  });
});
