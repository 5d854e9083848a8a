import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/index.js';
import { balance } from '../../transports/balance.js';
import { Jobs } from '../services/service-spec.js';
import { failure } from '../support/core-waiting.js';
import { connect, serve } from './sides.js';

describe('the address of a balance', () => {
  it.each([
    ['balance:', '"balance:" has no parts; expected balance:(a)(b)'],
    ['balance:()', '"balance:()" has an empty part; expected an address in the brackets'],
    ['balance:(tcp://127.0.0.1:1', 'has a "(" that is not closed; expected as many ")"'],
    ['balance:tcp://127.0.0.1:1', 'cannot be read at "tcp://127.0.0.1:1"; expected parts, as in balance:(a)(b)'],
    [
      'balance:(tcp://127.0.0.1:1)?bye=turn',
      'balance: has no option "bye"; did you mean by? There are by, delay, parts',
    ],
    ['balance:(tcp://127.0.0.1:1)?by=trun', 'the option "by" must be turn or pending, not "trun"'],
    ['balance:(tcp://127.0.0.1:1)?delay=soon', 'the option "delay" must be a number of milliseconds'],
    ['balance:(tcp://127.0.0.1:1?frmaing=nul)', 'tcp: has no option "frmaing"; did you mean framing?'],
  ])('%s is refused', async (address, text) => {
    const error = await failure(connect(address));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(text);
  });

  it('may have options of its parts and of its own, and further parts', async () => {
    const [first, second] = [await serve('s0'), await serve('s1', 'tcp://127.0.0.1:0?framing=nul')];
    for (const address of [
      `balance:(${first.address})(${second.address})?by=pending`,
      `balance:[${first.address}]{${second.address}}?by=pending&delay=50`,
    ]) {
      const client = await connect(address);
      expect(await client.remote.who()).toMatch(/^s/);
    }
    const parts = [{ url: second.address }];
    const client = await connect({ url: `balance:(${first.address})`, parts, by: 'turn', delay: [1, 2] });
    expect(await client.remote.who()).toMatch(/^s/);
  });

  it('cannot be served, and is not dialed again by another transport', async () => {
    for (const source of ['balance:(tcp://127.0.0.1:0)', balance(['tcp://127.0.0.1:0'])])
      expect((await failure(Jobs.serve(source))).message).toContain(
        'balance: is for the side that connects: serve each address',
      );
    const { address } = await serve('s0');
    const again = await failure(connect(`balance:(${address})`, { reconnect: true }));
    expect(again).toBeInstanceOf(UsageError);
    expect(again.message).toContain(
      'cannot dial balance: again: it dials each of its parts again by itself; omit reconnect',
    );
  });

  it('of the function `balance` has the same options', () => {
    expect(() => balance('tcp://127.0.0.1:1' as never)).toThrow('balance() expects a list of transports');
    expect(() => balance([], { bye: 'turn' } as never)).toThrow('balance: unknown option "bye"');
    expect(() => balance([], { by: 'trun' as never })).toThrow('balance: the option "by" must be "turn" or "pending"');
  });
});
