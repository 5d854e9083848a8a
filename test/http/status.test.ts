import { describe, expect, it } from 'vitest';
import { ask, call, post, raw, serveDesk, wire } from './sides.js';

const SUM = call('add', { a: 1, b: 2 });
const answer = (result: unknown, id = 1) => ({ jsonrpc: '2.0', id, result });

describe('the response to a POST', () => {
  it('is 200 with the answer to a request', async () => {
    const { address } = await serveDesk();
    const { status, type, text } = await post(address, SUM);
    expect([status, type, JSON.parse(text)]).toEqual([200, 'application/json', answer(3)]);
  });
  it('is 200 with a list of the answers to a batch, without those to notifications', async () => {
    const { address, notes } = await serveDesk();
    const batch = `[${SUM},${call('note', { text: 'hi' }, undefined).replace('"id":1,', '')},${call('nope', {}, 2)}]`;
    const { status, text } = await post(address, batch);
    expect(status).toBe(200);
    const answers = JSON.parse(text) as { id: number }[];
    expect(answers.sort((one, other) => one.id - other.id)).toMatchObject([
      answer(3),
      { id: 2, error: { code: -32_601 } },
    ]);
    expect(notes).toEqual(['hi']);
  });
  it('is 200 with the fault of a call that fails', async () => {
    const { address } = await serveDesk();
    const { status, text } = await post(address, call('nope'));
    expect([status, JSON.parse(text)]).toMatchObject([200, { id: 1, error: { code: -32_601 } }]);
  });
  it('is 202 without a body where nothing is answered', async () => {
    const { address, notes } = await serveDesk();
    const { status, text } = await post(address, '{"jsonrpc":"2.0","method":"note","params":{"text":"hi"}}');
    expect([status, text, notes]).toEqual([202, '', ['hi']]);
  });
  it('is 400 with a fault whose id is null where the body cannot be read', async () => {
    const { address } = await serveDesk();
    for (const [body, code] of [
      ['{"jsonrpc":', -32_700],
      ['{"foo":1}', -32_600],
      ['[]', -32_600],
    ] as const) {
      const { status, text } = await post(address, body);
      expect([status, JSON.parse(text)]).toMatchObject([400, { id: null, error: { code } }]);
    }
  });
  it('is 404 at another path, and 405 with the allowed methods for others', async () => {
    const { address } = await serveDesk();
    expect((await post(address.replace(/rpc$/, 'other'), SUM)).status).toBe(404);
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask(address, { method });
      expect([method, status, headers.get('allow')]).toEqual([method, 405, 'POST, GET']);
    }
  });
  it('is 415 for another type, another character set and a compressed body', async () => {
    const { address } = await serveDesk();
    const typed = async (headers: Record<string, string>) => (await post(address, SUM, headers)).status;
    expect(await typed({ 'content-type': 'text/plain' })).toBe(415);
    expect(await typed({ 'content-type': 'application/json; charset=latin1' })).toBe(415);
    expect(await typed({ 'content-encoding': 'gzip' })).toBe(415);
    expect(await typed({ 'content-type': 'application/json; charset=UTF-8' })).toBe(200);
    expect(await typed({ 'content-type': 'application/json-rpc' })).toBe(200);
  });
  it('is 413 for a body that says that it is too large, before it is read', async () => {
    const { address } = await serveDesk({}, { limits: { frameBytes: 1_000 } });
    const { host } = new URL(address);
    const head = `POST /rpc HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n`;
    // The rest of the body is never sent.
    expect(await wire(address, head)).toMatch(/^HTTP\/1\.1 413 /);
  });
  it('is 413 for a body that grows too large', async () => {
    const { address } = await serveDesk({}, { limits: { frameBytes: 1_000 } });
    const { host } = new URL(address);
    const head = `POST /rpc HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    const chunk = `258\r\n${'x'.repeat(600)}\r\n`;
    expect(await wire(address, head, chunk, chunk)).toMatch(/^HTTP\/1\.1 413 /);
    const { text } = await post(address, 'x'.repeat(1_001));
    expect(text).toContain('at most 1000 bytes (limits.frameBytes)');
  });
  it('is 403 for pages of other origins, and where the Host is not expected', async () => {
    const { address } = await serveDesk();
    expect(await raw(address, { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    expect(await raw(address, { host: 'evil.example' })).toMatchObject({ status: 403 });
    expect((await raw(address, { origin: 'https://evil.example' })).text).toContain(
      'option "origins" of the http: address',
    );
    expect(await raw(address, { origin: new URL(address).origin })).toMatchObject({ status: 200 });
    const open = await serveDesk({ origins: ['https://good.example'], hosts: 'good.example' });
    expect(await raw(open.address, { origin: 'https://good.example', host: 'good.example' })).toMatchObject({
      status: 200,
    });
  });
  it('is 401 with the reason where authenticate refuses, and 503 where it cannot find out', async () => {
    const { RpcError, Code, ConnectionLost } = await import('../../src/index.js');
    const authenticate = ({ info }: { info: { headers?: Record<string, string> } }) => {
      if (info.headers?.authorization === 'Bearer ann') return { id: 'ann' };
      if (info.headers?.authorization === 'Bearer busy') throw new ConnectionLost('the store is away');
      throw new RpcError('who are you?', Code.Refused);
    };
    const { address } = await serveDesk({}, { authenticate: authenticate as never });
    const refused = await post(address, SUM);
    expect([refused.status, refused.text, refused.headers.get('www-authenticate')]).toEqual([
      401,
      'who are you?',
      'Bearer',
    ]);
    expect((await post(address, SUM, { authorization: 'Bearer busy' })).status).toBe(503);
    expect((await post(address, SUM, { authorization: 'Bearer ann' })).status).toBe(200);
    expect((await ask(address, { headers: { accept: 'text/event-stream' } })).status).toBe(401);
  });
  it('waits for 100 (Continue) where the client asks for it', async () => {
    const { address } = await serveDesk();
    const { host } = new URL(address);
    const head = `POST /rpc HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${SUM.length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`;
    expect(await wire(address, head, SUM)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    const tooLarge = head.replace(/Content-Length: \d+/, 'Content-Length: 10000000');
    expect(await wire(address, tooLarge)).toMatch(/^HTTP\/1\.1 413 /);
  });
});
