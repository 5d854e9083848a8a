import { describe, expect, it } from 'vitest';
import { Code, ConnectionLost } from '../../src/index.js';
import { balance } from '../../transports/balance.js';
import { Chat } from '../beyond/chat.js';
import { Program } from '../beyond/programs.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { allUp, atEnd, balanced, connect, counts, roomName, serve, serveAll } from './sides.js';

/** Holds the calls of `slow` until they are released, and notes which server has which. */
function holding(servers: Awaited<ReturnType<typeof serveAll>>) {
  const held: { readonly server: number; readonly n: number; readonly release: () => void }[] = [];
  for (const [server, side] of servers.entries())
    side.slow.connect(
      (_sender, { n }) => new Promise((resolve) => held.push({ server, n, release: () => resolve(`s${server} ${n}`) })),
    );
  return held;
}

describe('a server behind a balance that ends', () => {
  it('rejects its open calls at once, and no others; it is dialed again, and gets calls again', {
    timeout: 120_000,
  }, async () => {
    const programs = [
      await Program.start('serve', 'tcp://127.0.0.1:0'),
      await Program.start('serve', 'tcp://127.0.0.1:0'),
    ];
    const [first, second] = programs as [Program, Program];
    for (const each of programs) atEnd({ close: () => each[Symbol.asyncDispose]() });
    const log = new Log();
    const servers = balance([first.address, second.address], { delay: [1, 50] });
    const client = atEnd(await Chat.invert().connect(servers, { logger: log, timeout: 60_000 }));
    await allUp(servers);
    const calls = Array.from({ length: 10 }, () => failure<ConnectionLost>(client.remote.wait()));
    await first.writes('begun');
    await second.writes('begun');
    const address = first.address;
    await first.kill();
    const lost = await Promise.race([
      Promise.all(calls.filter((_, n) => n % 2 === 0)),
      Promise.all(calls.filter((_, n) => n % 2 === 1)),
    ]);
    for (const error of lost) {
      expect(error).toBeInstanceOf(ConnectionLost);
      expect(error.maybeExecuted).toBe(true);
    }
    expect(client.pendingCalls()).toHaveLength(5);
    for (let n = 0; n < 5; n++) expect(await client.remote.join({ name: `${n}` })).toContain('welcome');
    await until(() => log.warnings.length === 1);
    expect(String(log.warnings[0])).toContain(`${address} of balance: is down, and is dialed again: `);
    const again = await Program.start('serve', address);
    atEnd({ close: () => again[Symbol.asyncDispose]() });
    await allUp(servers);
    expect(String(log.warnings[1])).toContain(`${address} of balance: is up again`);
    const begun = Promise.all([client.remote.wait(), client.remote.wait()]);
    begun.catch(() => {});
    await again.writes('begun');
    expect(log.errors).toEqual([]);
  });

  it('gets no call between the end of its session and that of its link', async () => {
    const servers = await serveAll(2);
    const held = holding(servers);
    const { client } = await balanced(servers);
    const names = Array.from({ length: 4 }, (_, n) =>
      client.remote
        .slow({ n })
        .catch(async () => (await Promise.all([client.remote.who(), client.remote.who()])).join()),
    );
    await until(() => held.length === 4);
    await servers[0]?.close();
    await until(() => servers[1]?.peers.size === 1);
    for (const { server, release } of held) if (server === 1) release();
    expect(counts((await Promise.all(names)).map((name) => name.slice(0, 5)))).toMatchObject({ 's1,s1': 2 });
  });

  it('sends its idempotent calls to another one', async () => {
    const servers = await serveAll(2);
    const held = holding(servers);
    const { client } = await balanced(servers);
    const calls = Array.from({ length: 10 }, (_, n) => client.to(null, { idempotent: true }).slow({ n }));
    await until(() => held.length === 10);
    await servers[0]?.close();
    await until(() => held.length === 15);
    for (const { server, release } of held) if (server === 1) release();
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 10 }, (_, n) => `s1 ${n}`));
  });

  it('sends calls that were not given to its link to another one', async () => {
    const servers = await serveAll(2);
    const { client } = await balanced(servers);
    servers[1]?.meet.connect(() => 'not called back');
    servers[0]?.meet.connect(async (sender) => servers[0]!.name(sender));
    // Calls that are made in the turn in which the link is cut have not left.
    const names: Promise<string>[] = [];
    client.name.connect((sender) => {
      for (let n = 0; n < 6; n++) names.push(client.remote.who());
      void (sender.peer as unknown as { close(reason: Error): Promise<void> }).close(new Error('cut'));
      return 'name';
    });
    await Promise.allSettled([client.remote.meet(), client.remote.meet()]);
    expect(names).toHaveLength(6);
    expect(counts(await Promise.all(names))).toEqual({ s1: 6 });
  });

  it('is left out, and calls reject at once where no other one is up', async () => {
    const server = await serve('s0');
    const { address } = server;
    const { client, servers } = await balanced([server]);
    const [peer] = [...client.peers.values()];
    expect(peer?.isAway).toBe(false);
    await server.close();
    await until(() => servers.parts[0]?.isUp === false);
    const error = await failure<ConnectionLost>(client.remote.who());
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.maybeExecuted).toBe(false);
    expect(error.message).toContain(`no part of balance: is up: (${address}) `);
    expect(peer?.isAway).toBe(true);
    expect(() => client.remote.told({ text: 'lost' })).toThrow('no part of balance: is up');
    expect(client.pendingCalls()).toEqual([]);
    await serve('again', address);
    await allUp(servers);
    expect(await client.remote.who()).toBe('again');
    expect(peer?.isAway).toBe(false);
    expect(client.peers.size).toBe(1);
  });

  it('that is silent is found by the heartbeat', { timeout: 120_000 }, async () => {
    const program = await Program.start('serve', 'tcp://127.0.0.1:0');
    const other = await Program.start('serve', 'ws://127.0.0.1:0');
    for (const each of [program, other]) atEnd({ close: () => each[Symbol.asyncDispose]() });
    const servers = balance([program.address, other.address]);
    const client = atEnd(await Chat.invert().connect(servers, { logger: null, beat: 1_000 }));
    await allUp(servers);
    const calls = [failure(client.remote.wait()), failure(client.remote.wait())];
    await program.writes('begun');
    await other.writes('begun');
    program.stop();
    expect((await Promise.race(calls)).message).toContain('does not answer (option "beat": 1000 ms)');
    expect(client.pendingCalls()).toHaveLength(1);
    expect(await client.remote.join({ name: 'ann' })).toContain('ann');
  });
});

