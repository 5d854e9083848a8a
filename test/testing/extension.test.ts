import { type Extension, incoming, install, RemoteAPI, type Reply, type Sender, UsageError } from 'obverse';
import { testExtension } from 'obverse/testing';
import { describe, expect, it } from 'vitest';

const log: string[] = [];

/** Has one of everything. */
const everything: Extension = {
  name: 'test everything',
  options: { loud: (value) => (typeof value === 'boolean' ? undefined : 'true or false') },
  events: ['loud'],
  notifications: { 'rpc.testNote': (_session, args) => void log.push(`note ${JSON.stringify(args)}`) },
  requests: { 'rpc.testAsk': { lane: 'free', serve: () => 'answer' } },
  members: { loudness: { get: () => 11, configurable: true } },
  attach: (host) => ({
    incoming: (method, next) => (call) => {
      log.push(`before ${method.path}`);
      host.emit('loud', method.path);
      return next(call);
    },
    stats: () => ({ testPeers: host.peers.size }),
  }),
};
testExtension({ describe, it }, { extension: everything, options: { loud: true } });
testExtension({ describe, it }, { extension: { name: 'test nothing' } });

class Echo extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { text: string }): Reply<string> {}
}

describe('an extension that is installed', () => {
  it('adds messages, members, events and layers in their order, and none of it to sides that are made after its removal', async () => {
    const order: string[] = [];
    const layered = (name: string): Extension => ({
      name,
      attach: () => ({
        incoming: (_method, next) => (call) => {
          order.push(name);
          return next(call);
        },
      }),
    });
    const remove = [install(everything), install(layered('test outer')), install(layered('test inner'))];
    const server = await Echo.serve('memory:extension-order', { logger: null });
    const client = await Echo.invert().connect(server.address, { logger: null });
    const heard: unknown[] = [];
    const on = server.on as (event: string, listener: (path: unknown) => void) => () => void;
    on('loud', (path) => heard.push(path));
    server.echo.connect((_sender, { text }) => text);
    expect(await client.remote.echo({ text: 'x' })).toBe('x');
    expect(order).toEqual(['test outer', 'test inner']);
    expect(heard).toEqual(['echo']);
    expect((server as unknown as { loudness: number }).loudness).toBe(11);
    await Promise.all([client.close(), server.close()]);
    for (const one of remove) one();
    expect(() => Echo.create({ loud: true } as object)).toThrow(UsageError);
    const later = Echo.create({ logger: null });
    expect(() => (later.on as (event: string, listener: () => void) => void)('loud', () => {})).toThrow(
      'there is no event "loud"',
    );
  });
});
