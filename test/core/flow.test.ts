import { createConnection, type Socket } from 'node:net';
import { stopClock } from 'obverse/testing';
import { describe, expect, it } from 'vitest';
import {
  Code,
  incoming,
  outgoing,
  type Peer,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { size?: number }): Reply<string> {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: { text: string }): void {}
}
const MB = 1024 * 1024;

/** A server, and a client that does not read unless the test lets it. */
async function deaf(
  options: object,
): Promise<{ server: Side; socket: Socket; [Symbol.asyncDispose](): Promise<void> }> {
  const server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, codec: 'jrpc?hello=off', ...options });
  server.ask.connect((_sender, { size = 1 }) => 'x'.repeat(size));
  const socket = createConnection(Number(new URL(server.address).port), '127.0.0.1').on('error', () => {});
  socket.pause();
  await until(() => server.peers.size === 1);
  const close = async () => {
    socket.destroy();
    await server.close();
  };
  return { server, socket, [Symbol.asyncDispose]: close };
}
type Side = Awaited<ReturnType<typeof Spec.serve<Spec>>>;

describe('a peer that does not read', () => {
  it('is disconnected if more than bufferedBytes wait for it and nothing has left for stalledMs', async () => {
    await using far = await deaf({ limits: { bufferedBytes: 16 * MB, stalledMs: 300 } });
    const { server } = far;
    const asked = failure<RpcError>(server.question(null, {}));
    const start = performance.now();
    for (let n = 0; n < 20; n++) server.news(null, { text: 'x'.repeat(MB) });
    const error = await asked;
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.code).toBe(Code.Busy);
    expect(error.message).toMatch(/does not read: \d+ bytes wait, and none has left for 300 ms/);
    expect(performance.now() - start).toBeGreaterThan(290);
    expect(server.peers.size).toBe(0);
  });

  it('is not disconnected below that limit', async () => {
    await using far = await deaf({ limits: { bufferedBytes: 64 * MB, stalledMs: 50 } });
    using clock = stopClock();
    for (let n = 0; n < 12; n++) far.server.news(null, { text: 'x'.repeat(MB) });
    await clock.turn(60_000);
    expect(far.server.peers.size).toBe(1);
  });

  it('fails calls to it as busy at twice the limit', async () => {
    await using far = await deaf({ limits: { bufferedBytes: 4 * MB, stalledMs: 60_000 } });
    const { server } = far;
    let sent = 0;
    const flood = () => {
      for (; sent < 100; sent++) server.news(null, { text: 'x'.repeat(MB) });
    };
    expect(flood).toThrow(/^busy: 127\.0\.0\.1:\d+ does not read, and \d+ bytes wait for it$/);
    // The first write goes to the system at once, as much as it accepts.
    expect(sent).toBeLessThan(40);
    expect(await failure<RpcError>(server.question(null, {}))).toMatchObject({ code: Code.Busy });
    expect(server.peers.size).toBe(1);
    // It reads after all, and everything is as before.
    far.socket.resume();
    await until(() => {
      try {
        server.news(null, { text: '' });
        return true;
      } catch {
        return false;
      }
    });
  });

  it('is not read while it does not read answers', async () => {
    await using far = await deaf({ limits: { bufferedBytes: MB, stalledMs: 60_000 } });
    const { server, socket } = far;
    let served = 0;
    server.ask.connect(() => void served++ as never);
    for (let n = 0; n < 2_000; n++) {
      socket.write(`{"jsonrpc":"2.0","id":${n},"method":"ask","params":{"size":100000}}\n`);
    }
    let before = -1;
    await until(() => {
      const still = served === before && served > 0;
      before = served;
      return still;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(served).toBe(before);
    expect(served).toBeLessThan(1_500);
    expect(server.peers.size).toBe(1);
    let read = 0;
    socket.on('data', (chunk) => {
      read += chunk.length;
    });
    socket.resume();
    await until(() => served === 2_000 && read > 2_000 * 100_000);
    expect(server.peers.size).toBe(1);
  });

  it('does not affect other peers', async () => {
    await using far = await deaf({ limits: { bufferedBytes: 4 * MB, stalledMs: 200 } });
    const { server } = far;
    await using other = await Spec.invert().connect(server.address, { logger: null });
    await until(() => server.peers.size === 2);
    let heard = 0;
    other.news.connect(() => void heard++);
    for (let n = 0; n < 60; n++) {
      server.news(null, { text: 'x'.repeat(MB) });
      await until(() => heard === n + 1);
    }
    await until(() => server.peers.size === 1);
    expect(await other.remote.ask({})).toBe('x');
  });
});

describe('a slow reader', () => {
  it('that is sent 100 MB in one loop is not disconnected, even if it takes many times stalledMs', async () => {
    await using far = await deaf({ limits: { bufferedBytes: 64 * MB, totalBytes: 512 * MB, stalledMs: 500 } });
    const { server, socket } = far;
    const lost: Peer[] = [];
    server.on('disconnect', (peer) => lost.push(peer));
    const text = 'x'.repeat(MB);
    using clock = stopClock();
    for (let n = 0; n < 100; n++) server.news(null, { text });
    for (let read = 0; read <= 100 * MB; ) {
      await until(() => {
        // It lets the system deliver what it has, and accepts nothing.
        socket.read(0);
        return socket.readableLength > 0 || lost.length > 0;
      });
      expect(lost.length).toBe(0);
      read += (socket.read(MB) ?? socket.read()).length;
      // It reads again only 30 ms later.
      await clock.turn(30);
    }
    expect(clock.turned).toBeGreaterThan(4 * 500);
  });

  it('is measured by what leaves, not by what is added', async () => {
    const played = new Played();
    const far = played.visit();
    const limits = { bufferedBytes: 2_000, stalledMs: 300 };
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, limits });
    await turn();
    far.buffered = 2_500;
    using clock = stopClock();
    api.news(null, { text: '' });
    far.send = () => {
      far.buffered += 10;
    };
    // A little leaves now and then, while more is added all the time.
    while (clock.turned < 900) {
      api.news(null, { text: '' });
      await clock.turn(20);
      far.buffered -= 5;
    }
    expect(far.closes).toEqual([]);
    // Now nothing leaves, though more is added.
    while (far.closes.length === 0 && clock.turned < 5_000) {
      api.news(null, { text: '' });
      await clock.turn(20);
    }
    expect(far.closes[0]).toBeInstanceOf(ProtocolError);
  });

  it('is no longer measured once it has caught up', async () => {
    const played = new Played();
    const far = played.visit();
    const limits = { bufferedBytes: 1_000, stalledMs: 60 };
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, limits });
    await turn();
    using clock = stopClock();
    far.buffered = 1_500;
    api.news(null, { text: '' });
    await turn();
    expect(far.paused).toBe(true);
    far.buffered = 900;
    far.receiver.drained();
    expect(far.paused).toBe(false);
    await clock.turn(200);
    expect(far.closes).toEqual([]);
    expect(api.peers.size).toBe(1);
    // Also if the link does not report that it has drained.
    far.buffered = 1_500;
    api.news(null, { text: '' });
    await turn();
    far.buffered = 500;
    await clock.turn(60);
    expect(far.paused).toBe(false);
    expect(far.closes).toEqual([]);
  });

  it('is still read while an answer from it is awaited', async () => {
    const played = new Played();
    const far = played.visit();
    const limits = { bufferedBytes: 1_000, stalledMs: 60_000 };
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, limits });
    await turn();
    far.buffered = 1_500;
    api.news(null, { text: '' });
    await turn();
    expect(far.paused).toBe(true);
    const asked = api.question(null, {});
    expect(far.paused).toBe(false);
    await turn();
    far.say({ jsonrpc: '2.0', id: far.heard.at(-1).id, result: 1 });
    expect(await asked).toBe(1);
    expect(far.paused).toBe(true);
    await api.close();
  });

  it('receives its answers late, and calls that it makes meanwhile do not start', async () => {
    const played = new Played();
    const far = played.visit();
    const limits = { bufferedBytes: 1_000, stalledMs: 60_000 };
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, limits, concurrency: 3 });
    await turn();
    const running: (() => void)[] = [];
    api.ask.connect(() => new Promise((resolve) => running.push(() => resolve('x'))));
    const ask = (...ids: number[]) => far.say(...ids.map((id) => ({ jsonrpc: '2.0', id, method: 'ask' })));
    ask(1, 2);
    far.buffered = 1_500;
    api.news(null, { text: '' });
    await turn();
    ask(3, 4);
    expect(running.length).toBe(2);
    // There is no room left for the answers of the running calls.
    far.buffered = 2_100;
    for (const finish of running.splice(0)) finish();
    await turn();
    expect(far.heard.length).toBe(1);
    far.buffered = 900;
    far.receiver.drained();
    expect(running.length).toBe(2);
    await turn();
    expect(far.heard.map(({ id }) => id)).toEqual([undefined, 1, 2]);
    for (const finish of running.splice(0)) finish();
    await turn();
    expect(far.heard.map(({ id }) => id)).toEqual([undefined, 1, 2, 3, 4]);
    await api.close();
  });

  it('receives its answers in order, those that waited longest first', async () => {
    const played = new Played();
    const far = played.visit();
    const limits = { bufferedBytes: 1_000, stalledMs: 60_000 };
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, limits });
    await turn();
    far.buffered = 1_500;
    api.news(null, { text: '' });
    await turn();
    far.buffered = 2_100;
    far.say({ jsonrpc: '2.0', id: 1, method: 5 });
    // There is some room, but this has not been reported yet.
    far.buffered = 1_500;
    far.say({ jsonrpc: '2.0', id: 2, method: 5 });
    far.buffered = 900;
    far.receiver.drained();
    await turn();
    expect(far.heard.map(({ id }) => id)).toEqual([undefined, 1, 2]);
    await api.close();
  });

  it('is disconnected if more answers wait for room than calls and streams may run', async () => {
    const played = new Played();
    const far = played.visit();
    const limits = { bufferedBytes: 1_000, stalledMs: 60_000, streams: 2 };
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, limits, concurrency: 3 });
    await turn();
    far.buffered = 1_500;
    api.news(null, { text: '' });
    await turn();
    far.buffered = 2_100;
    // These are answered without calling anything: the limits are those on calls of methods, of references, and on streams.
    far.say(...Array<string>(3 + 3 + 2).fill('[]'));
    expect(far.closes).toEqual([]);
    far.say('[]');
    expect(far.closes[0]).toMatchObject({ code: Code.Busy, message: 'far does not read, and 9 answers wait for it' });
  });

  it('receives an answer to each of many calls, however slowly it reads, or an error that there was no room', async () => {
    await using far = await deaf({ limits: { bufferedBytes: 2 * MB, stalledMs: 5_000 } });
    const { server, socket } = far;
    let served = 0;
    server.ask.connect(async () => {
      served++;
      await turn();
      return undefined as never;
    });
    for (let n = 1; n <= 300; n++) {
      socket.write(`{"jsonrpc":"2.0","id":${n},"method":"ask","params":{"size":100000}}\n`);
    }
    let text = '';
    const reading = setInterval(() => {
      text += String(socket.read(200_000) ?? socket.read() ?? '').replace(/x+/g, '');
    }, 1);
    await until(() => text.split('\n').length > 300 || server.peers.size === 0);
    clearInterval(reading);
    const answers = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; error?: { code: number } });
    expect(answers.map(({ id }) => id).sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n + 1));
    expect(new Set(answers.map(({ error }) => error?.code))).toEqual(new Set([undefined, Code.TooLarge]));
    expect([served, server.peers.size]).toEqual([300, 1]);
  });
});
