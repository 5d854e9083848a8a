import { type Extension, type ExtensionHost, type Peer, RemoteAPI } from 'obverse';
import { testExtension } from 'obverse/testing';
import { expect, it } from 'vitest';

/** Runs the suite on an extension, and returns the names of the tests that fail. */
async function failing(extension: Extension, options: Readonly<Record<string, unknown>> = {}): Promise<string[]> {
  const tests: [name: string, body: () => unknown][] = [];
  const add = (name: string, body: () => unknown): void => void tests.push([name, body]);
  testExtension(
    { describe: (_name, body) => body(), it: Object.assign(add, { skip: () => {} }) },
    { extension, options },
  );
  const failed: string[] = [];
  for (const [name, body] of tests) {
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

const layers = 'is asked for layers when methods are bound, and not for calls';
const calls = 'lets a side with it and one without it call each other';
const kept = 'keeps nothing of a peer that has gone';

it('finds nothing in an extension that does nothing', async () => {
  expect(await failing({ name: 'quiet' })).toEqual([]);
});

it('finds a layer that is composed anew for each call', async () => {
  const extension: Extension = {
    name: 'restless',
    attach: (host) => ({
      incoming: (_method, next) => (call) => {
        host.recompose();
        return next(call);
      },
    }),
  };
  expect(await failing(extension)).toEqual([layers]);
});

it('finds a layer that does not pass a call on', async () => {
  const extension: Extension = { name: 'deaf', attach: () => ({ incoming: () => () => 0 }) };
  expect(await failing(extension)).toContain(calls);
});

it('finds a layer around outgoing calls that changes what they return', async () => {
  const extension: Extension = { name: 'wrong', attach: () => ({ outgoing: () => () => 0 }) };
  expect(await failing(extension)).toContain(calls);
});

it('finds what is kept of a peer that has gone', async () => {
  const kept_ = new Set<Peer>();
  const extension: Extension = {
    name: 'hoarder',
    attach: (host: ExtensionHost) => ({
      incoming: (_method, next) => (call) => {
        for (const peer of host.peers.values()) kept_.add(peer);
        return next(call);
      },
      stats: () => ({ hoarded: kept_.size }),
    }),
  };
  expect(await failing(extension)).toEqual([kept]);
});

it('finds an option that every value fits because the extension does not declare it', async () => {
  const extension: Extension = { name: 'undeclared', options: { loud: () => 'true or false' } };
  expect(await failing(extension, { loud: true })).toContain(calls);
});

it('finds a notification without "rpc.", and a message of the core', async () => {
  for (const name of ['shout', 'rpc.about'])
    expect(await failing({ name: 'greedy', notifications: { [name]: () => {} } })).toContain(calls);
});

it('finds an extension that cannot be opened, and leaves nothing of it installed', async () => {
  const extension: Extension = {
    name: 'failing',
    attach: () => ({
      opening: async () => {
        throw new Error('never opens');
      },
    }),
  };
  expect(await failing(extension)).toContain(calls);
  class Plain extends RemoteAPI {}
  const side = await Plain.serve('memory:extension-fails');
  await side.close();
});
