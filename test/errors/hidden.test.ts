import { expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, RpcError, type Sender } from '../../src/index.js';
import { failure } from '../support/core-waiting.js';

class Money {
  constructor(readonly cents: number) {}
}
const type = (unpack: (data: unknown) => unknown) => ({
  id: 'money',
  class: Money,
  pack: ({ cents }: Money) => cents,
  unpack,
});
class Bank extends RemoteAPI {
  @incoming({ hasReply: true }) pay(_sender: Sender, _args: { sum: unknown }): Reply<unknown> {}
}

async function told(thrown: unknown, errors: 'hidden' | 'message'): Promise<unknown> {
  const types = [
    type(() => {
      throw thrown;
    }),
  ];
  await using bank = await Bank.serve('memory:hidden-bank', { errors, types: types as never, logger: null });
  bank.pay.connect(() => 'paid');
  const other = [type((data) => new Money(data as number))];
  await using client = await Bank.invert().connect('memory:hidden-bank', { types: other as never, logger: null });
  return await failure(client.remote.pay({ sum: new Money(5) }));
}

it('with errors hidden, what unpack of a type throws is not sent', async () => {
  expect(String(await told(new Error('password 1234'), 'hidden'))).not.toContain('1234');
  expect(String(await told('password 1234', 'hidden'))).not.toContain('1234');
  expect(await told(new RpcError('too much', 7), 'hidden')).toMatchObject({
    message: expect.stringContaining('too much'),
    code: -32602,
  });
  expect(await told(new Error('no number'), 'message')).toMatchObject({
    message: expect.stringContaining('no number'),
  });
});

it('methods of a mounted object whose names begin with an underscore are not served, as in a reference', async () => {
  const object = {
    open: () => 'open',
    _hidden: () => 'hidden',
    within: { _hidden: () => 'hidden', open: () => 'open' },
    _within: { open: () => 'open' },
  };
  await using server = await Bank.serve('memory:hidden-mount', { logger: null });
  server.mount('tools', object);
  await using client = await Bank.invert().connect('memory:hidden-mount', { logger: null });
  expect(await client.callPath('tools.open')).toBe('open');
  expect(await client.callPath('tools.within.open')).toBe('open');
  for (const path of ['tools._hidden', 'tools.within._hidden', 'tools._within.open'])
    expect(await failure(client.callPath(path))).toMatchObject({ code: -32601 });
});
