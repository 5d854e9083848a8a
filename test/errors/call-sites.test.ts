import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  ConnectionLost,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  RemoteError,
  type Reply,
  type Sender,
  type Stream,
  TimeoutError,
} from 'obverse';
import { afterEach, describe, expect, it, vi } from 'vitest';

class Shop extends RemoteAPI {
  @incoming({ hasReply: true }) buy(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true }) wait(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true }) range(_sender: Sender): Reply<number> {}
  @incoming({ stream: true }) goods(_sender: Sender): Stream<string> {}
  @incoming({ hasReply: true }) call(_sender: Sender, _args: { back: () => Promise<number> }): Reply<string> {}
  @outgoing({ hasReply: true }) hello(_receivers: Receivers): Reply<number> {}
}

afterEach(() => vi.unstubAllEnvs());

let rooms = 0;
async function sides(options: Omit<Options, 'transport'> = { callSites: true }) {
  const shop = await Shop.serve(`memory:call-sites-${++rooms}`, { ...options, logger: null });
  const buyer = await Shop.invert().connect(shop.address, { ...options, logger: null });
  shop.buy.connect(() => {
    throw new Error('sold out');
  });
  shop.range.connect(() => {
    throw new RangeError('too many');
  });
  shop.wait.connect(() => new Promise<number>(() => {}));
  shop.goods.connect(function* () {
    yield 'bread';
    throw new Error('sold out');
  });
  return {
    shop,
    buyer,
    async [Symbol.asyncDispose]() {
      await buyer.close();
      await shop.close();
    },
  };
}

/** What a promise rejects with. */
async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing failed');
}

/** The first line of the stack, and the place of the call in it. */
const first = ({ stack }: Error): string => String(stack).split('\n')[1] ?? '';

function buyHere(buyer: { remote: { buy(): Promise<number> } }): Promise<number> {
  return buyer.remote.buy();
}

it('callSites shows the line of the call, as the first of the stack', async () => {
  await using both = await sides();
  const error = await failure(buyHere(both.buyer));
  expect(error).toBeInstanceOf(RemoteError);
  expect(first(error)).toMatch(/at buyHere .*call-sites\.test\.ts/);
  expect(String(error.stack).split('\n')[0]).toBe('RemoteError: sold out');
  const { buy } = both.buyer.remote;
  expect(first(await failure(buy()))).toContain('call-sites.test.ts');
  for (const call of [
    () => both.buyer.buy(null),
    () => both.buyer.to(null).buy(),
    () => both.buyer.to(null).detailed.buy(),
    () => both.buyer.with({ timeout: 5_000 }).buy(null),
    () => both.buyer.callPath('buy'),
  ])
    expect((await failure(call())).stack).toContain('call-sites.test.ts');
});

it('callSites applies to the error of a timeout, and to built-in classes, which are still remote', async () => {
  await using both = await sides();
  const late = await failure(both.buyer.to(null, { timeout: 10 }).wait());
  expect(late).toBeInstanceOf(TimeoutError);
  expect(first(late)).toContain('call-sites.test.ts');
  const range = await failure(both.buyer.remote.range());
  expect(range).toBeInstanceOf(RangeError);
  expect(range.stack).toMatch(/at the other side of the call\n.*call-sites\.test\.ts/);
});

it('callSites gives each call that ends with its link its own error', async () => {
  const both = await sides();
  const one = failure((() => both.buyer.remote.wait())());
  const other = failure(
    (function elsewhere() {
      return both.buyer.remote.wait();
    })(),
  );
  await both.shop.close();
  const errors = await Promise.all([one, other]);
  for (const error of errors) expect(error).toBeInstanceOf(ConnectionLost);
  expect(errors[0]).not.toBe(errors[1]);
  expect(first(errors[1] as Error)).toContain('elsewhere');
  expect(errors[0]?.stack).not.toContain('elsewhere');
  await both.buyer.close();
});

