import { RpcError } from 'obverse';
import { afterEach, describe, expect, it } from 'vitest';
import { Customer, closeAll, customer, eventsOf, failure, onlyPeer, Served, until } from './sides.js';

afterEach(closeAll);

const delay = [1, 20] as const;
type Remote = Awaited<ReturnType<typeof customer>>['remote'];

describe.each([
  ['without a security', {}],
  ['under a security', { security: 'user?user=ann' }],
])('begin, %s,', (_name, options) => {
  it('runs in each session, the first one too, before anything else is sent', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0', options);
    const { address } = shop;
    const peers: unknown[] = [];
    const begin = async (remote: Remote, peer: unknown): Promise<void> => {
      peers.push(peer);
      await remote.login({ name: 'ann' });
      remote.note({ text: 'logged in' });
    };
    const side = await customer(address, { ...options, reconnect: { delay, begin } });
    const told = eventsOf(side);
    const first = onlyPeer(side);
    const calls = [side.remote.buy({ what: 'a' }), side.to(first).buy({ what: 'b' })];
    side.remote.note({ text: 'c' });
    expect(await Promise.all(calls)).toEqual(['buy a', 'buy b']);
    expect(shop.seen).toEqual(['login ann', 'note logged in', 'buy a', 'buy b', 'note c']);
    await shop.side.close();
    await until(() => onlyPeer(side)?.isAway === true);
    const waiting = side.remote.buy({ what: 'd' });
    const again = await Served.at(address, options);
    expect(await waiting).toBe('buy d');
    expect(again.seen).toEqual(['login ann', 'note logged in', 'buy d']);
    expect(peers).toEqual([first, onlyPeer(side)]);
    await until(() => told.at(-1) === 'reconnected: new link');
  });

  it('that fails leaves the link and dials again; what waits goes out once it has succeeded', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0', options);
    let runs = 0;
    const begin = async (remote: Remote): Promise<void> => {
      await remote.login({ name: `${++runs}` });
      if (runs > 1 && runs < 4) throw new RpcError('not today');
    };
    const side = await customer(shop.address, { ...options, logger: null, reconnect: { delay, begin } });
    const told = eventsOf(side);
    const reasons: string[] = [];
    shop.cut();
    await until(() => onlyPeer(side)?.isAway === true);
    side.on('reconnecting', (_peer, { reason }) => void reasons.push(reason.message));
    side.remote.note({ text: 'waits' });
    expect(await side.remote.buy({ what: 'milk' })).toBe('buy milk');
    expect(shop.seen).toEqual(['login 1', 'login 2', 'login 3', 'login 4', 'note waits', 'buy milk']);
    expect(reasons.slice(-2)).toEqual(['begin has failed: not today', 'begin has failed: not today']);
    expect(told.filter((text) => text.startsWith('reconnected'))).toHaveLength(1);
  });
});

describe('while begin runs', () => {
  it('the peer can call, and is answered, where handlers were added before the side was opened', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    shop.side.setHandler('login', async (sender, { name }) => {
      const isConfirmed = await shop.side.to(sender).confirm({ what: name });
      return isConfirmed ? 'welcome' : 'go away';
    });
    let said: string | undefined;
    const begin = async (remote: Remote): Promise<void> => {
      said = await remote.login({ name: 'ann' });
    };
    const side = Customer.create({ transport: shop.address, reconnect: { delay, begin } });
    side.confirm.connect((_sender, { what }) => what === 'ann');
    await side.open();
    expect(await side.remote.buy({ what: 'milk' })).toBe('buy milk');
    expect(said).toBe('welcome');
    await side.close();
  });

  it('a call that waits can be cancelled, and is never sent', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    let go: (() => void) | undefined;
    let runs = 0;
    const begin = (): unknown => (++runs === 1 ? undefined : new Promise<void>((resolve) => (go = resolve)));
    const side = await customer(shop.address, { reconnect: { delay, begin } });
    shop.cut();
    await until(() => go !== undefined);
    const stop = new AbortController();
    const cancelled = failure(side.to(null, { signal: stop.signal }).buy({ what: 'cancelled' }));
    const kept = side.remote.buy({ what: 'kept' });
    stop.abort();
    await cancelled;
    go?.();
    await kept;
    expect(shop.seen).toEqual(['buy kept']);
  });

  it('streams and functions of its own work, also afterwards', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const seen: unknown[] = [];
    let stream: Promise<void> | undefined;
    const begin = async (remote: Remote): Promise<void> => {
      await remote.watch({ told: (text) => void seen.push(text) });
      const items = remote.count({ to: 2_000 });
      stream = (async () => {
        let last = -1;
        for await (const item of items) last = item;
        seen.push(last);
      })();
    };
    const side = await customer(shop.address, { reconnect: { delay, begin } });
    expect(await side.remote.buy({ what: 'milk' })).toBe('buy milk');
    await stream;
    expect(seen).toEqual(['watched', 1_999]);
  });
});

describe('begin that never succeeds', () => {
  it('fails after so many tries, with its error', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    let runs = 0;
    const begin = (): void => {
      if (++runs > 1) throw new RpcError('wrong password');
    };
    const side = await customer(shop.address, { logger: null, reconnect: { delay: 1, tries: 2, begin } });
    const told = eventsOf(side);
    shop.cut();
    await until(() => onlyPeer(side)?.isAway === true);
    const error = await failure(side.remote.buy({ what: 'milk' }));
    expect((error as Error).message).toContain('begin has failed: wrong password');
    await until(() => told.at(-1)?.startsWith('lost') === true);
    expect(shop.seen).toEqual([]);
    expect(side.peers.size).toBe(0);
  });
});
