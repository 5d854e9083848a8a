import { afterEach, describe, expect, it } from 'vitest';
import type { SideExtension } from '../../src/api/extension.js';
import {
  type Extension,
  type ExtensionHost,
  incoming,
  install,
  RemoteAPI,
  type Reply,
  type Sender,
} from '../../src/index.js';

class Echo extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { text: string }): Reply<string> {}
}
class Stats extends RemoteAPI {
  @incoming({ hasReply: true }) count(_sender: Sender, _args: { of: string }): Reply<number> {}
}

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});
const add = (...extensions: Extension[]): void => void undo.push(install(...extensions));

let at = 0;
async function meet() {
  const server = await Echo.serve(`memory:extension-sides-${++at}`, { logger: null });
  const client = await Echo.invert().connect(server.address, { logger: null });
  undo.push(
    () => server.close(),
    () => client.close(),
  );
  server.echo.connect((_sender, { text }) => text);
  return { server, client };
}

/** An extension that records for which methods it was asked for a layer. */
function probe(name: string): { extension: Extension; asked: string[]; hosts: ExtensionHost[] } {
  const asked: string[] = [];
  const hosts: ExtensionHost[] = [];
  const extension: Extension = {
    name,
    attach: (host) => {
      hosts.push(host);
      return {
        incoming: ({ path }, next) => {
          asked.push(path);
          return (call) => next(call);
        },
      };
    },
  };
  return { extension, asked, hosts };
}

describe('an extension', () => {
  it('attaches once to a side, also if others are installed before the side is opened', async () => {
    const { server } = await meet();
    const first = probe('first');
    const second = probe('second');
    add(first.extension);
    const side = Echo.invert().create({ transport: server.address, logger: null });
    undo.push(() => side.close());
    add(second.extension);
    expect([first.hosts.length, second.hosts.length]).toEqual([1, 0]);
    await side.open();
    expect([first.hosts.length, second.hosts.length]).toEqual([1, 1]);
  });

  it('owns a slot until a later one has it, too', async () => {
    const errors = (code: number): SideExtension => ({
      errors: {
        toFault: () => ({ code, message: 'no' }),
        fromFault: ({ message, code: given }) => Object.assign(new Error(message), { code: given }),
        smaller: () => [],
      },
    });
    add({ name: 'one', attach: () => errors(1) }, { name: 'two', attach: () => errors(2) }, { name: 'three' });
    const { server, client } = await meet();
    server.echo.connect(() => {
      throw new Error('any');
    });
    await expect(client.remote.echo({ text: 'x' })).rejects.toMatchObject({ code: 2 });
  });

  it('is asked once for a method without a spec, however often that is called', async () => {
    const { extension, asked } = probe('probe');
    add(extension);
    const { server, client } = await meet();
    server.setHandler('free', () => 1);
    for (let n = 0; n < 3; n++) expect(await client.callPath('free')).toBe(1);
    expect(asked.filter((path) => path === 'free')).toHaveLength(1);
    undo.push(server.use((_call, next) => next()));
    for (let n = 0; n < 3; n++) expect(await client.callPath('free')).toBe(1);
    expect(asked.filter((path) => path === 'free')).toHaveLength(2);
  });

  it('is not asked any more for a method that was unmounted', async () => {
    const { extension, asked, hosts } = probe('probe');
    add(extension);
    const { server } = await meet();
    server.mount('stats', Stats);
    expect(asked.filter((path) => path === 'stats.count')).toHaveLength(1);
    server.unmount('stats');
    asked.length = 0;
    for (const host of hosts) host.recompose();
    expect(asked).toContain('echo');
    expect(asked).not.toContain('stats.count');
  });
});

it('calls no listener of what was unmounted and is mounted again', async () => {
  const { server, client } = await meet();
  const heard: string[] = [];
  const first = server.mount('stats', Stats);
  first.on('method.call', () => void heard.push('first'));
  server.unmount('stats');
  const second = server.mount('stats', Stats);
  second.on('method.call', () => void heard.push('second'));
  second.count.connect((_sender, { of }) => of.length);
  expect(await client.callPath('stats.count', { of: 'abc' })).toBe(3);
  expect(heard).toEqual(['second']);
});
