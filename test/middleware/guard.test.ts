import { afterEach, describe, expect, it } from 'vitest';
import {
  Code,
  contextKey,
  type IncomingCall,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
} from '../../src/index.js';
import { until, ways } from './sides.js';

const user = contextKey<string>('user');
const isAnn = ({ state }: IncomingCall): boolean => state.get(user) === 'ann';
let verdicts: Promise<boolean>[] = [];
let asked = 0;

class Vault extends RemoteAPI {
  @incoming({ hasReply: true, allow: isAnn }) unlock(_from: Sender): Reply<string> {
    asked++;
  }
  @incoming({ allow: isAnn }) note(_from: Sender, _args: { n: number }): void {}
  @incoming({ allow: () => verdicts.shift() ?? true }) slow(_from: Sender, _args: { n: number }): void {}
  @incoming({ hasReply: true, allow: () => 1 as never }) odd(_from: Sender): Reply<string> {}
  @incoming({
    hasReply: true,
    allow() {
      throw new Error('the database is away');
    },
  })
  broken(_from: Sender): Reply<string> {}
  @outgoing({ hasReply: true, allow: () => false }) other(_to: Receivers): Reply<string> {}
}

let rooms = 0;
const opened: { close(): Promise<void> }[] = [];
async function meet([transport, codec] = ['memory:', 'jrpc'] as readonly [string, string], here: Options = {}) {
  const address = transport === 'memory:' ? `memory:guard-${++rooms}` : transport;
  const server = await Vault.serve(address, { codec, logger: null, ...here });
  const client = await Vault.invert().connect(server.address, { codec, logger: null });
  opened.push(server, client);
  server.unlock.connect(() => 'gold');
  server.odd.connect(() => 'gold');
  server.broken.connect(() => 'gold');
  return { server, client };
}
afterEach(async () => {
  asked = 0;
  for (const side of opened.splice(0)) await side.close();
});

describe.each(ways)('over %s with %s, a guard', (...way) => {
  it('runs after authenticating interceptors, and before body and handlers', async () => {
    const { server, client } = await meet(way);
    const refused = { code: Code.Refused, message: 'the call is not allowed' };
    await expect(client.unlock(null)).rejects.toMatchObject(refused);
    expect(asked).toBe(0);
    server.use(async (call, next) => {
      await Promise.resolve();
      call.state.set(user, call.metadata.token === 'abc' ? 'ann' : undefined);
      return next();
    });
    await expect(client.unlock(null)).rejects.toMatchObject(refused);
    expect(await client.with({ metadata: { token: 'abc' } }).unlock(null)).toBe('gold');
    expect(asked).toBe(1);
  });

  it('drops notifications that it refuses, which is reported', async () => {
    const told: unknown[][] = [];
    const { server, client } = await meet(way, { logger: { warn: (...all) => told.push(all), error() {} } });
    const heard: number[] = [];
    server.note.connect((_from, { n }) => heard.push(n));
    server.use((call, next) => {
      const [{ n }] = call.args as [{ n: number }];
      call.state.set(user, n === 1 ? 'bob' : 'ann');
      return next();
    });
    client.note(null, { n: 1 });
    client.note(null, { n: 2 });
    await until(() => heard.length > 0);
    expect(heard).toEqual([2]);
    expect(told.map(([, what]) => what)).toEqual(['the call is not allowed']);
  });

  it('that is asynchronous keeps the order of arrival', async () => {
    const { server, client } = await meet(way);
    const heard: number[] = [];
    server.slow.connect((_from, { n }) => heard.push(n));
    const decide: ((verdict: boolean) => void)[] = [];
    verdicts = [0, 1, 2].map(() => new Promise((resolve) => decide.push(resolve)));
    for (const n of [1, 2, 3]) client.slow(null, { n });
    await until(() => verdicts.length === 0);
    decide[2]?.(true);
    decide[1]?.(false);
    // Later calls wait too; calls in the other direction do not.
    const odd = client.odd(null).catch(() => heard.push(0));
    await server.other(null).catch(() => {});
    expect(heard).toEqual([]);
    decide[0]?.(true);
    await odd;
    expect(heard).toEqual([1, 3, 0]);
  });
});

it('a guard allows a call only with true', async () => {
  const { client } = await meet();
  await expect(client.odd(null)).rejects.toMatchObject({ code: Code.Refused });
});

it('a guard that throws refuses the call: its error is reported here, and not sent', async () => {
  const told: unknown[][] = [];
  const { client } = await meet(undefined, {
    errors: 'full',
    logger: { warn: (...all) => told.push(all), error() {} },
  });
  const refusal = await client.broken(null).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: Code.Refused, message: 'the call is not allowed' });
  expect(JSON.stringify(refusal)).not.toContain('database');
  expect(told).toEqual([
    [expect.stringContaining('(message 1)'), expect.objectContaining({ message: 'the database is away' })],
  ]);
});

it('a guard that does not settle refuses the call after a time', async () => {
  const told: unknown[] = [];
  const { server, client } = await meet(undefined, {
    timeout: 20,
    logger: { warn: (_text, error) => told.push(error), error() {} },
  });
  const heard: number[] = [];
  server.slow.connect((_from, { n }) => heard.push(n));
  verdicts = [new Promise(() => {})];
  client.slow(null, { n: 1 });
  client.slow(null, { n: 2 });
  await until(() => told.length === 2);
  expect(told).toEqual([
    expect.objectContaining({ message: 'the guard of slow has not decided within 20 ms' }),
    'the call is not allowed',
  ]);
  expect(heard).toEqual([2]);
});

it('a guard runs on the side that serves, whichever that is', async () => {
  const { server, client } = await meet();
  client.other.connect(() => 'reached');
  // The client serves this one.
  await expect(server.other(null)).rejects.toMatchObject({ code: Code.Refused });
});
