import { describe, expect, it } from 'vitest';
import {
  Code,
  incoming,
  outgoing,
  type Peer,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  RemoteError,
  type Reply,
  type Sender,
  serializable,
  standardTypes,
  type TypeEntry,
  UsageError,
} from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';

@serializable({ id: 'money' })
class Money {
  constructor(readonly amount: number) {
    if (!(amount >= 0)) throw new RangeError('an amount is not negative');
  }
  static pack({ amount }: Money): number {
    if (amount === 13) throw new RangeError('not this one');
    return amount;
  }
  static unpack(data: unknown): Money {
    return new Money(data as number);
  }
}

/** The reports to the serving side. */
let troubles: unknown[] = [];

class Bank extends RemoteAPI {
  @incoming({ hasReply: true, params: ['value'], allowPositionalArgs: true })
  echo(_sender: Sender, _value: unknown): Reply<unknown> {}
  @incoming({ hasReply: true }) give(_sender: Sender, _args: { what: string }): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: { value: unknown }): void {}
  protected override onMessageError(_peer: Peer, error: unknown): void {
    troubles.push(error);
  }
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { value: unknown }): Reply<unknown> {}
}

const all: readonly TypeEntry[] = [standardTypes, Money];
const negative = Object.assign(Object.create(Money.prototype) as Money, { amount: -1 });

/** Both sides of a conversation, each with types of its own. */
async function talk(url: string, codec: string, here: readonly TypeEntry[] = all, there: readonly TypeEntry[] = all) {
  troubles = [];
  const served: unknown[] = [];
  const bank = await Bank.serve(url, { codec, types: here });
  bank.echo.connect((_sender, value) => {
    served.push(value);
    return value;
  });
  bank.tell.connect((_sender, { value }) => {
    served.push(value);
  });
  bank.give.connect((_sender, { what }) => (what === 'unfit' ? new Money(13) : new Money(5)));
  const client = await Bank.invert().connect(bank.address, { codec, types: there });
  client.ask.connect((_sender, { value }) => value);
  return {
    bank,
    client,
    remote: client.remote,
    served,
    async [Symbol.asyncDispose]() {
      await client.close();
      await bank.close();
    },
  };
}

let count = 0;
const places = [
  ['memory:', 'jrpc'],
  ['memory:', 'msgpack'],
  ['memory:', 'clone'],
  ['tcp-server://127.0.0.1:0', 'jrpc'],
  ['tcp-server://127.0.0.1:0', 'msgpack'],
] as const;
const at = (url: string): string => (url === 'memory:' ? `memory:values-${++count}` : url);

