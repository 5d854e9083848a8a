import type { Reply, Sender } from 'obverse';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/* What a page loads to connect again. Each test begins with a fresh library of which no other part is loaded. */

beforeEach(() => vi.resetModules());

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

async function fresh() {
  const { incoming, RemoteAPI } = await import('../../src/browser.js');
  class Page extends RemoteAPI {
    @incoming({ hasReply: true }) add(_from: Sender, _args: { a: number; b: number }): Reply<number> {}
  }
  return Page;
}

/** The extensions that are there now. */
async function loaded(): Promise<string[]> {
  const { currentExtensions } = await import('../../src/api/extension-registry.js');
  // As long as the heartbeat is not loaded, a page answers that of others, and has no option for it.
  const all = [...currentExtensions()].filter(({ name, options }) => name !== 'heartbeat' || options !== undefined);
  return all.map(({ name }) => name).filter((name) => /heartbeat|resume|reconnect/.test(name));
}

const both = ['heartbeat', 'resume', 'reconnect'];

describe('a page loads sessions that continue, and the heartbeat', () => {
  it.each([
    ['by the option', (address: string) => ({ transport: address, reconnect: true })],
    ['by an address', (address: string) => ({ transport: `reconnect+${address}` })],
    ['by the address in an object', (address: string) => ({ transport: { url: `reconnect+${address}`, delay: 1 } })],
  ])('%s', async (what, how) => {
    const Page = await fresh();
    const server = await Page.serve(`memory:loads ${what}`, { logger: null, resume: true });
    undo.push(() => server.close());
    expect(await loaded()).toEqual(['resume']);
    server.add.connect((_from, { a, b }) => a + b);
    const client = Page.invert().create({ ...how(server.address), logger: null });
    await client.open();
    undo.push(() => client.close());
    expect(await loaded()).toEqual(both);
    const resumed: unknown[] = [];
    client.on('resumed', (_peer, how) => void resumed.push(how));
    const peer = [...server.peers.values()][0] as unknown as { session: { link: { close(why: Error): void } } };
    peer.session.link.close(new Error('cut'));
    expect(await client.remote.add({ a: 1, b: 2 })).toBe(3);
    expect(resumed).toEqual([{ away: expect.any(Number), again: expect.any(Number) }]);
  });

  it('with the entry obverse/reconnect, before a side is open', async () => {
    const Page = await fresh();
    expect(await loaded()).toEqual([]);
    await import('../../src/extensions/reconnect/install.js');
    expect(await loaded()).toEqual(both);
    const side = Page.invert().create({ transport: 'memory:nobody', reconnect: true });
    side.on('resumed', () => {});
    side.on('reconnecting', () => {});
  });

  it('and nothing of it for a side that does not name it', async () => {
    const Page = await fresh();
    const server = await Page.serve('memory:loads nothing', { logger: null, resume: false });
    undo.push(() => server.close());
    const client = await Page.invert().connect(server.address, { logger: null, reconnect: false });
    undo.push(() => client.close());
    expect(await loaded()).toEqual([]);
  });
});

describe('a page rejects, when a side is opened', () => {
  it.each([
    ['resume', { sesions: 1 }, 'unknown option "sesions" of resume; did you mean sessions?'],
    ['resume', 1, 'the option "resume" must be true, or an object such as'],
    ['reconnect', { delays: 1 }, 'unknown option "delays" of reconnect; did you mean delay?'],
    ['reconnect', 1, 'the option "reconnect" must be true, or an object such as'],
  ])('a wrong option %s: %j', async (option, value, text) => {
    const Page = await fresh();
    const options = { [option]: value } as object;
    const opened =
      option === 'resume' ? Page.serve('memory:refused', options) : Page.invert().connect('memory:refused', options);
    await expect(opened).rejects.toThrow(text);
  });
});
