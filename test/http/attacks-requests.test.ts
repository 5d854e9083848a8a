import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { until } from '../support/core-waiting.js';
import { call, post, raw, serveDesk, wire } from './sides.js';

const SUM = call('add', { a: 1, b: 2 });

/** The beginning of a request, with these headers. */
const head = (address: string, ...headers: readonly string[]): string =>
  ['POST /rpc HTTP/1.1', `Host: ${new URL(address).host}`, 'Content-Type: application/json', ...headers, '\r\n'].join(
    '\r\n',
  );
const whole = (address: string, body: string, ...headers: readonly string[]): string =>
  head(address, `Content-Length: ${body.length}`, ...headers) + body;
const statuses = (text: string): number[] =>
  [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
const open = (address: string): Socket => connect(Number(new URL(address).port), '127.0.0.1').on('error', () => {});

describe('hostile pages', () => {
  it('DNS rebinding: another Host over loopback is refused, also with the headers of a proxy, which a page can set', async () => {
    const { address } = await serveDesk();
    const host = `evil.example:${new URL(address).port}`;
    const page = { host, origin: `http://${host}` };
    for (const proxied of [{}, { 'x-forwarded-for': '1' }, { forwarded: 'for=x' }, { 'x-forwarded-host': 'localhost' }])
      for (const headers of [
        { host, ...proxied },
        { ...page, ...proxied },
      ]) {
        const { status, text } = await raw(address, headers);
        expect([status, text]).toEqual([403, expect.stringContaining('option "hosts"')]);
      }
    const { address: proxied } = await serveDesk({ hosts: 'shop.example' });
    expect((await raw(proxied, { host: 'shop.example', 'x-forwarded-for': '203.0.113.7' })).status).toBe(200);
  });
});

describe('hostile clients behind a proxy', () => {
  const forwardedOf = async (forwarded: string, ...headers: readonly string[]): Promise<unknown> => {
    const { desk, address } = await serveDesk({ forwarded });
    let found: unknown;
    desk.add.connect(({ peer }) => {
      found = peer.info?.forwarded;
      return 0;
    });
    expect(statuses(await wire(address, whole(address, SUM, 'Connection: close', ...headers)))).toEqual([200]);
    return found;
  };

  it('cannot forge an address by a header that the proxy does not set', async () => {
    const client = ['Forwarded: for=127.0.0.1;proto=https', 'X-Forwarded-Host: admin', 'X-Forwarded-Proto: https'];
    const proxied = 'X-Forwarded-For: 203.0.113.9';
    expect(await forwardedOf('x-forwarded-for', ...client, proxied)).toEqual({ for: '203.0.113.9' });
    expect(await forwardedOf('x-forwarded-for', ...client)).toBeUndefined();
  });
  it.each([
    ['another line, after an open quote', ['Forwarded: for=127.0.0.1;x="', 'Forwarded: for=203.0.113.9;proto=http']],
    ['the same line, after an open quote', ['Forwarded: for=127.0.0.1;x=", for=203.0.113.9;proto=http']],
    ['quotes, after an open quote', ['Forwarded: for=127.0.0.1;x="', 'Forwarded: for="203.0.113.9";proto="http"']],
    [
      'quotes that hold a value of the client',
      ['Forwarded: for=127.0.0.1;x=', 'Forwarded: for=203.0.113.9;proto=http;host="a,for=127.0.0.1;x="'],
    ],
  ])('cannot hide the element that a proxy appends in %s', async (_name, headers) => {
    expect(await forwardedOf('forwarded', ...headers)).toMatchObject({ for: '203.0.113.9', proto: 'http' });
  });
  it('are believed nothing if no element is well-formed', async () => {
    for (const value of ['for=127.0.0.1;x="', 'for="127.0.0.1', 'x', ',', ',,', 'for=127.0.0.1;'])
      expect(await forwardedOf('forwarded', `Forwarded: ${value}`)).toBeUndefined();
  });
});

describe('hostile bodies', () => {
  it('a chunked body without an end is refused with 413 where it passes limits.frameBytes', async () => {
    const { address } = await serveDesk({}, { limits: { frameBytes: 10_000 } });
    const piece = `3e8\r\n${'x'.repeat(1_000)}\r\n`;
    const answer = await wire(
      address,
      head(address, 'Transfer-Encoding: chunked', 'Connection: close'),
      ...Array(50).fill(piece),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 (?:.|\s)*limits\.frameBytes/);
    expect((await post(address, SUM)).status).toBe(200);
  });
  it('a chunked body that trickles is refused with 408', async () => {
    const { address } = await serveDesk({}, { limits: { connectMs: 50 } });
    const answer = wire(address, head(address, 'Transfer-Encoding: chunked'), '1\r\n{\r\n');
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });
  it('a body with two lengths (request smuggling) is refused with 400', async () => {
    const { address } = await serveDesk();
    const text = `${head(address, 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`;
    expect(statuses(await wire(address, text))).toEqual([400]);
  });
  it('a request that is cut off within its body frees its place', async () => {
    const { address } = await serveDesk({}, { limits: { peers: 1 } });
    for (let n = 0; n < 3; n++) {
      const socket = open(address);
      socket.write(head(address, 'Content-Length: 100'));
      await new Promise((resolve) => socket.write('{"json', resolve));
      socket.resetAndDestroy();
    }
    let status = 503;
    while (status === 503) ({ status } = await post(address, SUM));
    expect(status).toBe(200);
  });
  it('after a body that is too large, the connection goes on with the next request', async () => {
    const { address } = await serveDesk({}, { limits: { frameBytes: 1_000 } });
    const large = call('echo', { text: whole(address, SUM).repeat(10) });
    const answer = await wire(address, whole(address, large), whole(address, SUM, 'Connection: close'));
    expect(statuses(answer)).toEqual([413, 200]);
    expect(answer.match(/"result":3/g)).toHaveLength(1);
  });
});

describe('hostile requests', () => {
  it('pipelined requests are answered in their order', async () => {
    const { address } = await serveDesk();
    const sums = Array.from({ length: 500 }, (_, n) => whole(address, call('add', { a: n, b: 0 }, n)));
    const last = whole(address, call('echo', { text: 'end' }, 500), 'Connection: close');
    const answer = await wire(address, sums.join('') + last);
    expect([...answer.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id))).toEqual(
      Array.from({ length: 501 }, (_, n) => n),
    );
  });
  it('two calls of a batch with one id are answered, and the second one is refused while the first is at work', async () => {
    const { address, waiting, atWork } = await serveDesk();
    const answered = post(address, `[${call('wait')},${SUM}]`);
    await atWork(1);
    waiting[0]?.finish();
    expect(JSON.parse((await answered).text)).toMatchObject([
      { id: 1, error: { message: expect.stringContaining('in use') } },
      { id: 1, result: 1 },
    ]);
  });
  it('thousands of requests at a time are all answered', async () => {
    const { address } = await serveDesk();
    const answers = await Promise.all(Array.from({ length: 2_000 }, () => post(address, SUM)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
  it('HEAD, OPTIONS, PUT and DELETE are answered with 405, and HEAD without a body', async () => {
    const { address } = await serveDesk();
    for (const method of ['HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
      const { status, headers, text } = await raw(address, {}, '', method);
      expect([method, status, headers.allow, text !== '']).toEqual([method, 405, 'POST, GET', method !== 'HEAD']);
    }
  });
  it('the answer to a client that has gone is dropped', async () => {
    const { address, waiting, atWork } = await serveDesk();
    const socket = open(address);
    socket.write(whole(address, call('wait')));
    await atWork(1);
    socket.resetAndDestroy();
    await waiting[0]?.aborted;
    waiting[0]?.finish();
    expect((await post(address, SUM)).status).toBe(200);
  });
});

describe('a reader that stalls', () => {
  /** Connects as a listener and reads nothing more once the response has begun. */
  async function stalled(address: string): Promise<Socket> {
    const socket = open(address);
    socket.write(`GET /rpc HTTP/1.1\r\nHost: ${new URL(address).host}\r\nAccept: text/event-stream\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    return socket.pause();
  }

  it('is ended, and what waits for it is bounded', async () => {
    const { desk, address } = await serveDesk({}, { limits: { bufferedBytes: 100_000, stalledMs: 100 } });
    const socket = await stalled(address);
    await until(() => desk.peers.size === 1);
    const [peer] = desk.peers.values();
    let most = 0;
    let isGone = false;
    desk.on('disconnect', () => {
      isGone = true;
    });
    while (!isGone) {
      try {
        for (let n = 0; n < 10; n++) desk.said(null, { text: 'x'.repeat(50_000) });
      } catch {
        // Busy: nothing more is kept for it.
      }
      most = Math.max(most, desk.stats().bufferedBytes);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(peer?.isAway).toBe(true);
    expect(most).toBeLessThan(10_000_000);
    socket.destroy();
  });
  it('does not keep a side from closing', async () => {
    const { desk, address } = await serveDesk({}, { limits: { bufferedBytes: 10_000_000 } });
    const socket = await stalled(address);
    await until(() => desk.peers.size === 1);
    for (let n = 0; n < 100; n++) desk.said(null, { text: 'x'.repeat(50_000) });
    await desk.close();
    socket.destroy();
  });
});
