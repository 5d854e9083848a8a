import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Code, incoming, type Limits, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { RawClient } from '../support/ws-raw.js';

/*
 * A peer calls more than may run and be queued, so that reading from it pauses, and then its link ends.
 */

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
}

const CALLS = 8_000;
const call = (id: number): string => JSON.stringify({ jsonrpc: '2.0', id, method: 'ask', params: {} });
const HELLO = '{"jsonrpc":"2.0","method":"rpc.hello","params":{"obverse":1,"codec":"jrpc"}}\n';
const lines = Array.from({ length: CALLS }, (_, id) => `${call(id)}\n`).join('');

/** A server whose handlers never end, and the signals of those that have started. */
async function waiting(address: string, limits: Partial<Limits> = { stalledMs: 1_000 }) {
  const server = await Spec.serve(address, { logger: null, limits });
  const signals: AbortSignal[] = [];
  server.ask.connect((sender) => {
    signals.push(sender.signal as AbortSignal);
    return new Promise(() => {});
  });
  return { server, signals, [Symbol.asyncDispose]: () => server.close() };
}

interface Attack {
  readonly flood: () => Promise<void>;
  readonly ways: Readonly<Record<string, () => void>>;
}

/** A bare socket that floods, and the ways to end it. */
async function bare(options: net.NetConnectOpts): Promise<Attack> {
  const socket = net.connect({ ...options, allowHalfOpen: true }).on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.resume();
  return {
    flood: async () => void socket.write(HELLO + lines),
    ways: { FIN: () => socket.end(), RST: () => socket.resetAndDestroy(), close: () => socket.destroy() },
  };
}

/** The same in WebSocket messages. */
async function webSocket(address: string): Promise<Attack> {
  const client = await RawClient.dial(address);
  return {
    flood: async () => {
      for (let id = 0; id < CALLS; id++) client.frame(1, call(id));
    },
    ways: {
      FIN: () => client.socket.end(),
      RST: () => client.socket.resetAndDestroy(),
      close: () => client.frame(8, Buffer.from([3, 232])),
    },
  };
}

const unix = join(tmpdir(), `obverse-paused-${process.pid}`);
const attacks: [name: string, address: string, attack: (address: string) => Promise<Attack>, ways: string[]][] = [
  [
    'tcp',
    'tcp://127.0.0.1:0',
    (at) => bare({ port: Number(new URL(at).port), host: '127.0.0.1' }),
    ['FIN', 'RST', 'close'],
  ],
  ['unix', `unix:${unix}`, () => bare({ path: unix }), ['FIN', 'close']],
  ['ws', 'ws://127.0.0.1:0', webSocket, ['FIN', 'RST', 'close']],
];

describe.each(attacks)('the end of a paused link on %s', (_name, address, attack, ways) => {
  it.each(ways)('is detected: %s. The peer disconnects, and the signals of its handlers abort', async (way) => {
    await using far = await waiting(address);
    const { flood, ways } = await attack(far.server.address);
    await flood();
    await until(() => far.signals.length === 256);
    // What was read before is running or queued: from now on, reading is paused.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(far.server.peers.size).toBe(1);
    ways[way]?.();
    await until(() => far.server.peers.size === 0);
    expect(far.signals).toHaveLength(256);
    expect(far.signals.every(({ aborted }) => aborted)).toBe(true);
  });
});

describe.each(attacks)('a peer on %s that is not read for a while', (_name, address, attack) => {
  it('has its messages handled in order afterwards', async () => {
    await using server = await Spec.serve(address, { logger: null, limits: { stalledMs: 500, queuedCalls: 100 } });
    const heard: unknown[] = [];
    const waits: (() => void)[] = [];
    server.ask.connect((sender) => {
      heard.push((sender as unknown as { call: { id: unknown } }).call.id);
      return heard.length > 256 ? null : new Promise<null>((resolve) => waits.push(() => resolve(null)));
    });
    const { flood, ways } = await attack(server.address);
    await flood();
    await until(() => waits.length === 256);
    // Long enough to read and buffer some of it.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(server.peers.size).toBe(1);
    for (const answer of waits) answer();
    await until(() => heard.length === CALLS);
    expect(heard).toEqual(Array.from({ length: CALLS }, (_, id) => id));
    ways.close?.();
  });

  it('is disconnected if it sends more than bufferedBytes', async () => {
    await using far = await waiting(address, { stalledMs: 200, bufferedBytes: 100_000 });
    const { flood } = await attack(far.server.address);
    await flood();
    await until(() => far.signals.length === 256 && far.server.peers.size === 0);
    expect(far.signals.every(({ aborted, reason }) => aborted && reason.code === Code.Busy)).toBe(true);
    expect(String(far.signals[0]?.reason)).toMatch(/bytes wait to be processed \(limits.bufferedBytes is 100000\)/);
  });
});
