import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionLost, Options } from '../../src/index.js';
import { chaosProxy } from '../../src/testing/chaos-proxy.js';
import { atEnd, clear, dial, serve } from '../resume/resuming.js';
import { failure, until } from '../support/core-waiting.js';

afterEach(clear);

const LONG = 600_000;
const kinds: [string, Options['codec']][] = [
  ['tcp://127.0.0.1:0', 'jrpc'],
  ['ws://127.0.0.1:0', 'msgpack'],
];

/** A client whose server cannot be reached: `back` makes it reachable again. */
async function away(url: string, codec: Options['codec'], options: Options = { resume: true }) {
  const { server, seen, release } = await serve(url, { codec, ...options });
  const proxy = await chaosProxy({ to: server.address });
  const client = await dial(proxy.url, seen, { codec, reconnect: { delay: 1 } });
  const open = client.remote.ask({ n: 1_000 });
  open.catch(() => {});
  await until(() => release.length === 1);
  const port = Number(new URL(proxy.url).port);
  const cut = async () => {
    await proxy.close();
    await until(() => [...client.peers.values()].every(({ isAway }) => isAway));
  };
  const back = async () => {
    const again = await chaosProxy({ to: server.address, port });
    atEnd(() => again.close());
  };
  return { server, client, seen, open, release, cut, back };
}

describe.each(kinds)('close({ drain }) of a side that dials, over %s with %s, while it has no link', (url, codec) => {
  it('waits for the next link: what is open goes on, and what was called meanwhile is carried out', async () => {
    const { client, seen, open, release, cut, back, server } = await away(url, codec);
    await cut();
    const called = client.remote.ask({ n: 2 });
    client.remote.note({ n: 3 });
    const closed = client.close({ drain: LONG });
    const later = client.remote.ask({ n: 4 });
    await back();
    expect(await Promise.all([called, later])).toEqual([4, 8]);
    for (const each of release) each();
    expect(await open).toBe(2_000);
    await closed;
    expect(seen.notes).toEqual([3]);
    expect([...seen.ran.values()]).toEqual([1, 1, 1]);
    await until(() => server.peers.size === 0);
  });

  it('the same where the link is cut during the drain', async () => {
    const { client, open, release, cut, back } = await away(url, codec);
    const closed = client.close({ drain: LONG });
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    await cut();
    const called = client.remote.ask({ n: 2 });
    await back();
    expect(await called).toBe(4);
    for (const each of release) each();
    expect(await open).toBe(2_000);
    await closed;
  });

  it('the same where sessions end with their links: what was not sent is carried out', async () => {
    const { client, open, cut, back, seen } = await away(url, codec, {});
    await cut();
    const called = client.remote.ask({ n: 2 });
    const closed = client.close({ drain: LONG });
    await back();
    expect(await called).toBe(4);
    expect(await failure(open)).toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
    await closed;
    expect(seen.ran.get(2)).toBe(1);
  });

  it('rejects what waits when its time is over, or with close()', async () => {
    const { client, open, cut } = await away(url, codec);
    await cut();
    const called = client.remote.ask({ n: 2 });
    called.catch(() => {});
    await client.close({ drain: 50 });
    const text = expect.stringMatching(/was closed on this side/);
    expect(await failure<ConnectionLost>(called)).toMatchObject({ message: text, maybeExecuted: false });
    expect(await failure<ConnectionLost>(open)).toMatchObject({ message: text, maybeExecuted: true });
  });

  it('closes at once if nothing is open and everything has arrived', async () => {
    const { client, open, release, cut } = await away(url, codec, {});
    for (const each of release) each();
    await open;
    await cut();
    await client.close({ drain: LONG });
  });
});
