import { Aborted, ConnectionLost, TimeoutError, UsageError } from 'obverse';
import { afterEach, describe, expect, it } from 'vitest';
import { codec } from '../../src/plugins/registry.js';
import { Customer, closeAll, customer, eventsOf, failure, onlyPeer, Served, until } from './sides.js';

afterEach(closeAll);

const soon = { delay: [1, 20] as const };

describe.each(['jrpc', 'msgpack'])('a side that reconnects, with %s', (codec) => {
  it('is connected again, in a new session', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0', { codec });
    const side = await customer(shop.address, { codec, reconnect: soon });
    const told = eventsOf(side);
    const before = onlyPeer(side);
    let reported: unknown;
    side.on('reconnected', (peer, how) => {
      reported = [peer, how];
    });
    shop.cut();
    await until(() => told.at(-1)?.startsWith('reconnected') === true);
    expect(told).toEqual(['disconnect', 'reconnecting 1', 'connect', 'reconnected: new link']);
    const now = onlyPeer(side);
    expect(now).not.toBe(before);
    expect(reported).toEqual([now, { before, why: 'new link' }]);
    expect([now.isAway, before.isAway, now.id === before.id]).toEqual([false, true, true]);
    expect(await side.remote.buy({ what: 'milk' })).toBe('buy milk');
  });

  it('lets calls wait while there is no link, in their order', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0', { codec });
    const { address } = shop;
    const side = await customer(address, { codec, reconnect: soon });
    await shop.side.close();
    await until(() => onlyPeer(side)?.isAway === true);
    const calls = [side.remote.buy({ what: 'a' }), side.remote.buy({ what: 'b' })];
    side.remote.note({ text: 'c' });
    calls.push(side.to(onlyPeer(side)).buy({ what: 'd' }));
    calls.push(side.to(null, { timeout: 10_000, metadata: { page: 1 } }).buy({ what: 'e' }));
    expect(side.pendingCalls()).toHaveLength(4);
    const again = await Served.at(address, { codec });
    expect(await Promise.all(calls)).toEqual(['buy a', 'buy b', 'buy d', 'buy e']);
    expect(again.seen).toEqual(['buy a', 'buy b', 'note c', 'buy d', 'buy e']);
  });

  it('rejects calls that were given to the link, and says that they may have been carried out', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0', { codec });
    const side = await customer(shop.address, { codec, reconnect: soon });
    const open = failure(side.remote.hang());
    await until(() => shop.seen.includes('hang'));
    shop.cut();
    const error = (await open) as ConnectionLost;
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.maybeExecuted).toBe(true);
    expect(await side.remote.buy({ what: 'bread' })).toBe('buy bread');
    expect(shop.seen).toEqual(['hang', 'buy bread']);
  });

  it('passes functions and streams that wait for the next session', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0', { codec });
    const { address } = shop;
    const side = await customer(address, { codec, reconnect: soon });
    await shop.side.close();
    await until(() => onlyPeer(side)?.isAway === true);
    const told = new Promise<string>((resolve) => void side.remote.watch({ told: resolve }));
    const items = side.remote.count({ to: 2 });
    await Served.at(address, { codec });
    expect(await told).toBe('watched');
    const seen: number[] = [];
    for await (const item of items) seen.push(item);
    expect(seen).toEqual([0, 1]);
  });
});

describe('a call that waits', () => {
  async function away(options = {}) {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const { address } = shop;
    const side = await customer(address, { reconnect: soon, ...options });
    await shop.side.close();
    await until(() => onlyPeer(side)?.isAway === true);
    return { side, back: () => Served.at(address) };
  }

  it('times out, and is never sent then', async () => {
    const { side, back } = await away();
    const late = side.to(null, { timeout: 30 }).buy({ what: 'late' });
    const first = side.remote.buy({ what: 'first' });
    await expect(late).rejects.toThrow(TimeoutError);
    const shop = await back();
    await first;
    await side.remote.note({ text: 'last' });
    await until(() => shop.seen.includes('note last'));
    expect(shop.seen).toEqual(['buy first', 'note last']);
  });

  it('is cancelled, and is never sent then', async () => {
    const { side, back } = await away();
    const stop = new AbortController();
    const cancelled = side.to(null, { signal: stop.signal }).buy({ what: 'cancelled' });
    const first = side.remote.buy({ what: 'first' });
    stop.abort();
    await expect(cancelled).rejects.toThrow(Aborted);
    const shop = await back();
    await first;
    expect(shop.seen).toEqual(['buy first']);
  });

  it('is bounded in bytes: above that, calls are busy and notifications are refused', async () => {
    const { side, back } = await away({ limits: { bufferedBytes: 10_000 } });
    const text = 'x'.repeat(1_000);
    const sent: string[] = [];
    let refused: unknown;
    for (let n = 0; n < 50 && refused === undefined; n++) {
      try {
        side.remote.note({ text: `${n} ${text}` });
        sent.push(`note ${n} ${text}`);
      } catch (error) {
        refused = error;
      }
    }
    expect((refused as Error).message).toMatch(/^busy: the peer is away, and \d+ bytes wait for it/);
    await expect(side.remote.buy({ what: 'more' })).rejects.toThrow('busy');
    const shop = await back();
    await until(() => shop.seen.length === sent.length);
    expect(shop.seen).toEqual(sent);
  });

  it('keeps its arguments as they were when it was made', async () => {
    const { side, back } = await away();
    const args = { what: 'before' };
    const answer = side.remote.buy(args);
    args.what = 'after';
    await back();
    expect(await answer).toBe('buy before');
  });

  it('rejects when the side is closed, and was not carried out', async () => {
    const { side } = await away();
    const open = failure(side.remote.buy({ what: 'milk' }));
    const told = eventsOf(side);
    await side.close();
    const error = (await open) as ConnectionLost;
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.maybeExecuted).toBe(false);
    expect(told).toEqual([]);
    expect(side.peers.size).toBe(0);
  });
});

