import { expect, it } from 'vitest';
import {
  incoming,
  RemoteAPI,
  type Reply,
  type Sender,
  type StandardSchema,
  type Stream,
  type ValueType,
} from '../../src/index.js';

/** A function of the application that throws a text that the peer must not receive. */
const fails = (): never => {
  throw new Error('secret 1234');
};
class Money {
  constructor(readonly cents: number) {}
}
const money: ValueType = { id: 'money', class: Money, pack: fails, unpack: (cents) => new Money(cents as number) };
const schema = { '~standard': { version: 1, vendor: 'test', validate: fails } } satisfies StandardSchema;
const broken = {
  get x() {
    return fails();
  },
};

class Shop extends RemoteAPI {
  @incoming({ hasReply: true }) value(_sender: Sender, _args: { of: string }): Reply<unknown> {}
  @incoming({ hasReply: true }) metadata(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true, args: schema }) checked(_sender: Sender, _args: { n: number }): Reply<unknown> {}
  @incoming({ hasReply: true, allow: fails }) guarded(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true }) body(_sender: Sender): Reply<unknown> {
    return fails();
  }
  @incoming({ stream: true }) stops(_sender: Sender): Stream<unknown> {}
  @incoming({ stream: true }) unreadable(_sender: Sender): Stream<unknown> {}
}

const values: Record<string, unknown> = {
  packed: new Money(1),
  json: { toJSON: fails },
  getter: broken,
  callback: fails,
};

it.each(['jrpc', 'msgpack', 'clone'])(
  'with errors hidden, nothing that a function of the application throws is sent: %s',
  async (codec) => {
    const address = `memory:hidden-everywhere-${codec}`;
    await using shop = await Shop.serve(address, { codec, errors: 'hidden', types: [money], logger: null });
    shop.value.connect((_sender, { of }) => values[of]);
    shop.metadata.connect((sender) => {
      sender.replyMetadata = broken;
      return 1;
    });
    shop.checked.connect(() => 1);
    shop.guarded.connect(() => 1);
    shop.body.connect(() => 1);
    shop.stops.connect(function* () {
      yield 1;
      fails();
    });
    shop.unreadable.connect(() => [1, broken]);
    shop.setHandler('wild.*', fails);
    shop.mount('mounted', { fails });
    await using client = await Shop.invert().connect(address, { codec, logger: null });
    const { remote } = client;
    const all = async (items: AsyncIterable<unknown>) => {
      for await (const _item of items);
    };

    const calls: Record<string, () => unknown> = {
      packed: () => remote.value({ of: 'packed' }),
      json: () => remote.value({ of: 'json' }),
      getter: () => remote.value({ of: 'getter' }),
      callback: async () => ((await remote.value({ of: 'callback' })) as () => unknown)(),
      metadata: () => remote.metadata(),
      checked: () => remote.checked({ n: 1 }),
      guarded: () => remote.guarded(),
      body: () => remote.body(),
      stops: () => all(remote.stops()),
      unreadable: () => all(remote.unreadable()),
      wildcard: () => client.callPath('wild.x'),
      mounted: () => client.callPath('mounted.fails'),
    };
    for (const [name, call] of Object.entries(calls)) {
      const error = await (async () => call())().then(
        () => 'no error',
        (thrown: unknown) => thrown,
      );
      expect([name, error]).toEqual([name, expect.objectContaining({ code: expect.any(Number) })]);
      expect([name, String(error), JSON.stringify(error)].join()).not.toContain('1234');
    }
  },
);
