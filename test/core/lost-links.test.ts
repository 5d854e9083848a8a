import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  ConnectionLost,
  incoming,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
  type TransportMaker,
} from 'obverse';
import { afterAll, expect, it } from 'vitest';
import { failure, until } from '../support/core-waiting.js';

class Slow extends RemoteAPI {
  @incoming({ hasReply: true }) wait(_sender: Sender): Reply<void> {}
  @incoming({ hasReply: true }) ready(_sender: Sender): Reply<void> {}
  @incoming({ stream: true }) count(_sender: Sender): Stream<number> {}
  @incoming tell(_sender: Sender): void {}
}

const folder = mkdtempSync(join(tmpdir(), 'obverse-lost-'));
const program = fileURLToPath(new URL('../support/ending-program.ts', import.meta.url));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the program, and returns it with what it prints. */
function start(address: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, address], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => lines.push(line));
  return { child, lines };
}

it.each([
  ['tcp://127.0.0.1:0', /^wait: the link to 127\.0\.0\.1:\d+ ended: the other side closed it or exited$/],
  [`unix:${join(folder, 'slow.sock')}`, /^wait: the link to .*slow\.sock#1 ended: the other side closed it or exited$/],
  ['ws://127.0.0.1:0', /^wait: the link to 127\.0\.0\.1:\d+ ended: the other side closed it or exited$/],
])('a call over %s to a program that is killed fails with the method, the peer and the cause', async (url, text) => {
  const { child, lines } = start(url);
  await until(() => lines.length === 1);
  const client = await Slow.invert().connect(lines[0] as string, { logger: null });
  // It has sent its hello by then: of another peer, nobody knows whether it still reads.
  await client.remote.ready();
  const asked = failure(client.remote.wait());
  await until(() => lines.length === 2);
  child.kill('SIGKILL');
  const error = await asked;
  expect(error).toBeInstanceOf(ConnectionLost);
  expect(error.message).toMatch(text);
  // Later calls report what happened to the peer.
  const why = error.message.slice('wait: '.length);
  const later = `no peer is connected any more: ${why}`;
  expect((await failure(client.remote.wait())).message).toBe(later);
  expect((await failure(client.remote.count().next())).message).toBe(later);
  expect((await failure(client.gather(null).wait())).message).toBe(later);
  // A notification for everybody now has no receiver, which is not an error.
  client.remote.tell();
  await client.close();
});

it('each call rejects with an error of its own, with its method, whichever side closed the link', async () => {
  for (const closing of ['here', 'there', 'peer', 'reason'] as const) {
    await using server = await Slow.serve('memory:lost-links', { logger: null });
    let begun = 0;
    server.wait.connect(() => {
      begun++;
      return new Promise(() => {});
    });
    server.count.connect(async function* () {
      begun++;
      await new Promise(() => {});
      yield 1;
    });
    await using client = await Slow.invert().connect(server.address, { logger: null });
    const [far] = client.peers.values();
    const errors = [
      client.remote.wait(),
      client.remote.wait(),
      client.remote.count().next(),
      client.to(null).detailed.wait(),
      client.gather(null).wait(),
    ].map((promise) =>
      failure<Error | undefined>(
        (promise as Promise<unknown>).then((all) =>
          Promise.reject((all as readonly PromiseRejectedResult[])[0]?.reason),
        ),
      ),
    );
    await until(() => begun === 5);
    const gone = far?.id;
    if (closing === 'here') await client.close();
    else if (closing === 'there') await server.close();
    else await far?.close(closing === 'peer' ? undefined : new Error('too slow'));
    const [one, two, three, four, five] = await Promise.all(errors);
    const why = {
      here: `the link to ${gone} was closed on this side`,
      there: `the link to ${gone} ended: the other side closed it or exited`,
      peer: `the link to ${gone} was closed on this side`,
      reason: `the link to ${gone} was closed on this side: too slow`,
    }[closing];
    for (const error of [one, two, four, five]) expect(error?.message).toBe(`wait: ${why}`);
    expect(three?.message).toBe(`count: ${why}`);
    expect(one).not.toBe(two);
    if (closing === 'reason') expect(one?.cause).toMatchObject({ message: 'too slow' });
  }
});

it('a call on a side that is not open reports whether it was not opened, is opening or was closed', async () => {
  const address = 'memory:not-open';
  const make = (transport: string | TransportMaker) => Slow.invert().create({ transport, logger: null });
  const ways = (side: ReturnType<typeof make>): Promise<unknown>[] => [
    side.remote.wait(),
    side.wait(null),
    side.wait('ann'),
    side.to(null, { timeout: 50 }).wait(),
    side.to(['ann', 'bob']).wait(),
    side.remote.count().next(),
    side.gather(null).wait(),
    side.to(null).detailed.wait(),
    (async () => side.remote.tell())(),
    (async () => side.tell('ann'))(),
    (async () => side.tell(['ann', 'bob']))(),
    side.callPath('wait'),
    side.wait(side.everyone),
  ];
  const all = async (side: Parameters<typeof ways>[0]) =>
    new Set((await Promise.all(ways(side).map((promise) => failure(promise)))).map((error) => error.message));

  const side = make(address);
  expect(await all(side)).toEqual(new Set(['the side is not open: await open() first']));
  await using server = await Slow.serve(address, { logger: null });
  await side.open();
  await side.close();
  expect(await all(side)).toEqual(new Set(['the side is closed: close() was called, or it could not be opened']));
  await server.close();

  const opening = make(() => new Promise(() => {}));
  opening.open().catch(() => {});
  expect((await failure(opening.remote.wait())).message).toBe('the side is still opening: await open() first');

  const failed = make('memory:nobody-there');
  await failure(failed.open());
  expect(await all(failed)).toEqual(new Set(['the side is closed: close() was called, or it could not be opened']));
});

it('a call on a side that listens and has had no peer yet reports only that', async () => {
  await using server = await Slow.invert().serve('memory:nobody-yet', { logger: null });
  expect((await failure(server.remote.wait())).message).toBe('no peer is connected');
});
