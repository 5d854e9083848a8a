import { type Options, RpcError, UsageError } from 'obverse';
import { describe, expect, it } from 'vitest';
import { Log } from '../support/core-waiting.js';
import { explode, faultOf, Shelf } from './shelf.js';

class NotFound extends Error {}
const unexpected = new TypeError('a bug');
const registered = new NotFound('no such book');
const meant = new RpcError('no', 1);
const all = [unexpected, registered, meant, 'no error'];

/** The errors that a side has passed to its logger. */
async function logged(options: Options, errors: readonly unknown[] = all): Promise<unknown[]> {
  const logger = new Log();
  for (const error of errors) await faultOf(error, { errorClasses: [NotFound], logger, ...options });
  return logger.errors.map(([, error]) => error);
}

describe('an error with which a call is answered', () => {
  it('is not logged by default, unless it is hidden from the peer', async () => {
    expect(await logged({})).toEqual([]);
    expect(await logged({ errors: 'full' })).toEqual([]);
    expect(await logged({ errors: 'hidden' })).toEqual([unexpected, 'no error']);
    expect(await logged({ errors: 'hidden', logErrors: 'hidden' })).toEqual([unexpected, 'no error']);
  });

  it('is logged with logErrors: true', async () => {
    expect(await logged({ logErrors: true })).toEqual(all);
    expect(await logged({ logErrors: true, errors: 'hidden' })).toEqual(all);
  });

  it('is not logged with logErrors: false', async () => {
    expect(await logged({ logErrors: false, errors: 'hidden' })).toEqual([]);
  });

  it('is logged with "unexpected" if it was not meant for the peer', async () => {
    for (const errors of ['hidden', 'message', 'full'] as const)
      expect(await logged({ logErrors: 'unexpected', errors })).toEqual([unexpected, 'no error']);
  });

  it('is logged if a function returns true', async () => {
    expect(await logged({ logErrors: (error) => error instanceof RpcError })).toEqual([meant]);
    expect((await logged({ logErrors: explode })).filter((error) => all.includes(error as never))).toEqual(all);
  });

  it('is not logged if its class is in neverLogged', async () => {
    expect(await logged({ logErrors: true, neverLogged: [NotFound, TypeError] })).toEqual([meant, 'no error']);
    expect(await logged({ errors: 'hidden', neverLogged: [TypeError] })).toEqual(['no error']);
  });

  it('is logged with what the peer receives', async () => {
    const logger = new Log();
    await faultOf(unexpected, { errors: 'hidden', logger });
    await faultOf(unexpected, { logErrors: true, logger });
    expect(logger.errors.map(([text]) => text)).toEqual([
      'obverse: a peer received "Internal error" instead of this error:',
      'obverse: a peer received this error:',
    ]);
  });
});

it.each([
  [{ logErrors: 'unexpekted' }, 'the option "logErrors" must be true, false, "hidden", "unexpected" or a function'],
  [{ logErrors: [NotFound] }, 'the option "logErrors" must be'],
  [{ neverLogged: NotFound }, 'the option "neverLogged" must be an array of classes that extend Error'],
  [{ neverLogged: ['NotFound'] }, 'the option "neverLogged" must be an array of classes that extend Error'],
  [{ logErors: true }, 'unknown option "logErors"'],
])('invalid options are refused: %o', (options, message) => {
  expect(() => Shelf.create(options as never)).toThrow(UsageError);
  expect(() => Shelf.create(options as never)).toThrow(message);
});