it('callSites applies to streams, gathered answers and callbacks', async () => {
  await using both = await sides();
  const goods = both.buyer.remote.goods();
  await goods.next();
  expect(first(await failure(goods.next()))).toContain('call-sites.test.ts');

  const [answer] = await both.buyer.gather(null).buy();
  expect(first((answer as { reason: Error }).reason)).toContain('call-sites.test.ts');
  const aggregate = (await failure(both.buyer.gather(null).buy().first())) as AggregateError;
  expect(first(aggregate.errors[0])).toContain('call-sites.test.ts');

  both.shop.call.connect(async function called(_sender, { back }) {
    return String(first(await failure(back())));
  });
  const back = (): Promise<number> => Promise.reject(new Error('no'));
  expect(await both.buyer.remote.call({ back })).toMatch(/called.*call-sites\.test\.ts/);
});

it('callSites keeps the stack that the other side sends', async () => {
  await using both = await sides({ callSites: true, errors: 'full' });
  const { stack } = await failure(buyHere(both.buyer));
  expect(stack).toMatch(/at buyHere [\s\S]*on the other side:\n[\s\S]*sold out/);
});

it('callSites can be enabled by the environment, and the option has precedence', async () => {
  vi.stubEnv('OBVERSE_CALL_SITES', '1');
  await using asked = await sides({});
  expect(first(await failure(buyHere(asked.buyer)))).toContain('buyHere');
  await using off = await sides({ callSites: false });
  expect((await failure(buyHere(off.buyer))).stack).not.toContain('buyHere');
});

it('callSites is off by default', async () => {
  await using both = await sides({});
  expect((await failure(buyHere(both.buyer))).stack).not.toContain('buyHere');
});

it('callSites shows the line first on runtimes that cannot omit the frames of the library', async () => {
  await using pair = await sides();
  const { captureStackTrace } = Error;
  // As in Firefox and older Safari.
  Object.assign(Error, { captureStackTrace: undefined });
  let failing: Promise<number>;
  try {
    failing = pair.buyer.remote.buy();
  } finally {
    Object.assign(Error, { captureStackTrace });
  }
  const { stack } = await failure(failing);
  expect(stack?.split('\n')[1]).toContain('call-sites.test.ts');
});

describe('callSites leaves an error unchanged if', () => {
  const { prepareStackTrace, stackTraceLimit } = Error;
  afterEach(() => Object.assign(Error, { prepareStackTrace, stackTraceLimit }));

  it.each<[what: string, change: () => void]>([
    ['no frames are recorded', () => Object.assign(Error, { stackTraceLimit: 0 })],
    ['stacks are not texts', () => Object.assign(Error, { prepareStackTrace: (_: Error, sites: unknown) => sites })],
    ['prepareStackTrace throws', () => Object.assign(Error, { prepareStackTrace: fail })],
  ])('%s', async (_what, change) => {
    await using both = await sides();
    change();
    const error = await failure(buyHere(both.buyer));
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
    expect(error).toBeInstanceOf(RemoteError);
    expect(error.message).toBe('sold out');
  });
  function fail(): never {
    throw new Error('no stacks');
  }

  it('an interceptor has frozen it', async () => {
    await using both = await sides();
    both.buyer.use(async (_call, next) => {
      try {
        return await (next() as Promise<unknown>);
      } catch (error) {
        throw Object.freeze(error);
      }
    });
    expect(await failure(buyHere(both.buyer))).toMatchObject({ name: 'RemoteError', message: 'sold out' });
  });

  it.each(['Error.prepareStackTrace = (_, sites) => sites', 'delete Error.stackTraceLimit'])(
    'it is changed before the library is loaded: %s',
    async (change) => {
      const source = `${change}; await import(${JSON.stringify(new URL('../../src/extensions/diagnostics/call-sites.ts', import.meta.url))})`;
      const args = ['--import', 'tsx', '--input-type=module', '--eval', source];
      await expect(promisify(execFile)(process.execPath, args)).resolves.toMatchObject({ stderr: '' });
    },
  );
});
