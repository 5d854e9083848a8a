import { describe, expect, it } from 'vitest';
import { until } from '../support/core-waiting.js';
import { call, eventsIn, post, serveDesk } from './sides.js';

const EVENTS = { accept: 'application/json, text/event-stream' };

/** Reads a stream of events until `enough`. */
async function listen(address: string, enough: (text: string) => boolean, then?: () => void): Promise<string> {
  const stop = new AbortController();
  const response = await fetch(address, { headers: { accept: 'text/event-stream' }, signal: stop.signal });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  then?.();
  let text = '';
  const utf8 = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += utf8.decode(chunk, { stream: true });
    if (enough(text)) break;
  }
  stop.abort();
  return text;
}

describe('the response to a POST that accepts events', () => {
  it('is one message where nothing comes before the answer', async () => {
    const { address } = await serveDesk();
    for (const method of ['add', 'echo']) {
      const { type } = await post(address, call(method, { a: 1, b: 2, text: 'hi' }), EVENTS);
      expect(type).toBe('application/json');
    }
  });
  it('is a stream with progress, and the answer last', async () => {
    const { address } = await serveDesk();
    const about = '{"jsonrpc":"2.0","method":"rpc.about","params":{"call":1,"progress":true}}';
    const { type, text } = await post(address, `[${about},${call('echo', { text: 'hi' })}]`, EVENTS);
    expect(type).toBe('text/event-stream');
    const messages = eventsIn(text);
    expect(messages[0]).toMatchObject({ method: 'rpc.progress', params: [1, { length: 2 }] });
    expect(messages.flat().at(-1)).toMatchObject({ id: 1, result: 'hi' });
  });
  it('has the items of a stream as they come', async () => {
    const { address } = await serveDesk();
    const about = '{"jsonrpc":"2.0","method":"rpc.about","params":{"call":1,"window":[10,100000]}}';
    const body = `[${about},${call('count', { to: 100 })}]`;
    const { text } = await post(address, body, EVENTS);
    const items = eventsIn(text).flatMap((message) => {
      const { method, params } = message as { method?: string; params?: [number, number[]] };
      return method === 'rpc.next' ? (params?.[1] ?? []) : [];
    });
    expect(items).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    // Without events, they are one list.
    const list = await post(address, body);
    expect(JSON.stringify(JSON.parse(list.text))).toContain('"result":[1,2,3');
  });
  it('is always a stream where the client accepts nothing else', async () => {
    const { address } = await serveDesk();
    const { type, text } = await post(address, call('add', { a: 1, b: 2 }), { accept: 'text/event-stream' });
    expect([type, eventsIn(text)]).toEqual(['text/event-stream', [{ jsonrpc: '2.0', id: 1, result: 3 }]]);
  });
  it('becomes a stream with comments where the answer takes long', async () => {
    const { address, waiting, atWork } = await serveDesk({ keepAlive: 20 });
    const answered = post(address, call('wait'), EVENTS);
    await atWork(1);
    const response = await fetch(address, {
      method: 'POST',
      body: call('wait'),
      headers: { 'content-type': 'application/json', ...EVENTS },
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    for (const one of waiting) one.finish();
    expect(eventsIn(await response.text())).toMatchObject([{ result: 1 }]);
    expect((await answered).type).toBe('text/event-stream');
  });
});

describe('a GET that accepts events', () => {
  it('is a peer that receives notifications, also those of groups', async () => {
    const { desk, address } = await serveDesk();
    let kind = '';
    desk.on('connect', (peer) => {
      kind = String((peer.info as { url?: string }).url);
      desk.group('room').add(peer);
    });
    const text = await listen(
      address,
      (so) => eventsIn(so).length === 2,
      () => {
        desk.said(null, { text: 'all' });
        desk.said(desk.group('room'), { text: 'room' });
      },
    );
    expect(eventsIn(text)).toMatchObject([{ method: 'said', params: { text: 'all' } }, { params: { text: 'room' } }]);
    expect(kind).toBe('/rpc');
    await until(() => desk.peers.size === 0);
  });
  it('receives comments that keep it alive', async () => {
    const { address } = await serveDesk({ keepAlive: 10 });
    expect(await listen(address, (text) => text.split(': \n\n').length > 3)).toMatch(/^(?:: \n\n)+$/);
  });
  it('ends when the side is closed', async () => {
    const { desk, address } = await serveDesk();
    const ended = listen(
      address,
      () => false,
      () => void desk.close(),
    );
    expect(await ended).toBe(': \n\n');
  });
});
