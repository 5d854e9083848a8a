import type { Receivers, Reply, Sender, Stream } from 'obverse';
import { beforeEach, describe, expect, it, vi } from 'vitest';

/*
 * What a page supports that imports only 'obverse', and the errors for the rest. Each test begins with a fresh library
 * of which no other part is loaded; both sides are in one process.
 */
let rooms = 0;

interface Counter {
  next(): Promise<number>;
}

async function meet(extra: object = {}) {
  const library = await import('../../src/browser.js');
  const { incoming, RemoteAPI, outgoing } = library;
  class Page extends RemoteAPI {
    @incoming({ hasReply: true }) add(_from: Sender, _args: { a: number; b: number }): Reply<number> {}
    @incoming({ hasReply: true }) echo(_from: Sender, _args: { value: unknown }): Reply<unknown> {}
    @incoming({ hasReply: true, params: ['f'] }) run(_from: Sender, _f: (n: number) => unknown): Reply<unknown> {}
    @incoming({ hasReply: true }) counter(_from: Sender): Reply<Counter> {}
    @incoming({ stream: true }) count(_from: Sender, _args: { to: number }): Stream<number> {}
    @outgoing told(_to: Receivers, _args: { text: string }): void {}
    @outgoing({ hasReply: true }) ask(_to: Receivers): Reply<string> {}
  }
  const options = { logger: null, ...extra };
  const server = await Page.serve(`memory:page-${++rooms}`, options);
  const dial = () => Page.invert().connect(server.address, options);
  const client = await dial();
  server.add.connect((_from, { a, b }) => a + b);
  server.echo.connect((_from, { value }) => value);
  server.count.connect(function* (_from, { to }) {
    for (let n = 0; n < to; n++) yield n;
  });
  return { library, server, client, dial };
}

/** The same with a spec that has no streams. */
async function meetWithoutStreams() {
  const { incoming, RemoteAPI } = await import('../../src/browser.js');
  class Plain extends RemoteAPI {
    @incoming({ hasReply: true }) half(_from: Sender, _args: { n: number }): Reply<number> {}
  }
  const server = await Plain.serve(`memory:page-${++rooms}`, { logger: null });
  const client = await Plain.invert().connect(server.address, { logger: null });
  server.half.connect((_from, { n }) => n / 2);
  return { server, client };
}
beforeEach(() => vi.resetModules());

