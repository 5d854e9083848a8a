import { type Accept, ConnectionLost, RpcError, UsageError } from 'obverse';
import { afterEach, describe, expect, it } from 'vitest';
import { Customer, closeAll, customer, failure, onlyPeer, Served, Shop, until } from './sides.js';

afterEach(closeAll);

const delay = [1, 20] as const;

describe('a call that times out', () => {
  it('without having been sent says so, since when there is no link, and why', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const side = await customer(shop.address, { reconnect: { delay } });
    await shop.side.close();
    let attempts = 0;
    side.on('reconnecting', () => void attempts++);
    await until(() => attempts > 2);
    const error = (await failure(side.to(null, { timeout: 30 }).buy({ what: 'milk' }))) as Error;
    expect(error.message).toMatch(
      /^buy was not sent within 30 ms: there has been no link for \d+ ms: cannot connect to tcp:.*/,
    );
  });

  it('while begin fails again and again has the error of begin', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    let runs = 0;
    const begin = () => {
      if (++runs > 1) throw new RpcError('wrong password');
    };
    const side = await customer(shop.address, { logger: null, reconnect: { delay, begin } });
    shop.cut();
    await until(() => runs > 3);
    const error = (await failure(side.to(null, { timeout: 50 }).buy({ what: 'milk' }))) as Error;
    expect(error.message).toMatch(/^buy was not sent within 50 ms: .*begin has failed: wrong password$/);
  });

  it('while begin does not finish says so', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    let runs = 0;
    const begin = () => (++runs > 1 ? new Promise<void>(() => {}) : undefined);
    const side = await customer(shop.address, { logger: null, reconnect: { delay, begin } });
    shop.cut();
    await until(() => runs === 2);
    const error = (await failure(side.to(null, { timeout: 30 }).buy({ what: 'milk' }))) as Error;
    expect(error.message).toMatch(
      /^buy was not sent within 30 ms: begin has not finished, and a call waits for it: buy\./,
    );
  });

  it.each([
    ['was sent over a link that is gone', true],
    ['was not sent', false],
  ])('in a session that continues says whether it %s', async (_what, isSent) => {
    const shop = await Served.at('tcp://127.0.0.1:0', { resume: true });
    const side = await customer(shop.address, { reconnect: { delay: 100_000 } });
    const before = failure(side.to(null, { timeout: 400 }).hang());
    await until(() => shop.seen.includes('hang'));
    shop.side.on('reconnecting', (peer) => {
      expect(peer.isAway).toBe(true);
    });
    await shop.side.close();
    await until(() => onlyPeer(side)?.isAway === true);
    const after = failure(side.to(null, { timeout: 30 }).buy({ what: 'milk' }));
    const error = (await (isSent ? before : after)) as Error;
    if (!isSent) expect(error.message).toMatch(/^buy was not sent within 30 ms: there has been no link for \d+ ms/);
    else expect(error.name).toBe('ConnectionLost');
  });
});

it('an idempotent call that has ended three sessions says so', async () => {
  const shop = await Served.at('tcp://127.0.0.1:0');
  const side = await customer(shop.address, { reconnect: { delay } });
  shop.price = (sender) => {
    void sender.peer.close(new Error('deadly'));
    return new Promise<string>(() => {});
  };
  const error = (await failure(side.remote.price({ what: 'bomb' }))) as Error;
  expect(error.message).toBe('price: it was sent in 3 sessions, and each has ended before it was answered');
});

describe('a peer', () => {
  it('is away once its session has ended, also in the event disconnect, with and without reconnect', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    for (const options of [{}, { reconnect: { delay: 100_000 } }]) {
      const side = await customer(shop.address, options);
      const peer = onlyPeer(side);
      expect(peer.isAway).toBe(false);
      let seen: unknown;
      side.on('disconnect', (gone) => {
        seen = [gone === peer, gone.isAway];
      });
      shop.cut();
      await until(() => seen !== undefined);
      expect([seen, peer.isAway]).toEqual([[true, true], true]);
    }
  });
});

