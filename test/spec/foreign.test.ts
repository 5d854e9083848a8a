import {
  incoming,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
  specFrom,
  UsageError,
} from 'obverse';
import { afterEach, describe, expect, it } from 'vitest';
import { RawClient } from '../support/core-raw.js';
import { Log, until } from '../support/core-waiting.js';

/* Names that begin with `rpc.` and belong to other protocols. */

class Events extends RemoteAPI {
  @incoming({ hasReply: true, name: 'rpc.on', foreign: true, allowPositionalArgs: true })
  on_(_from: Sender, ..._names: string[]): Reply<Record<string, string>> {}
  @incoming({ name: 'rpc.note', foreign: true }) note(_from: Sender, _args: { text: string }): void {}
  @incoming({ stream: true, name: 'rpc.feed', foreign: true }) feed(
    _from: Sender,
    _args: { to: number },
  ): Stream<number> {}
  @outgoing({ hasReply: true, name: 'rpc.login', foreign: true })
  login(_to: Receivers, _args: { user: string }): Reply<boolean> {}
  @outgoing({ name: 'rpc.told', foreign: true }) told(_to: Receivers, _args: { text: string }): void {}
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.each(['jrpc', 'jrpc?dialect=lsp', 'jrpc?dialect=mcp', 'jrpc?dialect=quickrpc', 'msgpack', 'terse', 'clone'])(
  'a method of another protocol whose name begins with "rpc.", with %s',
  (codec) => {
    const at = codec === 'clone' ? 'memory:foreign' : 'tcp://127.0.0.1:0';

    async function meet() {
      const log = new Log();
      const server = await Events.serve(at, { codec, logger: log });
      ends.push(() => server.close());
      const client = await Events.invert().connect(server.address, { codec, logger: log });
      ends.push(() => client.close());
      await until(() => server.peers.size === 1);
      return { server, client, log };
    }

    it('can be called and calls, in both directions', async () => {
      const { server, client, log } = await meet();
      const noted: string[] = [];
      server.on_.connect((_sender, ...names) => Object.fromEntries(names.map((name) => [name, 'ok'])));
      server.note.connect((_sender, { text }) => void noted.push(text));
      client.login.connect((_sender, { user }) => user === 'ann');
      client.told.connect((_sender, { text }) => void noted.push(text));
      expect(await client.remote.on_('feed', 'news')).toEqual({ feed: 'ok', news: 'ok' });
      client.remote.note({ text: 'noted' });
      expect(await server.login(null, { user: 'ann' })).toBe(true);
      server.told(null, { text: 'told' });
      await until(() => noted.length === 2);
      expect(noted.toSorted()).toEqual(['noted', 'told']);
      expect(log.texts).toEqual([]);
    });

    it('can be a stream, or a list for a peer without streams', async () => {
      const { server, client } = await meet();
      server.feed.connect(function* (_sender, { to }) {
        for (let n = 1; n <= to; n++) yield n;
      });
      const items: number[] = [];
      for await (const item of client.remote.feed({ to: 3 })) items.push(item);
      expect(items).toEqual([1, 2, 3]);
    });

    it('can be set and called by its path', async () => {
      const { server, client } = await meet();
      const noted: unknown[] = [];
      server.setHandler('rpc.discover', () => 'a document', { foreign: true });
      const takeAway = server.setHandler('rpc.ping2', (_sender, ...args) => void noted.push(args), { foreign: true });
      expect(await client.callPath('rpc.discover', [], { foreign: true })).toBe('a document');
      client.notifyPath('rpc.ping2', [1], { foreign: true });
      await until(() => noted.length === 1);
      takeAway();
      await expect(client.callPath('rpc.ping2', [1], { foreign: true })).rejects.toMatchObject({ code: -32601 });
      expect(server.resolvePath('rpc.discover')).toBeTypeOf('function');
    });

    it('goes to a wildcard with foreign: true, and to no other', async () => {
      const { server, client } = await meet();
      const heard: string[] = [];
      server.setHandler('**', (_sender, _args, { method }) => `all: ${method}`);
      await expect(client.callPath('rpc.discover', [], { foreign: true })).rejects.toMatchObject({ code: -32601 });
      server.setHandler('rpc.*', (_sender, _args, { method, kind }) => heard.push(`${method} ${kind}`), {
        foreign: true,
      });
      expect(await client.callPath('rpc.discover', [], { foreign: true })).toBe(1);
      client.notifyPath('rpc.changed', [], { foreign: true });
      await until(() => heard.length === 2);
      expect(heard).toEqual(['rpc.discover request', 'rpc.changed notification']);
      expect(await client.callPath('other')).toBe('all: other');
    });
  },
);

const ours = [
  ...['hello', 'about', 'cancel', 'progress', 'next', 'pull', 'stream', 'call', 'keep', 'release', 'prove', 'proved'],
  ...['secinfo', 'auth', 'ack', 'bye', 'leaving', 'skip', 'beat', 'working', 'ping'],
].map((name) => `rpc.${name}`);

describe('a name of this library, present or planned,', () => {
  it.each(ours)('stays refused: %s', async (name) => {
    class Taken extends RemoteAPI {
      @incoming({ name, foreign: true }) method(_from: Sender): void {}
    }
    const text = /names on the wire that begin with "rpc\." are reserved by JSON-RPC, and ".*" for this library itself/;
    expect(() => Taken.describe()).toThrow(UsageError);
    expect(() => Taken.describe()).toThrow(text);
    const side = Events.create();
    expect(() => side.setHandler(name, () => {}, { foreign: true })).toThrow(text);
    await expect(side.callPath(name, [], { foreign: true })).rejects.toThrow(text);
    expect(() => side.notifyPath(name, [], { foreign: true })).toThrow(text);
    const description = [{ path: 'a', method: name, direction: 'incoming', kind: 'request', foreign: true }] as const;
    expect(() => specFrom(description)).toThrow(text);
  });

  it('never goes to a wildcard, whatever its options are', async () => {
    const log = new Log();
    await using server = await Events.serve('tcp://127.0.0.1:0', { logger: log });
    const heard: string[] = [];
    server.setHandler('**', (_sender, _args, { method }) => heard.push(method), { foreign: true });
    using far = await RawClient.connect(server.address);
    for (const method of ours) if (method !== 'rpc.hello') far.write({ jsonrpc: '2.0', method, params: [7, 7] });
    far.write({ jsonrpc: '2.0', id: 'end', method: 'rpc.bye' });
    // The heartbeat answers the question of a peer, whatever its arguments are.
    const beat = { method: 'rpc.beat', params: [true] };
    expect(await far.answers(2)).toMatchObject([beat, { id: 'end', error: { code: -32601 } }]);
    expect(heard).toEqual([]);
  });
});

describe('foreign: true', () => {
  const spec = (options: object): (() => unknown) => {
    class Odd extends RemoteAPI {
      @incoming(options) method(_from: Sender): void {}
    }
    return () => Odd.describe();
  };

  it('is required for a name that begins with "rpc."', async () => {
    const text = /reserved by JSON-RPC; set foreign: true if "rpc\.on" belongs to another protocol$/;
    expect(spec({ name: 'rpc.on' })).toThrow(text);
    const side = Events.create();
    expect(() => side.setHandler('rpc.on', () => {})).toThrow(text);
    expect(() => side.notifyPath('rpc.on')).toThrow(text);
    await expect(side.callPath('rpc.on')).rejects.toThrow(text);
    expect(() => specFrom([{ path: 'a', method: 'rpc.on', direction: 'incoming', kind: 'request' }])).toThrow(text);
  });

  it('is refused for any other name, and if it is not a boolean', () => {
    expect(spec({ name: 'rcp.on', foreign: true })).toThrow(/foreign: true is for a name that begins with "rpc\."/);
    expect(spec({ name: 'rpc.on', foreign: 'yes' })).toThrow(/the option "foreign" must be true or false/);
    const side = Events.create();
    expect(() => side.setHandler('on', () => {}, { foreign: true })).toThrow(/is for a name that begins with "rpc\."/);
    expect(() => side.setHandler('rpc.on', () => {}, { foreign: 1 } as never)).toThrow(/must be true or false, not 1/);
    expect(() => side.setHandler('rpc.on', () => {}, { foreing: true } as never)).toThrow(
      /unknown option "foreing" of setHandler\(\); the only option is foreign/,
    );
  });

  it('applies in a namespace with such a name, and in the result of describe()', () => {
    class Hooks extends RemoteAPI {
      @incoming({ hasReply: true, foreign: true }) discover(_from: Sender): Reply<object> {}
    }
    class Root extends RemoteAPI {
      readonly hooks = namespace(Hooks, { name: 'rpc' });
    }
    expect(Root.describe()).toEqual([
      { path: 'hooks.discover', method: 'rpc.discover', direction: 'incoming', kind: 'request', foreign: true },
    ]);
    const description = Events.describe();
    expect(specFrom(JSON.stringify(description)).describe()).toEqual(description);
  });

  it('need not be repeated to handle and call a declared method by its path', async () => {
    await using server = await Events.serve('tcp://127.0.0.1:0');
    await using client = await Events.invert().connect(server.address);
    server.setHandler('on_', () => ({ by: 'path' }));
    expect(await client.callPath('on_', ['a'])).toEqual({ by: 'path' });
  });
});

it('an undeclared notification of another protocol is ignored', async () => {
  const log = new Log();
  await using server = await Events.serve('tcp://127.0.0.1:0', { logger: log });
  using far = await RawClient.connect(server.address);
  far.write({ jsonrpc: '2.0', method: 'rpc.unheard' }, { jsonrpc: '2.0', id: 1, method: 'rpc.unheard' });
  expect(await far.answers(1)).toMatchObject([{ id: 1, error: { code: -32601 } }]);
  expect(log.texts).toEqual([]);
});
