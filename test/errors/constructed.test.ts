import { incoming, isRemote, RemoteAPI, RemoteError, type Reply, type Sender } from 'obverse';
import { describe, expect, it } from 'vitest';
import { failure, Log } from '../support/core-waiting.js';
import { answered, explode, faultOf, thrown, ways } from './shelf.js';

/** Only its constructor can set its private field. */
class Overdrawn extends Error {
  override name = 'Overdrawn';
  readonly #missing: number;
  constructor(
    missing: number,
    readonly account: { iban: string },
  ) {
    super(`${account.iban} lacks ${missing}`);
    this.#missing = missing;
  }
  get missing(): number {
    return this.#missing;
  }
  static pack(error: Overdrawn): ConstructorParameters<typeof Overdrawn> {
    return [error.missing, error.account];
  }
}
class Late extends Error {
  constructor(readonly by: number) {
    super(`late by ${by}`);
  }
}
class Picky extends Error {
  static made = 0;
  constructor(readonly n: number) {
    super('picky');
    if (typeof n !== 'number') throw new TypeError('n is a number');
    Picky.made++;
  }
  static pack({ n }: Picky): unknown[] {
    return [n];
  }
}

describe('an error whose class specifies the arguments of its constructor', () => {
  it.each(ways)('is constructed on the other side, over $codec', async (way) => {
    const what = new Overdrawn(5, { iban: 'DE1' });
    const error = await thrown<Overdrawn>(what, { errorClasses: [Overdrawn] }, undefined, way);
    expect(error).toBeInstanceOf(Overdrawn);
    expect(error.missing).toBe(5);
    expect(error).toMatchObject({ message: 'DE1 lacks 5', account: { iban: 'DE1' }, name: 'Overdrawn' });
    expect(isRemote(error)).toBe(true);
  });

  it('sends these instead of its fields', async () => {
    const { data } = await faultOf(new Overdrawn(5, { iban: 'DE1' }), { errorClasses: [Overdrawn] });
    expect(data).toEqual({ name: 'Overdrawn', args: [5, { iban: 'DE1' }] });
  });

  it('may be specified in the table, with the function that makes it', async () => {
    const there = { Late: { class: Late, pack: (error: Late) => [error.by, 'min'] } };
    const here = { Late: { class: Late, unpack: (by: number, unit: string) => Object.assign(new Late(by), { unit }) } };
    const error = await thrown(new Late(3), { errorClasses: there }, { errorClasses: here });
    expect(error).toBeInstanceOf(Late);
    expect(error).toMatchObject({ by: 3, unit: 'min', message: 'late by 3' });
  });

  it('keeps what its constructor does not set: code, data, cause', async () => {
    const what = Object.assign(new Late(3), { code: 12, data: 'more', cause: new TypeError('why') });
    const error = await thrown(what, { errorClasses: [{ class: Late, pack: () => [3] }] });
    expect(error).toMatchObject({ code: 12, data: 'more' });
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it('is made without its constructor unless this side requires it', async () => {
    const fault = { code: 1, message: 'from afar', data: { name: 'Late', args: [3] } };
    const error = await answered<Late>(fault, { errorClasses: [Late] });
    expect(error).toBeInstanceOf(Late);
    expect(error.message).toBe('from afar');
    expect(error.by).toBe(undefined);
  });

  it('is made without its constructor if no arguments have arrived', async () => {
    const made = Picky.made;
    const error = await answered({ code: 1, message: 'x', data: { name: 'Picky' } }, { errorClasses: [Picky] });
    expect(error).toBeInstanceOf(Picky);
    expect(Picky.made).toBe(made);
  });

  it.each([
    ['throws', () => explode()],
    ['returns no list', () => 'no list'],
    ['returns too much', () => new Array(33).fill(0)],
  ])('is sent without arguments if its pack %s', async (_what, pack) => {
    const logger = new Log();
    const error = await thrown(new Late(3), { errorClasses: [{ class: Late, pack: pack as never }], logger });
    expect(error).toBeInstanceOf(Late);
    expect(error.message).toBe('late by 3');
    expect(logger.warnings[0]?.[0]).toMatch('pack of Late');
  });
});

describe('the arguments of a hostile peer', () => {
  it.each([
    ['that the constructor refuses', [{ toString: 5 }]],
    ['that are too many', new Array(33).fill(0)],
    ['that are a million', new Array(1_000_000).fill(0)],
  ])('%s result in a RemoteError', async (_what, args) => {
    const logger = new Log();
    const error = await answered<RemoteError>(
      { code: 5, message: 'x', data: { name: 'Picky', args, data: 7 } },
      { errorClasses: [Picky], logger },
    );
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ remoteName: 'Picky', code: 5, message: 'x', data: 7 });
    expect(logger.warnings[0]?.[0]).toMatch('Picky');
  });

  it.each([
    ['nothing', undefined],
    ['a promise', Promise.resolve(new Late(1))],
    ['an error of another class', new Error('x')],
    // biome-ignore lint/suspicious/noThenProperty: the test is about then methods
    ['a thenable', { then() {} }],
    ['a frozen one', Object.freeze(new Late(1))],
  ])('never block a call: unpack returns %s', async (_what, made) => {
    const error = await answered<RemoteError>(
      { code: 5, message: 'x', data: { name: 'Late', args: [1], cause: { value: 1 } } },
      { errorClasses: [{ class: Late, unpack: () => made as Error }] },
    );
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ remoteName: 'Late', code: 5, cause: 1 });
  });

  it('do not call any other constructor', async () => {
    let ran = 0;
    class Silent extends Error {
      constructor() {
        super();
        ran++;
      }
    }
    for (const name of ['Silent', 'Function', 'AggregateError', 'RpcError', 'TypeError'])
      await answered(
        { code: 1, message: 'x', data: { name, args: ['globalThis.ran = 1'] } },
        { errorClasses: [Silent] },
      );
    expect(ran).toBe(0);
    expect('ran' in globalThis).toBe(false);
  });
});

it('arguments that the codec cannot encode are left out, and the peer receives message and code', async () => {
  const classes = [{ class: Late, pack: () => [5n] }];
  const error = await thrown(Object.assign(new Late(3), { code: 9 }), { errorClasses: classes });
  expect(error).toMatchObject({ name: 'RemoteError', code: 9, message: 'late by 3' });
});

it('a class in the errors of a method is constructed too', async () => {
  class Bank extends RemoteAPI {
    @incoming({ hasReply: true, errors: [Overdrawn] }) pay(_sender: Sender): Reply<null> {}
  }
  await using bank = await Bank.serve('memory:bank');
  bank.pay.connect(() => {
    throw new Overdrawn(5, { iban: 'DE1' });
  });
  await using customer = await Bank.invert().connect('memory:bank');
  expect((await failure<Overdrawn>(customer.remote.pay())).missing).toBe(5);
});
