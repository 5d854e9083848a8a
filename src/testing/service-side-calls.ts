import assert from 'node:assert/strict';
import type { Link, Receiver } from '../contract/contract.js';
import { ConnectionLost } from '../contract/errors.js';
import { attempts, failure, type SideTest, Waiting, watched } from './service-sides.js';
import type { CallingSide } from './service-spec.js';
import { until } from './transport-ends.js';

/** The requirements for calls between sides over the service. */
export function testSideCalls(test: SideTest): void {
  test('lets four servers call back four clients, whose calls have equal ids', async (sides) => {
    const servers = await sides.serveAll(4);
    for (const [at, server] of servers.entries())
      server.meet.connect(async (sender) => `${at} met ${await server.name(sender)}`);
    const clients: CallingSide[] = [];
    for (const name of ['w', 'x', 'y', 'z']) {
      const client = await sides.connect();
      client.name.connect(() => name);
      clients.push(client);
    }
    const met = await Promise.all(
      Array.from({ length: 400 }, async (_, n) => ({ n: n % 4, text: await clients[n % 4]!.remote.meet() })),
    );
    for (const { n, text } of met) assert.match(text, new RegExp(`^[0-3] met ${'wxyz'[n]}$`));
    assert.equal(new Set(met.map(({ text }) => text)).size, 16, 'a server has served no call of a client');
    for (const client of clients) {
      assert.deepEqual(client.pendingCalls(), []);
      assert.equal(client.peers.size, 1, 'the members of a service are among the peers');
    }
  });

  test('rejects a call that nobody serves: it was not carried out', async (sides) => {
    const server = await sides.serve();
    const client = await sides.connect();
    await server.close();
    // A first call may still be given to the server.
    await attempts('a call that was not carried out', async () => {
      const error = await failure(client.remote.who());
      assert.ok(error instanceof ConnectionLost, `not a ConnectionLost: ${String(error)}`);
      return !error.maybeExecuted;
    });
    assert.deepEqual(client.pendingCalls(), []);
  });

  test('cancels a call where it is carried out', async (sides) => {
    const servers = (await sides.serveAll(3)).map((side) => new Waiting(side));
    const client = await sides.connect();
    const control = new AbortController();
    const calls = Array.from({ length: 10 }, (_, n) =>
      failure((n % 2 === 0 ? client.to(null, { signal: control.signal }) : client.remote).wait({ n })),
    );
    await until(
      () => '10 calls to wait',
      () => servers.flatMap((server) => server.calls).length === 10,
    );
    control.abort();
    await Promise.all(calls.filter((_, n) => n % 2 === 0));
    await until(
      () => 'the signals of five calls',
      () => servers.flatMap(({ aborted }) => aborted).length === 5,
    );
    assert.deepEqual(servers.flatMap(({ aborted }) => aborted).sort(), [0, 2, 4, 6, 8]);
    for (const server of servers) server.release();
    for (const [n, call] of calls.entries()) assert.equal((await call) === undefined, n % 2 === 1);
  });

  test('tells each client once what a server says to everybody', async (sides) => {
    const servers = await sides.serveAll(2);
    const heard: string[][] = [];
    for (let n = 0; n < 3; n++) {
      const client = await sides.connect();
      const texts: string[] = [];
      heard.push(texts);
      client.news.connect((_sender, { text }) => texts.push(text));
      const names = new Set<string>();
      await attempts('answers of both servers', async () => names.add(await client.remote.who()).size === 2);
    }
    for (const text of ['one', 'two', 'end']) servers[0]?.news(null, { text });
    await until(
      () => 'what the server has said',
      () => heard.every((texts) => texts.includes('end')),
    );
    for (const texts of heard) assert.deepEqual(texts, ['one', 'two', 'end']);
  });

  test('ignores an outcome that comes late, or twice', async (sides) => {
    await sides.serveAll(2);
    const ids: number[] = [];
    let receiver: Receiver | undefined;
    const client = await sides.connect((transport) =>
      watched(transport, (each, link) => {
        if (link.anycast !== true) return;
        receiver = each;
        note(link, ids);
      }),
    );
    for (let n = 0; n < 20; n++) {
      const calls = Array.from({ length: 10 }, () => client.remote.who());
      // Of all calls that were answered before, while others wait.
      for (const id of ids.slice(0, -10)) receiver?.outcome?.(id, new ConnectionLost('too late'));
      for (const name of await Promise.all(calls)) assert.match(name, /^[01]$/);
    }
    assert.equal(ids.length, 200);
  });
}

/** Notes the ids of the calls that are sent over a link. */
function note(link: Link, ids: number[]): void {
  const { dispatch, choose } = link;
  if (dispatch !== undefined)
    link.dispatch = (frames, call) => {
      if (call.id !== undefined) ids.push(call.id);
      return dispatch.call(link, frames, call);
    };
  if (choose !== undefined)
    link.choose = (call) => {
      if (call.id !== undefined) ids.push(call.id);
      return choose.call(link, call);
    };
}
