import { describe, expect, it } from 'vitest';
import { codec as codecOf, standardTypes, UsageError } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { Spec } from './spec.js';

let place = 0;

async function room(name: string, options: object = {}) {
  const plain = await codecOf(name);
  let encodes = 0;
  const codec = {
    ...plain,
    encode: (message: Parameters<typeof plain.encode>[0]) => {
      if (message.kind === 'call' && /^(tick|rpc\.about)$/.test(message.method)) encodes++;
      return plain.encode(message);
    },
  };
  const server = await Spec.serve(`memory:many-values-${place++}`, { codec, logger: null, ...options });
  const heard: unknown[] = [];
  const clients = await Promise.all(
    [1, 2, 3].map(async () => {
      const client = await Spec.invert().connect(server.address, { codec: name, logger: null, ...options });
      client.tick.connect((_server, { n }) => {
        heard.push(n);
        // It may be called as long as the handler runs.
        return typeof n === 'function' ? n(heard.length) : undefined;
      });
      return client;
    }),
  );
  await until(() => server.peers.size === 3);
  const group = server.group('all', { slow: 'drop-oldest' }).add(...server.peers.keys());
  const close = async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server.close();
  };
  return { server, group, heard, encodes: () => encodes, [Symbol.asyncDispose]: close };
}

describe.each(['jrpc', 'msgpack'])('a notification to several with %s', (name) => {
  it('may contain values of registered types, and is still encoded once', async () => {
    await using here = await room(name, { types: [standardTypes] });
    const { server, group, heard } = here;
    const value = { at: new URL('http://a/'), of: new Map([[1, new Date(5)]]) };
    server.tick(group, { n: value });
    await until(() => heard.length === 3);
    expect(heard).toEqual([value, value, value]);
    // The message and its headers.
    expect(here.encodes()).toBe(2);
    server.tick(null, { n: new Date(7) });
    await until(() => heard.length === 6);
    expect(heard[5]).toEqual(new Date(7));
  });

  it('may contain functions, of which each receiver has its own', async () => {
    await using here = await room(name);
    const { server, group, heard } = here;
    const called: number[] = [];
    server.tick(group, { n: (value: number) => void called.push(value) });
    await until(() => called.length === 3);
    expect(called.sort()).toEqual([1, 2, 3]);
    expect(new Set(heard).size).toBe(3);
    expect(heard.every((one) => typeof one === 'function')).toBe(true);
  });
});

it('a notification that cannot be sent to any receiver is refused before it is sent', async () => {
  await using here = await room('jrpc?hello=off');
  const { server, group, heard } = here;
  expect(() => server.tick(group, { n: () => 1 })).toThrow(UsageError);
  server.tick(group, { n: 'next' });
  await until(() => heard.length === 3);
  expect(heard).toEqual(['next', 'next', 'next']);
});
