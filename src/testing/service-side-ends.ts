import assert from 'node:assert/strict';
import { ConnectionLost } from '../contract/errors.js';
import type { ServiceCase } from './service-case.js';
import { attempts, failure, type SideTest, Waiting, watched } from './service-sides.js';
import { turn, until } from './transport-ends.js';

/** The test of sides that needs `interrupt`. */
export const SIDES_INTERRUPTED = 'loses no call while the connection is interrupted';

/** The requirements for calls between sides when servers and clients are closed, silent, or interrupted. */
export function testSideEnds(test: SideTest, subject: ServiceCase): void {
  test('rejects the calls of a server that is closed, and no others', async (sides) => {
    const servers = await sides.serveAll(2);
    const [first, second] = servers.map((side) => new Waiting(side)) as [Waiting, Waiting];
    const client = await sides.connect();
    const ends: (unknown | undefined)[] = [];
    let sent = 0;
    const ask = (): void => {
      const n = sent++;
      client.remote.wait({ n }).then(
        (text) => (ends[n] = text),
        (error: unknown) => (ends[n] = error),
      );
    };
    await until(
      () => 'each server to have two calls',
      () => {
        if (sent < 200) ask();
        return first.calls.length >= 2 && second.calls.length >= 2;
      },
    );
    await until(
      () => `${sent} calls to wait`,
      () => first.calls.length + second.calls.length === sent,
    );
    const [lost, kept] = [first.calls, second.calls];
    await servers[0]?.close();
    await until(
      () => 'the calls of the closed server to be rejected',
      () => lost.every((n) => ends[n] !== undefined),
    );
    for (const n of lost) assert.ok(ends[n] instanceof ConnectionLost, `not a ConnectionLost: ${String(ends[n])}`);
    assert.deepEqual(
      kept.map((n) => ends[n]),
      kept.map(() => undefined),
    );
    second.release();
    await until(
      () => 'the answers of the other server',
      () => kept.every((n) => ends[n] === `waited ${n}`),
    );
    assert.deepEqual(client.pendingCalls(), []);
  });

  test('sends an idempotent call of a server that is closed to another one', async (sides) => {
    const servers = await sides.serveAll(2);
    const [first, second] = servers.map((side) => new Waiting(side)) as [Waiting, Waiting];
    const client = await sides.connect();
    const calls = Array.from({ length: 20 }, (_, n) => client.to(null, { idempotent: true }).wait({ n }));
    await until(
      () => '20 calls to wait',
      () => first.calls.length + second.calls.length === 20,
    );
    await servers[0]?.close();
    await until(
      () => '20 calls at the other server',
      () => second.calls.length === 20,
    );
    second.release();
    const expected = Array.from({ length: 20 }, (_, n) => `waited ${n}`);
    assert.deepEqual(await Promise.all(calls), expected);
  });

  test('rejects a call after three beats if its server says nothing, and cancels it there', async (sides, place) => {
    const server = await place.serve({ codec: place.codec });
    let beat: number | undefined;
    const client = await sides.connect((transport) =>
      watched(transport, (_receiver, link) => {
        if (link.anycast === true) beat = link.callBeat;
      }),
    );
    // Without reports, the end of the link shows that a server is gone.
    if (beat === undefined) return;
    const error = await failure(client.remote.who());
    assert.ok(error instanceof ConnectionLost, `not a ConnectionLost: ${String(error)}`);
    assert.equal(error.maybeExecuted, true);
    assert.deepEqual(client.pendingCalls(), []);
    await until(
      () => 'the call, and that it is cancelled',
      () => server.heard.length === 2,
    );
  });

  test('keeps a call that takes longer than three beats, if its server reports it', async (sides) => {
    const [server] = await sides.serveAll(1);
    let beat: number | undefined;
    const client = await sides.connect((transport) =>
      watched(transport, (_receiver, link) => {
        if (link.anycast === true) beat = link.callBeat;
      }),
    );
    if (server === undefined || beat === undefined) return;
    const waiting = new Waiting(server);
    const call = client.remote.wait({ n: 1 });
    const passed = new Promise((resolve) => setTimeout(resolve, 5 * (beat as number)));
    // A call that is lost ends this test at once.
    await Promise.race([call, passed]);
    waiting.release();
    assert.equal(await call, 'waited 1');
  });

  test('lets a server that drains finish its calls, and gives it no more', async (sides) => {
    const servers = await sides.serveAll(2);
    const waiting = servers.map((side) => new Waiting(side));
    const client = await sides.connect();
    const calls: Promise<string>[] = [];
    await until(
      () => 'each server to have a call',
      () => {
        if (calls.length < 200) {
          const call = client.remote.wait({ n: calls.length });
          // The end of the test awaits it.
          call.catch(() => {});
          calls.push(call);
        }
        return waiting.every((each) => each.calls.length > 0);
      },
    );
    await until(
      () => `${calls.length} calls to wait`,
      () => waiting.flatMap((each) => each.calls).length === calls.length,
    );
    let isClosed = false;
    const closing = servers[0]?.close({ drain: 6_000 }).then(() => {
      isClosed = true;
    });
    // The first calls may still be given to it.
    await attempts('calls that go to the other server', async () => {
      const names = await Promise.all(Array.from({ length: 10 }, () => client.remote.who()));
      return names.every((name) => name === '1');
    });
    assert.equal(isClosed, false, 'a server was closed before it had finished');
    for (const each of waiting) each.release();
    await Promise.all(calls);
    await closing;
    assert.deepEqual(client.pendingCalls(), []);
    assert.equal(await client.remote.who(), '1');
  });

  test('leaves nothing pending when a client is closed', async (sides) => {
    const servers = await sides.serveAll(2);
    const waiting = servers.map((side) => new Waiting(side));
    const client = await sides.connect();
    const calls = Array.from({ length: 12 }, (_, n) => failure(client.remote.wait({ n })));
    await until(
      () => '12 calls to wait',
      () => waiting.flatMap((each) => each.calls).length === 12,
    );
    await client.close();
    for (const error of await Promise.all(calls)) assert.ok(error instanceof Error);
    assert.deepEqual(client.pendingCalls(), []);
    await until(
      () => 'the signals of all calls, and the ends of the peers',
      () => waiting.flatMap(({ aborted }) => aborted).length === 12 && servers.every(({ peers }) => peers.size === 0),
    );
  });

  test(SIDES_INTERRUPTED, async (sides) => {
    const [side] = await sides.serveAll(1);
    const waiting = new Waiting(side!);
    const client = await sides.connect();
    await client.remote.who();
    const before = Array.from({ length: 10 }, (_, n) => client.remote.wait({ n }));
    await until(
      () => '10 calls to wait',
      () => waiting.calls.length === 10,
    );
    const restore = await subject.interrupt!();
    const meanwhile: Promise<string>[] = [];
    try {
      const [service] = client.peers.values();
      await until(
        () => '`isAway` of the service',
        () => service?.isAway === true,
      );
      for (let n = 0; n < 10; n++) meanwhile.push(client.remote.who());
      waiting.release();
      await turn();
    } finally {
      await restore();
    }
    const expected = Array.from({ length: 10 }, (_, n) => `waited ${n}`);
    assert.deepEqual(await Promise.all(before), expected);
    assert.deepEqual(new Set(await Promise.all(meanwhile)), new Set(['0']));
    assert.deepEqual(client.pendingCalls(), []);
  });
}
