import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectionLost, RpcError } from 'obverse';
import { afterEach, describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import { stopClock } from '../../src/testing/clock.js';
import { Customer, closeAll, customer, eventsOf, failure, onlyPeer, Served, until } from './sides.js';

afterEach(closeAll);

const delay = [1, 20] as const;
type Remote = Customer['remote'];

/** A load balancer whose server is not up yet: it accepts each connection, and closes it. `open` puts a server into its place. */
async function balancer() {
  let dials = 0;
  const server = net.createServer((socket) => {
    dials++;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `tcp://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    address,
    dials: () => dials,
    close,
    open: async () => {
      await close();
      return Served.at(address);
    },
  };
}

describe('a link that ends before its session has begun', () => {
  it('is a failed attempt: with start: "retry", another one follows', async () => {
    const { address, dials, open } = await balancer();
    const log: unknown[][] = [];
    const logger = { warn: (...given: unknown[]) => void log.push(given), error: () => {} };
    const opening = customer(address, { logger, reconnect: { delay, start: 'retry' } });
    await until(() => dials() > 3);
    // Once for each reason, and in a line.
    expect(log.length).toBeLessThan(3);
    expect(log[0]).toEqual([expect.stringMatching(/^obverse: .* is not connected yet, .*: the link to .*$/)]);
    await open();
    const side = await opening;
    expect(await side.remote.buy({ what: 'milk' })).toBe('buy milk');
  });

  it('is the error of connect otherwise', async () => {
    const { address, dials, close } = await balancer();
    const error = (await failure(customer(address, { logger: null, reconnect: { delay } }))) as ConnectionLost;
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.message).toMatch(/^the link to 127\.0\.0\.1:\d+ (ended before the session began|was lost)/);
    expect(dials()).toBe(1);
    await close();
  });

  it('of a program that fails at first is repeated with restart:', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'restart-'));
    const program = join(folder, 'program.cjs');
    writeFileSync(
      program,
      `const fs = require('node:fs');
      fs.appendFileSync(${JSON.stringify(join(folder, 'runs'))}, 'x');
      if (fs.readFileSync(${JSON.stringify(join(folder, 'runs'))}).length < 3) process.exit(1);
      let text = '';
      process.stdin.on('data', (chunk) => {
        text += chunk;
        for (let end; (end = text.indexOf('\\n')) >= 0; text = text.slice(end + 1)) {
          const { id, method } = JSON.parse(text.slice(0, end));
          if (method === 'rpc.hello') process.stdout.write('{"jsonrpc":"2.0","method":"rpc.hello","params":{"obverse":1,"codec":"jrpc"}}\\n');
          else if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: 'done' }) + '\\n');
        }
      });`,
    );
    const address = `restart:0:(process:"${process.execPath}" "${program}")`;
    const side = await customer(address, { logger: null });
    expect(await side.remote.buy({ what: 'milk' })).toBe('done');
  });
});

describe('begin in the first session', () => {
  it('that fails makes connect reject with its error, and nothing stays', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const wrong = new RpcError('wrong password', 4_001);
    const log: unknown[] = [];
    const logger = { warn: (...given: unknown[]) => log.push(given), error: (...given: unknown[]) => log.push(given) };
    const error = await failure(
      customer(shop.address, { logger, reconnect: { delay, begin: () => Promise.reject(wrong) } }),
    );
    expect(error).toBe(wrong);
    await until(() => shop.side.peers.size === 0);
    expect(log).toEqual([]);
  });

  it('that fails leaves no peer behind, and no session', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const begin = (): never => {
      throw new RpcError('not today');
    };
    const side = Customer.create({ transport: shop.address, logger: null, reconnect: { delay, begin } });
    const told = eventsOf(side as Customer);
    expect(await failure(side.open())).toMatchObject({ message: 'not today' });
    expect([side.peers.size, endpointOf(side).away.size]).toEqual([0, 0]);
    expect(told).toEqual(['connect', 'disconnect']);
  });

  it('runs again with start: "retry", and connect resolves once it has succeeded', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    let runs = 0;
    const begin = async (remote: Remote): Promise<void> => {
      await remote.login({ name: `${++runs}` });
      if (runs < 3) throw new RpcError('not today');
    };
    const side = await customer(shop.address, { logger: null, reconnect: { delay, start: 'retry', begin } });
    expect(runs).toBe(3);
    expect(onlyPeer(side)?.isAway).toBe(false);
    expect(await side.remote.buy({ what: 'milk' })).toBe('buy milk');
    expect(shop.seen).toEqual(['login 1', 'login 2', 'login 3', 'buy milk']);
  });

  it('that always fails: with start: "retry", connect rejects with its error after limits.connectMs', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const wrong = new RpcError('wrong password', 4_001);
    let runs = 0;
    const begin = () => {
      runs++;
      return Promise.reject(wrong);
    };
    const reconnect = { delay, start: 'retry', begin } as const;
    const error = await failure(customer(shop.address, { logger: null, limits: { connectMs: 500 }, reconnect }));
    expect(error).toBe(wrong);
    expect(runs).toBeGreaterThan(1);
  });

  it.each(['once', 'retry'] as const)(
    'that never resolves makes connect reject in time, with start: %j',
    async (start) => {
      using clock = stopClock();
      const shop = await Served.at('tcp://127.0.0.1:0');
      let runs = 0;
      const begin = () => {
        runs++;
        return new Promise<void>(() => {});
      };
      const reconnect = { delay, start, begin };
      const opening = failure(customer(shop.address, { logger: null, limits: { connectMs: 5_000 }, reconnect }));
      await until(() => runs === 1);
      await clock.turn(5_200);
      const error = await opening;
      expect(error).toBeInstanceOf(ConnectionLost);
      expect((error as Error).message).toMatch(/begin has not finished/);
      expect((error as Error).message).toMatch(/limits\.connectMs/);
    },
  );

  it('does not lose what the peer sends meanwhile: it waits for the handlers of who connects', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    const heard: string[] = [];
    shop.side.setHandler('login', async (sender) => {
      void shop.side
        .to(sender)
        .confirm({ what: 'one' })
        .then(
          (is) => heard.push(`one ${is}`),
          (error) => heard.push(String(error)),
        );
      return 'welcome';
    });
    const side = await customer(shop.address, {
      reconnect: { delay, begin: (remote: Remote) => remote.login({ name: 'ann' }) },
    });
    side.confirm.connect(() => true);
    await until(() => heard.length === 1);
    expect(heard).toEqual(['one true']);
  });

  it('that calls side.remote, and so waits for itself, is an error that says what to call instead', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0');
    let remote: Remote | undefined;
    const begin = () => remote?.login({ name: 'ann' });
    const options = { logger: null, limits: { connectMs: 300 }, reconnect: { delay, begin } };
    const side = Customer.create({ transport: shop.address, ...options });
    remote = side.remote;
    const error = (await failure(side.open())) as Error;
    expect(error.message).toMatch(
      /begin has not finished.*, and a call waits for it: login\. If begin itself .* call the methods of its first parameter/,
    );
    expect(error.message).toContain('limits.connectMs');
  });
});