describe('an idempotent call', () => {
  it('is sent again, in another session, as it was when it was made', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const side = await customer(shop.address, { reconnect: soon });
    shop.price = (sender, what) => {
      if (shop.seen.length > 1) return `${what} at last`;
      void sender.peer.close(new Error('cut'));
      return new Promise<string>(() => {});
    };
    const args = { what: 'milk' };
    const price = side.remote.price(args);
    args.what = 'bread';
    expect(await price).toBe('milk at last');
  });

  it('that ends each session is sent in three sessions at most', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const side = await customer(shop.address, { reconnect: soon });
    shop.price = (sender) => {
      void sender.peer.close(new Error('deadly'));
      return new Promise<string>(() => {});
    };
    const error = (await failure(side.to(null, { idempotent: true }).price({ what: 'bomb' }))) as ConnectionLost;
    expect(error).toBeInstanceOf(ConnectionLost);
    expect([shop.seen.length, error.maybeExecuted]).toEqual([3, true]);
    expect(await side.remote.buy({ what: 'milk' })).toBe('buy milk');
  });

  it('goes before the calls that have waited, with its metadata', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const { address } = shop;
    const side = await customer(address, { reconnect: soon });
    shop.price = () => new Promise<string>(() => {});
    const first = side.to(null, { metadata: { page: 7 } }).price({ what: 'first' });
    await until(() => shop.seen.includes('price first'));
    await shop.side.close();
    await until(() => onlyPeer(side)?.isAway === true);
    const second = side.remote.buy({ what: 'second' });
    const again = await Served.at(address);
    expect(await Promise.all([first, second])).toEqual(['price first', 'buy second']);
    expect(again.seen).toEqual(['price first', 'buy second']);
    expect(again.metadata).toEqual([{ page: 7 }]);
  });
});

describe('what belongs to a session', () => {
  it('ends with it: streams with the items that came, and signals of handlers', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const side = await customer(shop.address, { reconnect: soon });
    let reason: unknown;
    side.confirm.connect((sender) => {
      sender.signal.addEventListener('abort', () => {
        reason = sender.signal.reason;
      });
      return new Promise<boolean>(() => {});
    });
    void shop.side
      .to(onlyPeer(shop.side))
      .confirm({ what: 'milk' })
      .catch(() => {});
    const seen: number[] = [];
    const stream = (async () => {
      for await (const item of side.remote.count({ to: 3 })) seen.push(item);
    })();
    await until(() => seen.length === 3);
    shop.cut();
    await expect(stream).rejects.toThrow(ConnectionLost);
    expect(seen).toEqual([0, 1, 2]);
    await until(() => reason !== undefined);
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(await side.remote.buy({ what: 'milk' })).toBe('buy milk');
  });
});

