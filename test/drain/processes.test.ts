import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/core-waiting.js';
import { dialDesk } from './fleet.js';

const program = fileURLToPath(new URL('../support/draining-program.ts', import.meta.url));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Ended {
  readonly failures: readonly string[];
  readonly seen: { readonly asked: number; readonly confirmed: number };
}

/** Starts a server, which waits until its address is free. */
function start(address: string, codec: string, name: string) {
  const child = fork(program, [address, codec, name], { execArgv: ['--import', 'tsx'] });
  children.push(child);
  const said = (field: string) =>
    new Promise<Record<string, unknown>>((resolve) => {
      child.on('message', (message: Record<string, unknown>) => field in message && resolve(message));
    });
  const loaded = said('isLoaded');
  const serves = said('address').then(({ address: at }) => at as string);
  const ended = said('failures');
  /** Ends it by SIGTERM; resolves with what it has seen. */
  const end = async (): Promise<Ended> => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const seen = await ended;
    expect((await exited)[0]).toBe(0);
    return seen as unknown as Ended;
  };
  return { loaded, serves, end };
}

describe.each([
  ['tcp://127.0.0.1:0', 'jrpc'],
  ['ws://127.0.0.1:0', 'msgpack'],
])('processes that take each other’s place by SIGTERM, over %s with %s', (url, codec) => {
  it('lose no call', async () => {
    let server = start(url, codec, '0');
    const address = await server.serves;
    const client = await dialDesk(address, { codec });
    const seen: Ended[] = [];
    const asked = (name: string): number => client.by.get(name) ?? 0;
    for (const name of ['1', '2']) {
      await until(() => asked(String(Number(name) - 1)) > 20);
      const next = start(address, codec, name);
      // To load it takes longer than draining may, where the machine is busy.
      await next.loaded;
      seen.push(await server.end());
      await next.serves;
      server = next;
    }
    await until(() => asked('2') > 20);
    await client.stop();
    await client.client.close({ drain: 20_000 });
    seen.push(await server.end());
    expect([...client.failures, ...seen.flatMap(({ failures }) => failures)]).toEqual([]);
    expect(client.events.filter((event) => event.startsWith('reconnect'))).toEqual(
      Array(2).fill('reconnected: leaving'),
    );
    for (const each of seen) expect(each.seen.confirmed).toBeGreaterThan(0);
  });
});