describe('a server behind a balance that is busy', () => {
  /**
   * Servers that have one call at work, which calls its caller back, and another one that waits: they refuse any more. `release` lets them go
   * on.
   */
  async function occupied(count: number) {
    const narrow = { concurrency: 1, limits: { queuedCalls: 1 } };
    const servers = await Promise.all(Array.from({ length: count }, (_, n) => serve(`s${n}`, undefined, narrow)));
    const { client, servers: parts } = await balanced(servers);
    let release: () => void = () => {};
    const waits = new Promise<string>((resolve) => {
      release = () => resolve('ann');
    });
    client.name.connect(() => waits);
    for (const server of servers) server.meet.connect(async (sender) => `met ${await server.name(sender)}`);
    const calls = [...servers, ...servers].map(() => client.remote.meet());
    await until(() => servers.every((server) => server.pendingCalls().length === 1));
    return { client, parts, release, calls };
  }

  it('has its call sent once to another one', async () => {
    const { client, parts, release, calls } = await occupied(1);
    await parts.add((await serve('free')).address);
    await allUp(parts);
    const names = await Promise.all(Array.from({ length: 10 }, () => client.remote.who()));
    expect(counts(names)).toEqual({ free: 10 });
    release();
    expect(await Promise.all(calls)).toEqual(['met ann', 'met ann']);
  });

  it('gives its answer to the caller where the others are busy too, or there is no other one', async () => {
    for (const count of [1, 2]) {
      const { client, release, calls } = await occupied(count);
      await expect(client.remote.who()).rejects.toMatchObject({ code: Code.Busy });
      release();
      expect(counts(await Promise.all(calls))).toEqual({ 'met ann': 2 * count });
      expect(client.pendingCalls()).toEqual([]);
    }
  });
});

describe('connecting to several servers', () => {
  it('resolves when the first one is up; one that comes up later joins', async () => {
    const server = await serve('s0');
    const later = roomName();
    const log = new Log();
    const servers = balance([later, server.address], { delay: [1, 20] });
    const client = await connect(servers, { logger: log });
    expect(await client.remote.who()).toBe('s0');
    await until(() => log.warnings.length === 1);
    expect(String(log.warnings[0])).toContain(
      `${later} of balance: is down, and is dialed again: nobody serves ${later}`,
    );
    await serve('s1', later);
    await allUp(servers);
    expect(counts([await client.remote.who(), await client.remote.who()])).toEqual({ s0: 1, s1: 1 });
  });

  it('rejects if none can be reached, with the reason of each', async () => {
    const gone = await serve('gone');
    const { address } = gone;
    await gone.close();
    const error = await failure<ConnectionLost>(connect(`balance:(${address})(memory:nobody)`));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.message).toContain(`no part of balance: can be reached: (${address}) cannot connect to ${address}`);
    expect(error.message).toContain('; (memory:nobody) nobody serves memory:nobody');
    expect(error.maybeExecuted).toBe(false);
  });

  it('reports a peer once the first one is up, and its end when the side is closed', async () => {
    const { Jobs } = await import('../services/service-spec.js');
    const server = await serve('s0');
    const client = atEnd(
      Jobs.invert().create({ transport: `balance:(${server.address})(memory:nobody)`, logger: null }),
    );
    const events: string[] = [];
    const names: Promise<string>[] = [];
    client.on('connect', (peer) => {
      events.push(`connect ${peer.id}`);
      names.push(client.who(peer));
    });
    client.on('disconnect', (peer) => events.push(`disconnect ${peer.id}`));
    await client.open();
    expect(await Promise.all(names)).toEqual(['s0']);
    await client.close();
    expect(events).toEqual(['connect balance', 'disconnect balance']);
  });
});
