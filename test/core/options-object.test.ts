import {
  type CallOptions,
  incoming,
  namespace,
  type Options,
  RemoteAPI,
  type Reply,
  type Sender,
  specFrom,
} from 'obverse';
import { mock, replay } from 'obverse/testing';
import { expect, it } from 'vitest';

class Store extends RemoteAPI {
  @incoming({ hasReply: true }) take(_sender: Sender): Reply<number> {}
}

// biome-ignore lint/suspicious/noExplicitAny: what a program passes that no types check
type Any = any;
const Unchecked: Any = Store;
const side: Any = Store.invert().create();

it.each<[string, (given: Any) => unknown]>([
  ['create', (given) => Unchecked.create(given)],
  ['create of the inverse', (given) => Unchecked.invert().create(given)],
  ['serve', (given) => Unchecked.serve('memory:options-object', given)],
  ['connect', (given) => Unchecked.connect('memory:options-object', given)],
  ['serve of the inverse', (given) => Unchecked.invert().serve('memory:options-object', given)],
  ['connect of the inverse', (given) => Unchecked.invert().connect('memory:options-object', given)],
  ['to', (given) => side.to(null, given)],
  ['with', (given) => side.with(given)],
  ['gather', (given) => side.gather(null, given)],
  ['group', (given) => side.group(`group ${String(given)}`, given)],
  ['callPath', (given) => side.callPath('take', undefined, given)],
  ['setHandler', (given) => side.setHandler('path', () => {}, given)],
  ['mount', (given) => side.mount('name', Store, given)],
  ['namespace', (given) => namespace(Store, given)],
  ['specFrom', (given) => specFrom([], given)],
  ['mock', (given) => mock(Store, given)],
  ['replay', (given) => replay([], given)],
])('%s requires options to be an object', async (_name, take) => {
  for (const given of ['msgpack', 5, ['msgpack']]) {
    const error = await Promise.resolve()
      .then(() => take(given))
      .then(
        () => 'nothing was thrown',
        (thrown: Error) => thrown.message,
      );
    expect(error).toMatch(/object, (as in \{ .+ \}, )?not ("msgpack"|5|\[.*\]|a list)/);
  }
});

it('an option that is undefined counts as left out, as in the types', async () => {
  const call: Record<keyof CallOptions, undefined> = {
    timeout: undefined,
    maxTimeout: undefined,
    signal: undefined,
    metadata: undefined,
    onProgress: undefined,
    noReply: undefined,
    ignoreErrors: undefined,
    idempotent: undefined,
    slow: undefined,
    keep: undefined,
    slowBytes: undefined,
    window: undefined,
    within: undefined,
    delivery: undefined,
  };
  const all: Record<Exclude<keyof Options, 'transport'>, undefined> = {
    codec: undefined,
    resume: undefined,
    reconnect: undefined,
    authenticate: undefined,
    credentials: undefined,
    security: undefined,
    invert: undefined,
    timeout: undefined,
    beat: undefined,
    handlerTimeout: undefined,
    defaults: undefined,
    concurrency: undefined,
    limits: undefined,
    errors: undefined,
    errorClasses: undefined,
    logErrors: undefined,
    neverLogged: undefined,
    validate: undefined,
    types: undefined,
    ignoreUnhandled: undefined,
    use: undefined,
    logCalls: undefined,
    stages: undefined,
    requireSecurityInfo: undefined,
    callSites: undefined,
    logger: undefined,
  };
  await using server = await Store.serve('tcp://127.0.0.1:0', all);
  server.take.connect(() => 5);
  await using client = await Store.invert().connect(server.address, { ...all, defaults: call });
  const { keep, slow, slowBytes, noReply, ...gathered } = call;
  const everywhere = { keep, slow, slowBytes };
  server.group('all', everywhere).add(...server.peers.keys());
  expect(await client.to(null, call).take()).toBe(5);
  expect(await client.with({ ...everywhere, noReply }).take(null)).toBe(5);
  expect(await client.gather(null, gathered).take().first()).toBe(5);
  expect(await client.callPath('take', undefined, call)).toBe(5);
  server.setHandler('other', () => 6, { foreign: undefined });
  server.mount('calc', { add: () => 7 }, { methods: undefined });
  expect(await Promise.all([client.callPath('other'), client.callPath('calc.add')])).toEqual([6, 7]);
});
