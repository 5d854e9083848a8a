import { afterEach, describe, expect, it } from 'vitest';
import {
  type CallOptions,
  incoming,
  type Link,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type TransportMaker,
  UsageError,
} from '../../src/index.js';

class Orders extends RemoteAPI {
  @incoming({ hasReply: true }) order(_sender: Sender, _args: { item: string }): Reply<number> {}
  @incoming({ hasReply: true, defaults: { delivery: { attempts: 3 } } }) pay(_sender: Sender): Reply<number> {}
  @incoming count(_sender: Sender, _args: { item: string }): void {}
  @outgoing sold(_to: Receivers, _args: { item: string }): void {}
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

let at = 0;
async function meet(through: (address: string) => string | TransportMaker = (address) => address) {
  const server = await Orders.serve(`memory:delivery-${++at}`, { logger: null });
  open.push(server);
  const called: string[] = [];
  server.implement({
    order: (_sender, { item }) => called.push(`order ${item}`),
    pay: () => called.push('pay'),
    count: (_sender, { item }) => void called.push(`count ${item}`),
  });
  const client = await Orders.invert().connect(through(server.address));
  open.push(client);
  return { server, client, called };
}

/** A link that keeps what is named. */
function keeping(address: string, keeps: Link['keeps']): TransportMaker {
  return async (wire) => {
    const transport = await wire.transport(address, false);
    const { open } = transport;
    return Object.assign(transport, {
      open: (accept: Parameters<typeof open>[0]) =>
        open.call(transport, (link) => accept(Object.defineProperty(link, 'keeps', { value: keeps }))),
    });
  };
}

describe('the option delivery', () => {
  it.each<readonly [delivery: unknown, text: string]>([
    [
      { attempt: 2 },
      'unknown option "attempt" of delivery; did you mean attempts? There are attempts, delay, key, prio',
    ],
    ...['', 'a'.repeat(257), 'a\0b', '\ud800'].map(
      (key) =>
        [
          { key },
          'the option "key" of delivery must be a string of 1 to 256 characters, without the character 0 and halves of pairs (surrogates), not a string',
        ] as const,
    ),
    [{ delay: -1 }, 'the option "delay" of delivery must be a number of milliseconds from 0 to 366 days, not -1'],
    [{ delay: Number.POSITIVE_INFINITY }, 'must be a number of milliseconds from 0 to 366 days, not Infinity'],
    [{ priority: 1.5 }, '"priority" of delivery must be a whole number from -1,000,000 to 1,000,000, not 1.5'],
    [{ attempts: 0 }, 'the option "attempts" of delivery must be a whole number from 1 to 1,000,000, not 0'],
    ...[new Date(), [], new Map(), new (class Delivery {})()].map(
      (value) =>
        [
          value,
          `the option "delivery" of a call must be an object such as { key: 'order-7', attempts: 3 }, not`,
        ] as const,
    ),
    ['order-7', `the option "delivery" of a call must be an object such as { key: 'order-7', attempts: 3 }, not`],
  ])('with a mistake is refused where it is given', async (delivery, text) => {
    const { client } = await meet();
    const options = { delivery } as CallOptions;
    expect(() => client.to(null, options)).toThrow(UsageError);
    expect(() => client.with(options)).toThrow(text);
  });

  it('of a link that keeps nothing is refused at the call, for requests, notifications and lists', async () => {
    const { client, server, called } = await meet();
    const text = /^the option "delivery" has "key", and the link to delivery-\d+\.1 supports nothing of "delivery"$/;
    const keyed = { delivery: { key: 'a' } };
    await expect(client.to(null, keyed).order({ item: 'tea' })).rejects.toThrow(text);
    await expect(client.to(null, keyed).order({ item: 'tea' })).rejects.toThrow(UsageError);
    expect(() => client.to(null, keyed).count({ item: 'tea' })).toThrow(text);
    await expect(client.to(null, { ...keyed, noReply: true }).order({ item: 'tea' })).rejects.toThrow(text);
    await expect(client.remote.pay()).rejects.toThrow('the option "delivery" has "attempts"');
    expect(() => server.to([...server.peers.keys()], keyed).sold({ item: 'tea' })).toThrow('supports nothing');
    const [outcome] = await client.gather(null, keyed).order({ item: 'tea' });
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(UsageError) as unknown });
    expect(called).toEqual([]);
    expect(client.pendingCalls()).toEqual([]);
  });

  it('of a link that keeps some of it is refused for the others', async () => {
    const { client, called } = await meet((address) => keeping(address, ['key', 'attempts']));
    expect(await client.to(null, { delivery: { key: 'a', delay: undefined } }).order({ item: 'tea' })).toBe(1);
    expect(await client.remote.pay()).toBe(2);
    await expect(client.to(null, { delivery: { key: 'a', delay: 5 } }).order({ item: 'oats' })).rejects.toThrow(
      /"delay", and the link to \S+ supports only key, attempts of it$/,
    );
    // The fields of both levels hold.
    await expect(client.to(null, { delivery: { priority: 1 } }).pay()).rejects.toThrow('"priority"');
    client.to(null, { delivery: { key: 'b' } }).count({ item: 'salt' });
    expect(await client.remote.order({ item: 'end' })).toBe(4);
    expect(called).toEqual(['order tea', 'pay', 'count salt', 'order end']);
  });
});
