import type { AddressInfo } from 'node:net';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';
import { Client, Server } from 'rpc-websockets';
import { expect, it } from 'vitest';

type Results = Record<string, string>;

/** The methods of rpc-websockets, as a server has them. */
class Hub extends RemoteAPI {
  @incoming({ hasReply: true, name: 'rpc.on', foreign: true, allowPositionalArgs: true })
  listen(_from: Sender, ..._events: string[]): Reply<Results> {}
  @incoming({ hasReply: true, name: 'rpc.off', foreign: true, allowPositionalArgs: true })
  unsubscribe(_from: Sender, ..._events: string[]): Reply<Results> {}
  @incoming({ hasReply: true, name: 'rpc.login', foreign: true })
  login(_from: Sender, _args: { user: string }): Reply<boolean> {}
}

/** The same for its client: `login` is one of its own methods, and takes one object. */
class Caller extends RemoteAPI {
  @outgoing({ hasReply: true, name: 'rpc.on', foreign: true, allowPositionalArgs: true })
  listen(_to: Receivers, ..._events: string[]): Reply<Results> {}
  @outgoing({ hasReply: true, name: 'rpc.off', foreign: true, allowPositionalArgs: true })
  unsubscribe(_to: Receivers, ..._events: string[]): Reply<Results> {}
  @outgoing({ hasReply: true, name: 'rpc.login', foreign: true })
  login(_to: Receivers, _args: { user: string }): Reply<boolean> {}
  @outgoing({ hasReply: true }) secret(_to: Receivers): Reply<string> {}
}

it('serves a client of rpc-websockets, which calls rpc.on, rpc.off and rpc.login', async () => {
  await using hub = await Hub.serve('ws://127.0.0.1:0');
  const listening = new Set<string>();
  hub.listen.connect((_sender, ...events) => {
    for (const event of events) listening.add(event);
    return Object.fromEntries(events.map((event) => [event, 'ok']));
  });
  hub.unsubscribe.connect((_sender, ...events) =>
    Object.fromEntries(events.map((event) => [event, listening.delete(event) ? 'ok' : 'not subscribed'])),
  );
  hub.login.connect((_sender, { user }) => user === 'ann');
  const client = new Client(hub.address, { reconnect: false });
  await new Promise<void>((resolve) => void client.once('open', resolve));
  expect(await client.subscribe(['feed', 'news'])).toEqual({ feed: 'ok', news: 'ok' });
  expect([...listening]).toEqual(['feed', 'news']);
  expect(await client.unsubscribe('feed')).toEqual({ feed: 'ok' });
  expect(await client.login({ user: 'ann' })).toBe(true);
  await expect(client.login({ user: 'bob' })).rejects.toThrow('authentication failed');
  client.close();
});

it('calls rpc.on, rpc.off and rpc.login of a server of rpc-websockets', async () => {
  const server = new Server({ host: '127.0.0.1', port: 0 });
  await new Promise<void>((resolve) => void server.once('listening', resolve));
  server.event('feed');
  server.setAuth(async ({ user }) => user === 'ann');
  server.register('secret', () => 'a secret').protected();
  const { port } = server.wss.address() as AddressInfo;
  await using caller = await Caller.connect(`ws://127.0.0.1:${port}`, { codec: 'jrpc?hello=off' });
  const { remote } = caller;
  await expect(remote.secret()).rejects.toMatchObject({ code: -32605 });
  expect(await remote.login({ user: 'ann' })).toBe(true);
  expect(await remote.secret()).toBe('a secret');
  expect(await remote.listen('feed', 'nothing')).toEqual({ feed: 'ok', nothing: 'provided event invalid' });
  expect(await remote.unsubscribe('feed')).toEqual({ feed: 'ok' });
  await server.close();
});
