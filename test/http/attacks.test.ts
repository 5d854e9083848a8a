import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { call, post, serveDesk, wire } from './sides.js';

/** A request that a client begins and never completes. */
const begun = (address: string, length: number, body = ''): string =>
  `POST /rpc HTTP/1.1\r\nHost: ${new URL(address).host}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;

describe('hostile clients', () => {
  it('slow loris: a body that does not arrive is answered with 408', async () => {
    const { address } = await serveDesk({}, { limits: { connectMs: 50 } });
    expect(await wire(address, begun(address, 100, '{"json'))).toMatch(/^HTTP\/1\.1 408 (?:.|\s)*limits\.connectMs/);
  });
  it('slow loris: a request whose headers do not end is ended', async () => {
    const { address } = await serveDesk({}, { limits: { connectMs: 50 } });
    expect(await wire(address, 'POST /rpc HTTP/1.1\r\nHost: x\r\n')).toMatch(/^(?:$|HTTP\/1\.1 408 )/);
  });
  it('half-sent bodies: all together take at most the memory of the side, and the largest is refused', async () => {
    const { address } = await serveDesk({}, { limits: { totalBytes: 400_000, frameBytes: 300_000 } });
    const half = 'x'.repeat(150_000);
    const answers = await Promise.all(
      [1, 2, 3].map(
        () =>
          new Promise<string>((resolve) => {
            let came = '';
            const socket = connect(Number(new URL(address).port), '127.0.0.1');
            socket.setEncoding('utf8').on('data', (text: string) => {
              came += text;
              socket.destroy();
            });
            socket.on('error', () => {}).on('close', () => resolve(came));
            socket.write(begun(address, 200_000, half));
            // Those that are not refused end by themselves.
            setTimeout(() => socket.destroy(), 1_000).unref();
          }),
      ),
    );
    expect(answers.some((answer) => answer.startsWith('HTTP/1.1 503'))).toBe(true);
    expect((await post(address, call('add', { a: 1, b: 2 }))).status).toBe(200);
  });
  it('too many at once: above limits.peers, requests are answered with 503, and others go on', async () => {
    const { address, waiting, atWork } = await serveDesk({}, { limits: { peers: 2 } });
    const first = [post(address, call('wait')), post(address, call('wait'))];
    await atWork(2);
    const { status, headers, text } = await post(address, call('add', { a: 1, b: 2 }));
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    expect(text).toContain('limits.peers');
    for (const one of waiting) one.finish();
    expect((await Promise.all(first)).map((one) => one.status)).toEqual([200, 200]);
    expect((await post(address, call('add', { a: 1, b: 2 }))).status).toBe(200);
  });
  it('huge headers are refused', async () => {
    const { address } = await serveDesk();
    const head = `POST /rpc HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(await wire(address, head)).toMatch(/^HTTP\/1\.1 431 /);
  });
  it('a client that goes away: the signal of its handler is aborted', async () => {
    const { address, waiting, atWork } = await serveDesk();
    const sent = request(address, { method: 'POST', headers: { 'content-type': 'application/json' } });
    sent.on('error', () => {}).end(call('wait'));
    await atWork(1);
    sent.destroy();
    expect((await waiting[0]?.aborted)?.message).toContain('the client ended the request');
  });
});

describe('closing', () => {
  it('answers what is at work with 503, and nothing is left open', async () => {
    const { desk, address, atWork } = await serveDesk();
    const answered = post(address, call('wait'));
    await atWork(1);
    await desk.close();
    expect((await answered).status).toBe(503);
    await expect(post(address, call('wait'))).rejects.toThrow();
  });
  it('lets calls finish with drain, and refuses new ones', async () => {
    const { desk, address, waiting, atWork } = await serveDesk();
    const answered = post(address, call('wait'));
    await atWork(1);
    const closed = desk.close({ drain: 5_000 });
    await expect(post(address, call('add', { a: 1, b: 2 })).then(({ status }) => status))
      .resolves.toBe(503)
      .catch(() => {});
    waiting[0]?.finish();
    expect((await answered).status).toBe(200);
    await closed;
  });
});
