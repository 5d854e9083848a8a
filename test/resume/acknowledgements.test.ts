import { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { stopClock } from '../../src/testing/clock.js';
import { until } from '../support/core-waiting.js';
import { atEnd, clear, Desk, serve } from './resuming.js';

afterEach(clear);

const TOLD = 4_000;
/** The bytes of the smallest window, and what a message weighs besides its own bytes. */
const WINDOW = 64 * 1024;
const EACH = 64;

const links = [
  ['ws://127.0.0.1:0', 'jrpc'],
  ['ws://127.0.0.1:0', 'msgpack'],
  ['tcp://127.0.0.1:0', 'jrpc'],
  ['tcp://127.0.0.1:0', 'msgpack'],
] as const;

describe.each(links)('acknowledges every message of a frame without any time passing: %s, %s', (address, codec) => {
  it.each([
    ['windows of long messages', WINDOW, 300, 2_000],
    ['windows that take several turns to read', 16 * WINDOW, 10_000, 300],
  ])('%s', async (_what, bytes, count, length) => {
    const limits = { bufferedBytes: 64 * 1024 * 1024 };
    const { server, seen } = await serve(address, { resume: { bytes }, codec, limits });
    const client = await Desk.invert().connect(server.address, { codec, logger: null, reconnect: true });
    atEnd(() => client.close());
    client.told.connect((_sender, { n }) => void seen.told.push(n));
    await client.remote.ask({ n: 1 });
    const clock = stopClock();
    atEnd(() => clock.restore());
    for (let n = 0; n < count; n++) server.remote.told({ n, text: 'x'.repeat(length) });
    await until(() => seen.told.length === count);
    expect(clock.turned).toBe(0);
  });
});

it.each([
  ['ws://127.0.0.1:0', 'jrpc'],
  ['ws://127.0.0.1:0', 'msgpack'],
  ['tcp://127.0.0.1:0', 'msgpack'],
])(
  'counts the bytes of a frame with many messages once, so that few acknowledgements are sent: %s, %s',
  async (address, codec) => {
    const { server, seen } = await serve(address, { resume: { bytes: WINDOW }, codec });
    const client = await Desk.invert().connect(server.address, {
      codec,
      logger: null,
      reconnect: true,
    });
    atEnd(() => client.close());
    client.told.connect((_sender, { n }) => void seen.told.push(n));
    await client.remote.ask({ n: 1 });
    const before = client.stats().framesSent;
    const { bytesReceived } = client.stats();
    for (let n = 0; n < TOLD; n++) {
      server.remote.told({ n });
      if (n % 100 === 99) await until(() => seen.told.length === n + 1);
    }
    const weight = client.stats().bytesReceived - bytesReceived + TOLD * EACH;
    const sent = client.stats().framesSent - before;
    expect(sent).toBeGreaterThan(0);
    // One is due for each quarter of the window, and at least 16 KiB; those that are late may be one more.
    expect(sent).toBeLessThanOrEqual(weight / (16 * 1024) + 2);
  },
);

it('sends an acknowledgement that is due in the write of its turn', async () => {
  const { server } = await serve('tcp://127.0.0.1:0', { resume: true, codec: 'jrpc' });
  const client = await Desk.invert().connect(server.address, { codec: 'jrpc', logger: null, reconnect: true });
  atEnd(() => client.close());
  await client.remote.ask({ n: 1 });
  const clock = stopClock();
  atEnd(() => clock.restore());
  const written = vi.spyOn(Socket.prototype, 'write');
  atEnd(() => written.mockRestore());
  for (let round = 0; round < 120; round++)
    await Promise.all(Array.from({ length: 100 }, (_none, n) => client.remote.ask({ n })));
  const port = Number(new URL(server.address).port);
  const acks = written.mock.calls
    .filter((_call, at) => (written.mock.contexts[at] as Socket).localPort === port)
    .map(([chunk]) => String(chunk).trim().split('\n'))
    .filter((lines) => lines.some((line) => line.includes('"rpc.ack"')));
  expect(acks.length).toBeGreaterThan(3);
  for (const lines of acks) expect(lines.filter((line) => line.includes('"result"')).length).toBeGreaterThan(0);
});