describe('the event reconnected', () => {
  it('says why it is another session: the other side was started again', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0', { resume: true });
    const { address } = shop;
    const side = await customer(address, { reconnect: { delay } });
    const why: string[] = [];
    side.on('reconnected', (_peer, how) => void why.push(how.why));
    await shop.side.close();
    await Served.at(address, { resume: true });
    await until(() => why.length > 0);
    expect(why).toEqual(['unknown']);
  });

  it.each([
    ['expired', { ms: 1 }, 'expired'],
    ['refused by allow', { allow: () => false }, 'refused'],
  ])('says why it is another session: %s', async (_what, resume, expected) => {
    const shop = await Served.at('tcp://127.0.0.1:0', { resume, logger: null });
    const side = await customer(shop.address, { logger: null, reconnect: { delay: 30 } });
    const why: string[] = [];
    const waits: number[] = [];
    side.on('reconnected', (_peer, how) => void why.push(how.why));
    side.on('reconnecting', (_peer, { ms }) => void waits.push(ms));
    const { cutLinks } = await import('./cut-links.js');
    cutLinks(side);
    await until(() => why.length > 0);
    expect(why[0]).toBe(expected);
    expect(waits.every(Number.isInteger)).toBe(true);
  });
});

describe('side.reconnect()', () => {
  it('throws where the side never dials again, and says why', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    expect(() => shop.side.reconnect()).toThrow('this side listens');
    const plain = await customer(shop.address);
    expect(() => plain.reconnect()).toThrow('use changeTransport(address)');
    expect(() => Customer.create({ transport: shop.address, reconnect: true }).reconnect()).toThrow(
      'await open() first',
    );
    const side = await customer(shop.address, { reconnect: { delay } });
    side.reconnect();
    await onlyPeer(side).close();
    expect(() => side.reconnect()).toThrow('was closed on this side for good');
    await side.close();
    expect(() => side.reconnect()).toThrow('the side is closed');
  });
});

describe('an option that has no effect, or does not fit, is refused', () => {
  it.each([
    ['terse', 'tcp://127.0.0.1:0', 'sends no rpc.hello'],
    ['jrpc?hello=off', 'tcp://127.0.0.1:0', 'sends no rpc.hello'],
    ['jrpc', 'udp://127.0.0.1:0', 'over udp:'],
  ])('resume with %s at %s', async (codec, address, text) => {
    const error = await failure(Shop.serve(address, { codec, resume: true }));
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(text);
  });

  it.each([
    [{ tries: 1.5 }, 'the option "tries" must be a whole number of attempts from 1, or Infinity, not 1.5'],
    [{ tries: '3' }, 'or Infinity, not "3"'],
    [{ begin: true }, 'the option "begin" of reconnect must be a function, not true'],
  ])('%j', async (reconnect, text) => {
    await expect(Customer.connect('tcp://127.0.0.1:1', { reconnect } as never)).rejects.toThrow(text);
  });

  it.each(['5s', 500, false, null, Number.NaN])('beat: %j, and the error has the value', async (beat) => {
    await expect(Customer.connect('tcp://127.0.0.1:1', { beat } as never)).rejects.toThrow(
      `Infinity for no heartbeat, not ${typeof beat === 'string' ? `"${beat}"` : String(beat)}`,
    );
  });

  it.each(['stdio:', 'udp://127.0.0.1:9', 'mux:(tcp://127.0.0.1:1)(tcp://127.0.0.1:2)'])(
    'reconnect with %s, before anything is dialed',
    async (address) => {
      const error = await failure(Customer.connect(address, { reconnect: true }));
      expect(error).toBeInstanceOf(UsageError);
      expect(String(error)).toContain('again');
    },
  );

  it.each([
    ['a service', 'memory:again?service'],
    ['http:', 'http://127.0.0.1:1/rpc'],
    ['stdio:', 'stdio:'],
  ])('reconnect over %s, by the option and in the address', async (_what, address) => {
    await using _server = await Customer.invert().serve('memory:again?service');
    for (const open of [
      () => Customer.connect(address, { reconnect: true }),
      () => Customer.connect(`reconnect+${address}`),
      () => Customer.connect({ url: 'reconnect:', transport: address }),
    ]) {
      const error = await failure(open());
      expect(error).toBeInstanceOf(UsageError);
      expect(String(error)).toMatch(/omit reconnect|it has one peer/);
    }
  });

  it('reconnect over a service whose transport cannot be opened without its link', async () => {
    await using _server = await Customer.invert().serve('memory:unopened?service');
    const open = Customer.connect({
      url: 'reconnect:',
      transport: async (wire) => {
        const inner = await wire.transport('memory:unopened?service', false);
        const { open } = inner;
        return Object.assign(inner, {
          async open(accept: Accept) {
            await open.call(inner, accept);
            throw new ConnectionLost('closed before it was open');
          },
        });
      },
    });
    const error = await failure(open);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain('omit reconnect');
  });
});
