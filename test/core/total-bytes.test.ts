import net from 'node:net';
import { expect, it } from 'vitest';
import { incoming, type Limits, type LogEntry, RemoteAPI, type Sender } from '../../src/index.js';
import { until } from '../support/core-waiting.js';

class Store extends RemoteAPI {
  @incoming keep(_sender: Sender, _args: { text: string }): void {}
}

it('a peer that is disconnected for totalBytes counts once: handlers for no more than that run at a time', async () => {
  const limits = { totalBytes: 1_000_000 };
  await using server = await Store.serve('tcp://127.0.0.1:0', { logger: null, limits });
  let running = 0;
  let most = 0;
  let begun = 0;
  server.keep.connect(async (sender) => {
    begun++;
    most = Math.max(most, ++running);
    await new Promise((resolve) => sender.signal.addEventListener('abort', resolve));
    running--;
  });
  const clients: { close(): Promise<void> }[] = [];
  for (let n = 1; n <= 12; n++) {
    const client = await Store.invert().connect(server.address, { logger: null });
    clients.push(client);
    client.keep(null, { text: 'x'.repeat(200_000) });
    await until(() => begun === n);
  }
  // Five would fit, if nothing else counted. When another one begins, the peer that uses the most is disconnected.
  expect(most).toBeLessThanOrEqual(6);
  expect(running).toBeLessThanOrEqual(5);
  await Promise.all(clients.map((client) => client.close()));
});

/** A server, and a peer that writes lines of JSON to it. */
async function attacked(limits: Partial<Limits>, serve: (sender: Sender) => unknown, concurrency?: number) {
  const told: string[] = [];
  const logger = { log: ({ message }: LogEntry) => void told.push(message) };
  const server = await Store.serve('tcp://127.0.0.1:0', { logger, limits, ...(concurrency && { concurrency }) });
  server.keep.connect(serve as never);
  const socket = net.connect(Number(new URL(server.address).port), '127.0.0.1');
  socket.on('error', () => {});
  return {
    told,
    write: (...messages: string[]) => socket.write(messages.map((message) => `${message}\n`).join('')),
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await server.close();
    },
  };
}
const CUT = expect.stringMatching(/was disconnected: this side holds \d+ bytes for it.*limits\.totalBytes/);
const empties = (count: number): string => `[${'{},'.repeat(count)}{}]`;
const keep = (text: string): string => `{"jsonrpc":"2.0","method":"keep","params":{"text":${text}}}`;
const forever = (): Promise<void> => new Promise(() => {});

it('a call of many objects counts, also after a small one in a batch', async () => {
  for (const batch of [keep(empties(200_000)), `[${keep('1')},${keep(empties(200_000))}]`]) {
    await using attack = await attacked({ totalBytes: 4_000_000 }, forever);
    attack.write(batch);
    await until(() => attack.told.length > 0);
    expect(attack.told).toEqual([CUT]);
  }
});

it('an answer of many objects counts while it waits for the next turn of the event loop', async () => {
  await using attack = await attacked({ totalBytes: 4_000_000 }, () => {});
  const answer = `{"jsonrpc":"2.0","id":7,"result":${empties(200_000)}}`;
  attack.write(`[${`${keep('1')},`.repeat(4_000)}${answer}]`);
  await until(() => attack.told.length > 0);
  expect(attack.told).toEqual([CUT]);
});

it('queued calls count for the cost of a call, so that many peers cannot queue many', async () => {
  await using attack = await attacked({ totalBytes: 100_000, queuedCalls: 10_000 }, forever, 1);
  attack.write(...Array.from({ length: 1_000 }, (_, n) => keep(`"${n}"`)));
  await until(() => attack.told.length > 0);
  expect(attack.told).toEqual([CUT]);
});
