import { afterEach, describe, expect, it } from 'vitest';
import { stopClock } from '../../src/testing/clock.js';
import { closeSides, Side, until } from '../support/mux-wire.js';

afterEach(closeSides);

const LISTEN = { listen: true };

/** A side that dials again, and what its transport reports. */
async function dial(address: string, options: object = {}) {
  const client = await Side.open({ url: `reconnect+${address}`, delay: [0, 10], ...options });
  const { redialer } = client.ears[0]!.link;
  const told: string[] = [];
  redialer!.watch = {
    retired: () => {},
    waits: () => void told.push('waits'),
    gaveUp: () => void told.push('gave up'),
    replaces: () => void told.push(`replaces ${client.ears.length}`),
  };
  return { client, told, redialer: redialer! };
}

describe('a transport that dials again, when its link is to be replaced', () => {
  it('brings up another one, while the old one goes on until it ends', async () => {
    const old = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const { address } = old.transport;
    const { client, told, redialer } = await dial(address);
    await until(() => old.ears.length === 1);
    await old.transport.retire?.();
    const next = await Side.open(address, LISTEN);
    redialer.replace?.(0);
    redialer.replace?.(0);
    await until(() => next.ears.length === 1 && client.ears.length === 2);
    expect(told).toEqual(['replaces 1']);
    client.ears[0]!.link.send(['to the old one']);
    client.ears[1]!.link.send(['to the new one']);
    await until(() => old.heard.length === 1 && next.heard.length === 1);
    expect([old.heard, next.heard]).toEqual([['to the old one'], ['to the new one']]);
    old.ears[0]!.link.close();
    await until(() => client.ears[0]!.ends.length === 1);
    await old.transport.close();
    next.ears[0]!.link.send(['still there']);
    await until(() => client.heard.length === 1);
    // The new one is dialed again like any other.
    next.ears[0]!.link.close();
    await until(() => client.ears.length === 3);
    expect(told).toEqual(['replaces 1', 'waits']);
  });

  it('tries again until somebody listens, and dials as usual if its link has ended meanwhile', async () => {
    const old = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const { address } = old.transport;
    const { client, told, redialer } = await dial(address);
    const other = await dial(address);
    await until(() => old.ears.length === 2);
    await old.transport.retire?.();
    redialer.replace?.(0);
    await until(() => (redialer as unknown as { waits: { attempts: number } }).waits.attempts > 3);
    expect(told).toEqual([]);
    other.redialer.replace?.(3_600_000);
    const next = await Side.open(address, LISTEN);
    await until(() => client.ears.length === 2);
    await old.transport.close();
    await until(() => other.client.ears.length === 2 && next.ears.length === 2);
    expect([told, other.told]).toEqual([['replaces 1'], ['waits']]);
  });

  it('closes both links with the transport, also while it dials', async () => {
    const server = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const { client, redialer } = await dial(server.transport.address);
    redialer.replace?.(0);
    await until(() => client.ears.length === 2);
    redialer.replace?.(0);
    await client.transport.close();
    expect(client.ears.map(({ ends }) => ends.length)).toEqual(client.ears.map(() => 1));
    await until(() => server.ears.every(({ ends }) => ends.length === 1));
    redialer.replace?.(0);
  });

  it('is dialed ever more rarely by a server that has each link replaced at once', async () => {
    using clock = stopClock();
    const server = await Side.open('memory:replaced', LISTEN);
    const { client } = await dial('memory:replaced', { delay: [1_000, 10_000] });
    for (let ms = 0; ms < 60_000; ms += 500) {
      client.ears.at(-1)!.link.redialer!.replace?.(0);
      await clock.turn(500);
    }
    // With random waits of at most 1, 2, 4, 8 and then 10 s: 60 s have some 16 of them, and 120 without.
    expect(server.ears.length).toBeGreaterThan(3);
    expect(server.ears.length).toBeLessThan(60);
  });
});