describe('a page that imports nothing else', () => {
  it('makes and receives calls, with one peer and with several', async () => {
    const { server, client, dial } = await meet();
    const other = await dial();
    const told: string[] = [];
    for (const [name, side] of Object.entries({ client, other })) {
      side.told.connect((_from, { text }) => void told.push(`${name}: ${text}`));
      side.ask.connect(() => name);
    }
    expect(await client.remote.add({ a: 1, b: 2 })).toBe(3);
    server.told(null, { text: 'all' });
    server.told([...server.peers.values()], { text: 'each' });
    expect(['client', 'other']).toContain(await server.ask(null));
    // A call that arrives before the turn after `connect` waits for that turn.
    await vi.waitFor(() => expect(told).toHaveLength(4));
    expect(told.sort()).toEqual(['client: all', 'client: each', 'other: all', 'other: each']);
  });

  it('refuses a function in a notification, to one peer and to several: none of them receives it', async () => {
    const { server, client, dial } = await meet();
    const other = await dial();
    let told = 0;
    for (const side of [client, other]) side.told.connect(() => void told++);
    const peers = [...server.peers.values()];
    const args = { text: (() => 'later') as never };
    const names = "imports 'obverse/references'";
    for (const receivers of [peers[0] as never, peers, null]) expect(() => server.told(receivers, args)).toThrow(names);
    server.told(null, { text: 'all' });
    await vi.waitFor(() => expect(told).toBe(2));
  });

  it('has what an entry adds that was imported before it', async () => {
    await import('../../src/extensions/middleware/install.js');
    const { client } = await meet();
    const seen: string[] = [];
    client.use(({ path }, next) => {
      seen.push(path);
      return next();
    });
    expect(await client.remote.add({ a: 1, b: 2 })).toBe(3);
    expect(seen).toEqual(['add']);
  });

  it('has streams that its spec declares', async () => {
    const { client } = await meet();
    const items: number[] = [];
    for await (const n of client.remote.count({ to: 3 })) items.push(n);
    expect(items).toEqual([0, 1, 2]);
  });

  it('sends values that are not plain data as the codec does', async () => {
    const { client } = await meet();
    const since = new Date(0);
    const odd = Object.assign(Object.create(null), { n: 1 });
    expect(await client.remote.echo({ value: [since, odd, new Map()] })).toEqual([since.toJSON(), { n: 1 }, {}]);
  });

  it('has the error classes of an option or a decorator, and rejects an invalid one when it is opened', async () => {
    class Full extends Error {
      seats = 0;
    }
    const { server, client } = await meet({ errorClasses: [Full] });
    server.add.connect(() => {
      throw Object.assign(new Full('no seat'), { seats: 3 });
    });
    const failed = client.remote.add({ a: 1, b: 2 });
    await expect(failed).rejects.toThrow(Full);
    await expect(failed).rejects.toMatchObject({ message: 'no seat', seats: 3 });
    await expect(meet({ errorClasses: [Full, class Full extends Error {}] })).rejects.toThrow(
      'errorClasses: two classes have the name Full',
    );
  });

  it('reports up to ten invalid messages of a peer', async () => {
    const lines: string[] = [];
    const logger = { warn: (...told: unknown[]) => lines.push(told.join(' ')), error: () => {} };
    const { client } = await meet({ logger });
    const session = [...client.peers.values()].map((peer) => (peer as unknown as { session: Wire }).session)[0] as Wire;
    // More than are kept until the writer is loaded.
    for (let n = 0; n < 150; n++) session.sendSystem('rpc.pull', [n, 'many']);
    await vi.waitFor(() => expect(lines).toHaveLength(10));
    expect(lines[0]).toMatch(/^obverse: .*: the arguments of rpc.pull must be the id of a call/);
    expect(await client.remote.add({ a: 1, b: 2 })).toBe(3);
    expect(lines).toHaveLength(10);
  });

  it('refuses a value that contains itself, however often, in bounded time', async () => {
    const { client } = await meet();
    const knot: Record<string, unknown> = { since: new Date(0) };
    for (const key of ['a', 'b', 'c']) knot[key] = knot;
    await expect(client.remote.echo({ value: knot })).rejects.toThrow(/circular/i);
  });

  it('leaves the contents of class instances to the codec', async () => {
    const { client } = await meet();
    class Button {
      label = 'ok';
      pressed = (): void => {};
    }
    expect(await client.remote.echo({ value: new Button() })).toEqual({ label: 'ok' });
  });

  it('loads interceptors and value types for an option', async () => {
    const { standardTypes } = await import('../../src/browser.js');
    const seen: string[] = [];
    const use = ({ path }: { path: string }, next: () => unknown) => {
      seen.push(path);
      return next();
    };
    const { client } = await meet({ use, types: [standardTypes] });
    const value = new Map([[1, new Date(0)]]);
    expect(await client.remote.echo({ value })).toEqual(value);
    expect(seen).toEqual(['echo', 'echo']);
  });
});