describe.each(places)('over %s with %s', (url, codec) => {
  const value = {
    at: new Date(5),
    sums: new Map([[new Money(1), [5n, new Set([Uint8Array.of(1, 2)])]]]),
    odd: [Number.NaN, -0, /a/g, new URL('http://a/')],
    looks: { $rpc: ['money', 5] },
  };

  it('values arrive as instances of their types, as arguments and as results, in both directions', async () => {
    await using both = await talk(at(url), codec);
    expect(await both.remote.echo(value)).toStrictEqual(value);
    expect(both.served).toStrictEqual([value]);
    expect(await both.remote.echo(new Money(5))).toStrictEqual(new Money(5));
    expect(await both.bank.ask(null, { value })).toStrictEqual(value);
    both.remote.tell({ value });
    // A notification is sent before the call after it.
    await both.remote.echo(1);
    expect(both.served).toStrictEqual([value, new Money(5), value, 1]);
    expect(troubles).toEqual([]);
  });

  it('plain data stay unchanged, whatever their keys', async () => {
    await using both = await talk(at(url), codec);
    for (const plain of [{ $rpc: 5 }, { $rpc: ['money', 5] }, [{ $rpc: ['obj', { $rpc: 1 }] }], { $rpc: [], a: 1 }]) {
      expect(await both.remote.echo(plain)).toStrictEqual(plain);
      expect(await both.remote.echo([plain, new Money(1)])).toStrictEqual([plain, new Money(1)]);
    }
  });

  it('a type that one side does not know is refused, with its name', async () => {
    await using both = await talk(at(url), codec, [], all);
    const refused = both.remote.echo({ a: new Money(5) });
    await expect(refused).rejects.toMatchObject({
      code: Code.InvalidParams,
      message: expect.stringMatching(/"money".*register/),
    });
    await expect(refused).rejects.toBeInstanceOf(RemoteError);
    both.remote.tell({ value: new Money(5) });
    await both.remote.echo(1);
    expect(troubles).toMatchObject([{ code: Code.InvalidParams }]);
    expect(both.served).toEqual([1]);
  });

  it('a result of a type that its caller does not know fails that call', async () => {
    await using both = await talk(at(url), codec, all, []);
    const refused = both.remote.give({ what: 'good' });
    await expect(refused).rejects.toBeInstanceOf(ProtocolError);
    await expect(refused).rejects.toMatchObject({
      code: Code.InvalidParams,
      message: expect.stringContaining('"money"'),
    });
    expect(await both.remote.echo(1)).toBe(1);
  });

  it('an error of pack or unpack fails one call', async () => {
    await using both = await talk(at(url), codec);
    await expect(both.remote.echo(new Money(13))).rejects.toThrow('not this one');
    await expect(both.remote.give({ what: 'unfit' })).rejects.toMatchObject({
      code: Code.InternalError,
      message: expect.stringContaining('not this one'),
    });
    await expect(both.remote.echo([negative])).rejects.toMatchObject({
      code: Code.InvalidParams,
      message: expect.stringContaining('an amount is not negative'),
    });
    const cycle: unknown[] = [new Money(1)];
    cycle.push(cycle);
    await expect(both.remote.echo(cycle)).rejects.toBeInstanceOf(UsageError);
    expect(await both.remote.echo(new Money(1))).toEqual(new Money(1));
  });

  it('a side without types sends what the codec makes of a value', async () => {
    await using both = await talk(at(url), codec, all, []);
    expect(await both.remote.echo([new Money(5)])).toEqual([{ amount: 5 }]);
  });
});

describe('a side that has types', () => {
  it('refuses an invalid type when it is created or opened', async () => {
    await expect(Bank.serve(at('memory:'), { types: [class Unmarked {}] })).rejects.toThrow(UsageError);
    await expect(Bank.serve(at('memory:'), { types: Money as never })).rejects.toThrow(
      /"types" must be an array of types/,
    );
  });

  it('sends nothing about them to a peer that is not Obverse', async () => {
    await using both = await talk('tcp-server://127.0.0.1:0', 'terse');
    expect(await both.remote.echo([new Money(5)])).toEqual([{ amount: 5 }]);
  });

  it('announces tagged values, and sends plain data otherwise', async () => {
    await using both = await talk('tcp-server://127.0.0.1:0', 'jrpc');
    using raw = await RawClient.connect(both.bank.address);
    const call = (id: number, value: unknown) => ({ jsonrpc: '2.0', id, method: 'echo', params: { value } });
    raw.write(call(1, { $rpc: ['money', 5] }));
    raw.write(
      { jsonrpc: '2.0', method: 'rpc.about', params: [{ call: 2, tagged: true }] },
      call(2, { $rpc: ['money', 5] }),
    );
    raw.write({ jsonrpc: '2.0', method: 'rpc.about', params: [{ call: 3, tagged: true }] }, call(3, { $rpc: 5 }));
    raw.write(call(4, 1));
    await raw.until(() => raw.lines.some((line) => line.includes('"id":4')));
    expect(raw.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { jsonrpc: '2.0', id: 1, result: { $rpc: ['money', 5] } },
      { jsonrpc: '2.0', method: 'rpc.about', params: expect.anything() },
      { jsonrpc: '2.0', id: 2, result: { $rpc: ['money', 5] } },
      { jsonrpc: '2.0', id: 3, error: { code: Code.InvalidParams, message: expect.stringContaining('$rpc') } },
      { jsonrpc: '2.0', id: 4, result: 1 },
    ]);
    expect(raw.lines[1]).toContain('"tagged":true');
    expect(both.served).toEqual([{ $rpc: ['money', 5] }, new Money(5), 1]);
  });
});
