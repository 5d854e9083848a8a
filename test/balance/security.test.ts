import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Security } from '../../src/contract/contract.js';
import { balance } from '../../transports/balance.js';
import { byToken, Desk } from '../authentication/sides.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { allUp, atEnd, balanced, connect, counts, serve, socketPath } from './sides.js';

/** Signs each message, later. */
function signing(key: string): Security {
  const sign = (payload: unknown): string =>
    createHmac('sha256', key)
      .update(payload as string)
      .digest('base64');
  return {
    seal: async (payload) => ({ info: { signature: sign(payload) } }),
    open: async (payload, info) => {
      if (sign(payload) !== info.signature) throw new Error('the signature does not fit');
      return payload;
    },
  };
}

describe('a security', () => {
  it('holds for each part, in both directions', async () => {
    const options = { security: signing('a key') };
    const servers = await Promise.all(
      ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0', socketPath()].map((address, n) => serve(`s${n}`, address, options)),
    );
    for (const server of servers) server.meet.connect(async (sender) => `met ${await server.name(sender)}`);
    const { client } = await balanced(servers, {}, options);
    client.name.connect(() => 'ann');
    const names = await Promise.all(Array.from({ length: 30 }, () => client.remote.who()));
    expect(counts(names)).toEqual({ s0: 10, s1: 10, s2: 10 });
    const metadata = { metadata: { from: 'a test' } };
    for (const _server of servers) expect(await client.to(null, metadata).meet()).toBe('met ann');
  });

  it('of another key is refused by each part', async () => {
    const server = await serve('s0', undefined, { security: signing('a key') });
    const { client } = await balanced([server], {}, { security: signing('another') });
    expect((await failure(client.remote.who())).message).toContain('the signature does not fit');
  });
});

describe('credentials', () => {
  const desks = (count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const side = atEnd(
          await Desk.serve(n % 2 === 0 ? 'tcp://127.0.0.1:0' : 'ws://127.0.0.1:0', {
            logger: null,
            authenticate: byToken,
          }),
        );
        side.whoami.connect(({ peer }) => peer.user);
        return side;
      }),
    );

  it.each([
    ['as a text', 't0ken-ann'],
    ['of an asynchronous function', async () => 't0ken-ann'],
  ])('%s are brought to each part', async (_how, credentials) => {
    const servers = await desks(3);
    const parts = balance(servers.map(({ address }) => address));
    const client = atEnd(await Desk.invert().connect(parts, { logger: null, credentials }));
    await allUp(parts);
    for (const _server of servers) expect(await client.remote.whoami()).toEqual({ id: 'ann', admin: true });
  });

  it('that are refused by all parts reject `connect`, and by one of them leave that out', async () => {
    const servers = await desks(2);
    const addresses = servers.map(({ address }) => address);
    const refused = Desk.invert().connect(balance(addresses), { logger: null, credentials: 'nonsense' });
    expect((await failure(refused)).message).toContain('no part of balance: can be reached: ');
    const open = atEnd(await Desk.serve('tcp://127.0.0.1:0', { logger: null }));
    open.whoami.connect(() => 'anybody');
    const log = new Log();
    const parts = balance([open.address, addresses[0]!]);
    const client = atEnd(await Desk.invert().connect(parts, { logger: log, credentials: 'nonsense' }));
    await until(() => log.errors.length > 0);
    expect(log.errors.map(String)).toEqual([
      `obverse: ${addresses[0]} of balance: is down, and is not dialed again: the credentials were refused`,
    ]);
    expect(log.warnings).toEqual([]);
    for (let n = 0; n < 4; n++) expect(await client.remote.whoami()).toBe('anybody');
  });
});

it('a part over which nobody says hello works as well', async () => {
  const server = await serve('s0', undefined, { codec: 'jrpc?hello=off' });
  const client = await connect(`balance:(${server.address})`, { codec: 'jrpc?hello=off' });
  expect(await client.remote.who()).toBe('s0');
});
