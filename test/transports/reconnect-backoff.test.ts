import { afterEach, describe, expect, it } from 'vitest';
import type { Link, Wire } from '../../src/contract/contract.js';
import { ProtocolError } from '../../src/contract/errors.js';
import { markPermanent } from '../../src/contract/permanent.js';
import { type StoppedClock, stopClock } from '../../src/testing/clock.js';
import { closeSides, Side } from '../support/mux-wire.js';

let clock: StoppedClock | undefined;
afterEach(async () => {
  clock?.restore();
  clock = undefined;
  await closeSides();
});

const LISTEN = { listen: true };

/** The waits that a link reports, and why it has given up. */
function waitsOf(link: Link): { readonly waits: number[]; stopped: Error | undefined } {
  const seen: { waits: number[]; stopped: Error | undefined } = { waits: [], stopped: undefined };
  link.redialer!.watch = {
    retired: () => {},
    waits: (attempt, ms) => {
      seen.waits[attempt - 1] = ms;
    },
    gaveUp: (why) => {
      seen.stopped = why;
    },
  };
  return seen;
}

/** A side that listens in memory, one that has dialed it, and the first link of that one. */
async function meet(name: string, options: object = {}) {
  clock = stopClock();
  const server = await Side.open(`memory:${name}`, LISTEN);
  const client = await Side.open({ url: `reconnect:(memory:${name})`, ...options });
  return { server, client, clock, seen: waitsOf(client.ears[0]!.link) };
}

describe('the time between attempts', () => {
  it('is a random part of a time that doubles, up to the longest', async () => {
    const { server, clock, seen } = await meet('backoff');
    await server.transport.close();
    await clock.turn(600_000);
    const most = seen.waits.map((_ms, n) => Math.min(10_000, 100 * 2 ** n));
    expect(seen.waits.length).toBeGreaterThan(60);
    expect(seen.waits.every((ms, n) => ms >= 0 && ms <= most[n]!)).toBe(true);
    // Full jitter: the whole range is used.
    const parts = seen.waits.map((ms, n) => ms / most[n]!);
    expect(Math.min(...parts)).toBeLessThan(0.25);
    expect(Math.max(...parts)).toBeGreaterThan(0.75);
  });

  it('differs between clients that have lost the same server', async () => {
    clock = stopClock();
    const server = await Side.open('memory:herd', LISTEN);
    const clients = await Promise.all(Array.from({ length: 50 }, () => Side.open('reconnect:(memory:herd)')));
    const seen = clients.map(({ ears }) => waitsOf(ears[0]!.link));
    await server.transport.close();
    await clock.turn(0);
    expect(new Set(seen.map(({ waits }) => waits[0])).size).toBe(50);
  });

  it('is always the same with one number, as with restart:', async () => {
    const { server, clock, seen } = await meet('exact', { delay: 2_000 });
    await server.transport.close();
    await clock.turn(10_500);
    expect(seen.waits).toEqual([2_000, 2_000, 2_000, 2_000, 2_000, 2_000]);
    const restarted = await Side.open('memory:again', LISTEN);
    const child = await Side.open('restart:10:(memory:again)');
    const told = waitsOf(child.ears[0]!.link);
    await restarted.transport.close();
    await clock.turn(100);
    expect(told.waits).toEqual([10_000]);
    await Side.open('memory:again', LISTEN);
    await clock.turn(9_800);
    expect(child.ears).toHaveLength(1);
    await clock.turn(200);
    expect(child.ears).toHaveLength(2);
  });

  it('begins anew once a link has lasted for 5 s, and not before', async () => {
    const { server, client, clock, seen } = await meet('lasting');
    /** Cuts the link when it was up for so long, and returns the number of the attempt that follows. */
    const cut = async (after: number): Promise<number> => {
      await clock.turn(after);
      seen.waits.length = 0;
      server.ears.at(-1)!.link.close();
      await clock.turn(0);
      const attempt = seen.waits.length;
      for (const links = client.ears.length; client.ears.length === links; ) await clock.turn(1);
      return attempt;
    };
    expect([await cut(0), await cut(4_000), await cut(4_990), await cut(5_000), await cut(0)]).toEqual([1, 2, 3, 1, 2]);
  });
});

describe('an end after which another attempt would not help', () => {
  it('is not followed by one', async () => {
    const { client, clock, seen } = await meet('codec');
    const other = markPermanent(new ProtocolError('the peer speaks another codec'));
    client.ears[0]!.link.close(other);
    await clock.turn(60_000);
    expect(seen.stopped).toBe(other);
    expect(client.ears).toHaveLength(1);
  });

  it('an error of the protocol is followed by one', async () => {
    const { client, clock } = await meet('protocol');
    client.ears[0]!.link.close(new ProtocolError('a frame cannot be read'));
    await clock.turn(1_000);
    expect(client.ears).toHaveLength(2);
  });
});

describe('an attempt that hangs', () => {
  it('is left after limits.connectMs, and another one follows', async () => {
    clock = stopClock();
    let hangs = false;
    let made = 0;
    const server = await Side.open('memory:hang', LISTEN);
    const client = await Side.open(
      {
        url: 'reconnect:',
        delay: 100,
        transport: async (wire: Wire) => {
          made++;
          const inner = await wire.transport('memory:hang', false);
          // Neither opens nor closes.
          return hangs
            ? { address: 'hanging:', open: () => new Promise(() => {}), close: () => new Promise(() => {}) }
            : inner;
        },
      },
      { limits: { connectMs: 1_000 } },
    );
    hangs = true;
    server.ears[0]!.link.close();
    await clock.turn(500);
    hangs = false;
    await clock.turn(2_000);
    expect([made, client.ears.length]).toEqual([3, 2]);
  });
});
