import { afterEach, describe, expect, it } from 'vitest';
import {
  incoming,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type UnknownCall,
} from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { Log, until } from '../support/core-waiting.js';
import { closeAll, meet, ways } from './sides.js';

afterEach(closeAll);

class Attic extends RemoteAPI {
  @incoming({ hasReply: true }) size(_from: Sender): Reply<number> {}
  @outgoing({ name: 'isDusty' }) dusty(_to: Receivers): void {}
}
class Home extends RemoteAPI {
  readonly attic = namespace(Attic, { name: 'roof.top' });
  @incoming({ hasReply: true }) ask(_from: Sender): Reply<number> {}
  @outgoing told(_to: Receivers): void {}
  helper(): string {
    return 'a secret';
  }
}

const shown = ({ path, method, id, peer }: UnknownCall): unknown => [path, method, id, peer.id];

describe.each(ways)('over %s with %s, a listener of method.unknown', (...way) => {
  it('receives requests and notifications that are not served, with path, method and peer', async () => {
    const { server, client, peer } = await meet(way);
    const heard: unknown[] = [];
    const others: string[] = [];
    server.on('method.unknown', (call) => heard.push(shown(call)));
    server.on('method.created', (call) => others.push(call.path));
    await expect(client.callPath('room.nope', { a: 1 })).rejects.toMatchObject({ code: -32601 });
    client.notifyPath('nonsense');
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      ['room.nope', 'room.nope', expect.any(Number), peer?.id],
      ['nonsense', 'nonsense', undefined, peer?.id],
    ]);
    expect(others).toEqual([]);
  });
});

/** A server, and a peer by hand. */
async function raw(options: object = {}) {
  const log = new Log();
  const server = await Home.serve('tcp://127.0.0.1:0', { logger: log, ...options });
  const far = await RawClient.connect(server.address);
  await until(() => server.peers.size === 1);
  const request = async (method: string): Promise<unknown> => {
    const count = far.lines.length;
    far.write({ jsonrpc: '2.0', id: count, method });
    return ((await far.answers(count + 1)) as { error: { message: string } }[])[count]?.error?.message;
  };
  const dispose = (): Promise<void> => {
    far[Symbol.dispose]();
    return server.close();
  };
  return { server, far, log, request, [Symbol.asyncDispose]: dispose };
}

describe('method.unknown', () => {
  it('has the path of the spec, also if names on the wire differ', async () => {
    await using meeting = await raw();
    const { server, request } = meeting;
    const heard: string[] = [];
    server.on('method.unknown', ({ path, method }) => heard.push(`${method}: ${path}`));
    for (const method of ['roof.top.nope', 'roof.top.isDusty', 'roof.nope', 'told', 'helper', 'rpc.discover', '', '.'])
      await request(method);
    expect(heard).toEqual([
      ...['roof.top.nope: attic.nope', 'roof.top.isDusty: attic.dusty', 'roof.nope: roof.nope', 'told: told'],
      ...['helper: helper', 'rpc.discover: rpc.discover', ': ', '.: .'],
    ]);
  });

  it('is emitted on a namespace for paths below it, and not after its listener was removed', async () => {
    await using meeting = await raw();
    const { server, request } = meeting;
    const heard: string[] = [];
    server.attic.on('method.unknown', ({ path }) => heard.push(path));
    const leave = server.on('method.unknown', ({ path }) => heard.push(`side ${path}`));
    await request('roof.top.nope');
    await request('nope');
    leave();
    await request('roof.top.other');
    expect(heard).toEqual(['attic.nope', 'side attic.nope', 'side nope', 'attic.other']);
  });

  it('is not emitted for a declared method without a handler, nor for served ones', async () => {
    await using meeting = await raw();
    const { server, request } = meeting;
    const heard: unknown[] = [];
    server.on('method.unknown', (call) => heard.push(call));
    expect(await request('ask')).toMatch(/^nobody handles ask/);
    server.setHandler('other', () => 1);
    expect(await request('other')).toBe(undefined);
    server.setHandler('**', () => 1);
    expect(await request('anything')).toBe(undefined);
    expect(heard).toEqual([]);
  });

  it('is emitted with ignoreUnhandled, and after unmounting', async () => {
    await using meeting = await raw({ ignoreUnhandled: true });
    const { server, far, log, request } = meeting;
    const heard: string[] = [];
    server.on('method.unknown', ({ path }) => heard.push(path));
    server.mount('stats', Attic);
    server.unmount('stats');
    far.write({ jsonrpc: '2.0', method: 'nope' });
    expect(await request('stats.size')).toMatch(/"stats" was unmounted$/);
    expect(heard).toEqual(['nope', 'stats.size']);
    expect(log.texts).toEqual([]);
  });

  it('is not affected by a listener that throws or rejects', async () => {
    await using meeting = await raw();
    const { server, log, request } = meeting;
    server.on('method.unknown', () => {
      throw new Error('a listener');
    });
    server.on('method.unknown', async () => {
      throw new Error('a slow one');
    });
    expect(await request('nope')).toBe('the method "nope" is unknown');
    await until(() => log.errors.length === 2);
    expect(JSON.stringify(log.errors)).toContain('a listener of method.unknown has failed');
  });

  it('adds no interceptors to the calls of known methods', async () => {
    await using meeting = await raw();
    const { server } = meeting;
    server.on('method.unknown', () => {});
    expect((server.ask as unknown as { layered: unknown }).layered).toBeUndefined();
  });
});