describe('the end', () => {
  it('is reported when the tries are over; calls that have waited are rejected, and reconnect() begins again', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const { address } = shop;
    const side = await customer(address, { reconnect: { delay: [5, 10], tries: 4 } });
    const told = eventsOf(side);
    await shop.side.close();
    await until(() => onlyPeer(side)?.isAway === true);
    const error = (await failure(side.remote.buy({ what: 'milk' }))) as ConnectionLost;
    expect(error.message).toContain('nobody listens there');
    expect(error.maybeExecuted).toBe(false);
    expect(told.slice(0, 5)).toEqual(['disconnect', ...[1, 2, 3, 4].map((n) => `reconnecting ${n}`)]);
    expect(told[5]).toContain('lost: cannot connect to tcp:');
    expect(told).toHaveLength(6);
    expect(side.peers.size).toBe(0);
    await expect(side.remote.buy({ what: 'milk' })).rejects.toThrow('it is not dialed again');
    const again = await Served.at(address);
    side.reconnect();
    expect(onlyPeer(side).isAway).toBe(true);
    expect(await side.remote.buy({ what: 'bread' })).toBe('buy bread');
    expect(again.seen).toEqual(['buy bread']);
    expect(told.slice(6)).toEqual(['connect', 'reconnected: new link']);
  });

  it('is not followed by another attempt after peer.close() and close()', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const side = await customer(shop.address, { reconnect: { delay: 0 } });
    const told = eventsOf(side);
    await onlyPeer(side).close();
    const other = await customer(shop.address, { reconnect: { delay: 0 } });
    await other.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual(['disconnect']);
    expect([side.peers.size, shop.side.peers.size]).toEqual([0, 0]);
  });

  it('comes at once if the peer speaks another codec', async () => {
    const other = { ...(await codec('jrpc')), name: 'other' };
    const shop = await Served.at('ws://127.0.0.1:0', { codec: other, logger: null });
    const { address } = shop;
    await expect(customer(address, { reconnect: { start: 'retry' } })).rejects.toThrow(
      'uses the codec other, not jrpc',
    );
    await shop.side.close();
    const right = await Served.at(address);
    const side = await customer(address, { reconnect: soon });
    const told = eventsOf(side);
    await right.side.close();
    await Served.at(address, { codec: other, logger: null });
    await until(() => told.at(-1)?.startsWith('lost') === true);
    expect(told.at(-1)).toContain('uses the codec other, not jrpc');
  });
});

describe('changeTransport()', () => {
  it('exchanges an address that is not there any more: what waits for it is rejected', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const other = await Served.at('tcp://127.0.0.1:0');
    const side = await customer(shop.address, { reconnect: soon });
    await shop.side.close();
    await until(() => onlyPeer(side)?.isAway === true);
    const waiting = failure(side.remote.buy({ what: 'milk' }));
    await side.changeTransport(other.address);
    expect(((await waiting) as ConnectionLost).maybeExecuted).toBe(false);
    expect(side.peers.size).toBe(1);
    expect(await side.remote.buy({ what: 'bread' })).toBe('buy bread');
    const told = eventsOf(side);
    other.cut();
    await until(() => told.includes('reconnected: new link'));
    expect(await side.remote.buy({ what: 'salt' })).toBe('buy salt');
  });
});

describe('reconnect()', () => {
  it('dials at once while the side waits', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const side = await customer(shop.address, { reconnect: { delay: 3_600_000 } });
    const told = eventsOf(side);
    side.reconnect();
    shop.cut();
    await until(() => told.includes('reconnecting 1'));
    side.reconnect();
    await until(() => told.includes('reconnected: new link'));
  });
});

describe('the option', () => {
  it.each<[unknown, string]>([
    [{ retries: 3 }, 'unknown option "retries" of reconnect; did you mean tries?'],
    [{ begin: true }, 'the option "begin" of reconnect must be a function'],
    ['yes', 'the option "reconnect" must be true, or an object such as'],
  ])('%j is refused', async (reconnect, text) => {
    const error = await failure(Customer.connect('tcp://127.0.0.1:1', { reconnect } as never));
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(text);
  });

  it('is refused where the transport refuses it, and by a side that listens', async () => {
    await expect(Customer.connect('tcp://127.0.0.1:1', { reconnect: { tries: 0 } })).rejects.toThrow(
      'the option "tries"',
    );
    await expect(Customer.serve('tcp://127.0.0.1:0', { reconnect: true })).rejects.toThrow(
      'is for the side that dials',
    );
  });

  it('is the same as an address that begins with reconnect+', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const side = await customer({ url: `reconnect+${shop.address}`, delay: 1 });
    const told = eventsOf(side);
    shop.cut();
    await until(() => told.includes('reconnected: new link'));
    const both = await customer(`reconnect+${shop.address}`, { reconnect: soon });
    const seen = eventsOf(both);
    shop.cut();
    await until(() => seen.includes('reconnected: new link'));
    expect(seen).toHaveLength(4);
  });

  it('false changes nothing', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const side = await customer(shop.address, { reconnect: false });
    shop.cut();
    await until(() => side.peers.size === 0);
    await expect(side.remote.buy({ what: 'milk' })).rejects.toThrow(ConnectionLost);
    expect(() => side.reconnect()).toThrow('it has no option "reconnect"');
  });
});