describe('the errors for parts that are not loaded', () => {
  it.each([
    ['setHandler()', 'dynamic', (side: Side) => side.setHandler('other', () => 1)],
    ['mount()', 'dynamic', (side: Side) => side.mount('other', { add: () => 1 })],
    ['notifyPath()', 'dynamic', (side: Side) => side.notifyPath('other')],
    ['use()', 'middleware', (side: Side) => side.use((_call, next) => next())],
    ["on('method.call')", 'middleware', (side: Side) => side.on('method.call', () => {})],
    ["on('reconnecting')", 'reconnect', (side: Side) => side.on('reconnecting', () => {})],
    ["on('resumed')", 'reconnect', (side: Side) => side.on('resumed', () => {})],
    ['reconnect()', 'reconnect', (side: Side) => side.reconnect()],
    ['group()', 'multicast', (side: Side) => side.group('room')],
    ['gather()', 'multicast', (side: Side) => side.gather(null)],
    ['everyone', 'multicast', (side: Side) => side.everyone],
    ['the option "slow"', 'multicast', (side: Side) => side.to(null, { slow: 'close' }).told({ text: 'x' })],
  ])('name for %s the entry obverse/%s', async (what, entry, act) => {
    const { library, server } = await meet();
    expect(() => act(server)).toThrow(
      new library.UsageError(
        `${what}: a page, and each of its workers, imports 'obverse/${entry}' for this, beside 'obverse'`,
      ),
    );
  });

  it('report a guard that is mounted on an open side: nothing is served without it', async () => {
    const { library, server, client } = await meet();
    await import('../../src/extensions/dynamic/install.js');
    const { incoming, RemoteAPI, UsageError } = library;
    class Vault extends RemoteAPI {
      @incoming({ hasReply: true }) look(_from: Sender): Reply<string> {}
      @incoming({ hasReply: true, allow: () => false }) gold(_from: Sender): Reply<string> {}
    }
    expect(() => server.mount('vault', Vault)).toThrow(
      new UsageError(
        "a layer around vault.gold: a page, and each of its workers, imports 'obverse/middleware' for this, beside 'obverse'",
      ),
    );
    await expect(client.callPath('vault.look')).rejects.toMatchObject({ code: library.Code.MethodNotFound });
  });

  it('report a guard that is mounted on an open side of which only interceptors are loaded', async () => {
    const { library, server, client } = await meet({ use: (_call: unknown, next: () => unknown) => next() });
    await import('../../src/extensions/dynamic/install.js');
    const { incoming, RemoteAPI, UsageError } = library;
    class Vault extends RemoteAPI {
      @incoming({ hasReply: true, allow: () => false }) gold(_from: Sender): Reply<string> {}
    }
    expect(() => server.mount('vault', Vault)).toThrow(
      new UsageError(
        "a layer around vault.gold: a page, and each of its workers, imports 'obverse/middleware' for this, beside 'obverse'",
      ),
    );
    await expect(client.callPath('vault.gold')).rejects.toMatchObject({ code: library.Code.MethodNotFound });
  });

  it('report a stream that is called before the side is open', async () => {
    const { ConnectionLost, incoming, RemoteAPI } = await import('../../src/browser.js');
    class Numbers extends RemoteAPI {
      @incoming({ stream: true }) count(_from: Sender): Stream<number> {}
    }
    const side = Numbers.invert().create({ transport: 'memory:nobody', logger: null });
    const first = async (): Promise<unknown> => side.remote.count().next();
    await expect(first()).rejects.toThrow(ConnectionLost);
  });

  it('report items of a stream that nobody can have requested', async () => {
    const { server, client } = await meetWithoutStreams();
    const told: unknown[] = [];
    Object.defineProperty(server, 'onMessageError', {
      value: (_peer: unknown, error: Error) => told.push(error.message),
    });
    const session = [...client.peers.values()].map((peer) => (peer as unknown as { session: Wire }).session)[0] as Wire;
    session.sendSystem('rpc.next', [1, [1]]);
    session.sendSystem('rpc.pull', [null, 1]);
    const why = 'the message belongs to a stream, and this side has no streams';
    await vi.waitFor(() => expect(told).toEqual([why, why]));
    expect(await client.remote.half({ n: 3 })).toBe(1.5);
  });

  it('report a call by path, by a rejection', async () => {
    const { library, client } = await meet();
    await expect(client.callPath('add', { a: 1, b: 2 })).rejects.toThrow(library.UsageError);
  });

  it.each([
    ['a function', () => () => 1],
    ['one within', () => ({ deep: [{ f: () => 1 }] })],
    ['one in a map', () => new Map([[1, new Set([() => 1])]])],
    ['a stream', () => (async function* () {})()],
    ['a side', (side: object) => side],
  ])('report %s as an argument, and nothing is sent', async (_what, make) => {
    const { library, server, client } = await meet();
    let calls = 0;
    server.echo.connect(() => void calls++);
    const failed = client.remote.echo({ value: make(client) });
    await expect(failed).rejects.toThrow(library.UsageError);
    await expect(failed).rejects.toThrow("imports 'obverse/references'");
    expect(await client.remote.add({ a: 1, b: 2 })).toBe(3);
    expect(calls).toBe(0);
  });

  it('report an object of a decorated class, and of one that extends it', async () => {
    const { library, client } = await meet();
    class Base {
      next = (): number => 1;
    }
    library.reference(Base);
    for (const value of [new Base(), new (class extends Base {})()]) {
      await expect(client.remote.echo({ value })).rejects.toThrow("imports 'obverse/references'");
    }
  });

  it('report a function as the result to the caller', async () => {
    const { server, client } = await meet();
    server.counter.connect(() => ({ next: async () => 1 }));
    await expect(client.remote.counter()).rejects.toThrow("imports 'obverse/references'");
    expect(await client.remote.add({ a: 1, b: 2 })).toBe(3);
  });

  it('report a reference that arrives, and one that is to be passed', async () => {
    const { library } = await meet();
    expect(() => library.keep(() => 1)).toThrow(
      "keep(): a page, and each of its workers, imports 'obverse/references'",
    );
    expect(() => library.release(() => 1)).toThrow(
      "release(): a page, and each of its workers, imports 'obverse/references'",
    );
    // Nothing was passed.
    library.revoke(() => 1);
  });
});

type Side = Awaited<ReturnType<typeof meet>>['server'];

describe('a page that receives a function', () => {
  it('refuses the call, and goes on', async () => {
    const { server: page, client } = await meet();
    // The wire is the same as between a page without references and a peer with them.
    const session = [...client.peers.values()].map((peer) => (peer as unknown as { session: Wire }).session)[0] as Wire;
    const answer = new Promise((resolve, reject) => {
      const waiter = { resolve, reject, method: 'run', deadline: Number.POSITIVE_INFINITY, since: 0 };
      session.sendPlainRequest('run', [{ f: { $rpc: ['ref', 1] } }], true, waiter, { tagged: true });
    });
    await expect(answer).rejects.toMatchObject({
      code: -32_000,
      message: expect.stringContaining('obverse/references'),
    });
    session.sendSystem('rpc.keep', [1]);
    session.sendSystem('rpc.release', [1]);
    await expect(session.request('rpc.call', [1, null, []], false, 1_000)).rejects.toThrow();
    await expect(session.request('rpc.stream', [1], false, 1_000)).rejects.toThrow();
    expect(await client.remote.add({ a: 1, b: 2 })).toBe(3);
    await page.close();
  });
});

interface Wire {
  sendPlainRequest(method: string, args: unknown[], named: boolean, waiter: object, about: object): number;
  sendSystem(method: string, args: unknown[]): boolean;
  request(method: string, args: unknown[], named: boolean, timeout: number): Promise<unknown>;
}

describe('a page that imports what it uses', () => {
  it('has it, also for sides that were created before', async () => {
    const { server, client } = await meet();
    await import('../../src/all.js');
    server.setHandler('double', (_from: Sender, { n }: { n: number }) => 2 * n);
    expect(await client.callPath('double', { n: 2 })).toBe(4);
    const seen: string[] = [];
    client.use(({ path }, next) => {
      seen.push(path);
      return next();
    });
    server.run.connect((_from, f) => f(20));
    expect(await client.remote.run((n) => n + 1)).toBe(21);
    client.ask.connect(() => 'here');
    const group = server.group('room').add(...server.peers.values());
    const answers = await server.gather(group).ask();
    expect(answers).toMatchObject([{ status: 'fulfilled', value: 'here' }]);
    expect(seen).toEqual(['run', 'callback', 'ask']);
    expect([...server.everyone]).toHaveLength(1);
  });
});
