import { afterEach, describe, expect, it } from 'vitest';
import { type Extension, incoming, install, RemoteAPI, type Reply, type Sender, UsageError } from '../../src/index.js';

class Echo extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { text: string }): Reply<string> {}
}

const removals: (() => void)[] = [];
afterEach(() => {
  for (const remove of removals.splice(0)) remove();
});
const add = (...extensions: Extension[]): void => void removals.push(install(...extensions));

let at = 0;
async function echoed(): Promise<string> {
  const server = await Echo.serve(`memory:install-${++at}`, { logger: null });
  const client = await Echo.invert().connect(server.address, { logger: null });
  try {
    server.echo.connect((_sender, { text }) => text);
    return await client.remote.echo({ text: 'still here' });
  } finally {
    await client.close();
    await server.close();
  }
}

describe('install() refuses', () => {
  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'an extension is an object with a name'],
    ['a function', () => ({}), 'an extension is an object with a name'],
    ['an object without a name', {}, 'an extension is an object with a name'],
    ['a name that is no text', { name: 5 }, '"name" of an extension must be a string'],
    ['a misspelt part', { name: 'x', atach: () => ({}) }, 'unknown option "atach" of an extension'],
    ['what cannot attach', { name: 'x', attach: {} }, '"attach" of an extension must be a function'],
    ['a member of the core', { name: 'x', members: { close: { value() {} } } }, '"close" in its members, as the core'],
    [
      'a message of the core',
      { name: 'x', notifications: { 'rpc.about': () => {} } },
      '"rpc.about" in its notifications',
    ],
    [
      'a message of the security',
      { name: 'x', controls: { 'rpc.secinfo': () => {} } },
      '"rpc.secinfo" in its controls',
    ],
    ['a message without "rpc."', { name: 'x', requests: { ask: { lane: 'free', serve() {} } } }, 'begin with "rpc."'],
    ['an option of the core', { name: 'x', options: { timeout: () => undefined } }, '"timeout" in its options'],
    ['an option of calls', { name: 'x', callOptions: { timeout: () => undefined } }, '"timeout" in its callOptions'],
    ['an event of the core', { name: 'x', events: ['connect'] }, '"connect" in its events, as the core has'],
    [
      'a member of another',
      { name: 'x', members: { use: { value() {} } } },
      '"use" in its members, as "middleware" has',
    ],
    [
      'a message of another',
      { name: 'x', requests: { 'rpc.call': { lane: 'free', serve() {} } } },
      'as "references" has',
    ],
  ])('%s', async (_name, extension, text) => {
    expect(() => install(extension as Extension)).toThrow(text);
    expect(() => install({ name: 'first' }, extension as Extension)).toThrow(UsageError);
    expect(await echoed()).toBe('still here');
  });

  it('two extensions that have a member of the same name, in one call or in two', () => {
    const zap = (name: string): Extension => ({ name, members: { zap: { value: () => name } } });
    expect(() => install(zap('one'), zap('two'))).toThrow('the extension "two" has "zap" in its members, as "one" has');
    expect('zap' in Echo.create()).toBe(false);
    add(zap('one'));
    expect(() => install(zap('two'))).toThrow('as "one" has');
    expect((Echo.create() as unknown as { zap(): string }).zap()).toBe('one');
  });
});

describe('an extension of the same name', () => {
  it('takes the place of the first one, with what that has added', () => {
    const members = { zap: { value: () => 'zap', configurable: true } };
    add({ name: 'one', members, options: { loud: () => undefined } });
    add({ name: 'one', members: { zip: { value: () => 'zip', configurable: true } } });
    const side = Echo.create() as unknown as { zip(): string };
    expect([side.zip(), 'zap' in side]).toEqual(['zip', false]);
    expect(() => Echo.create({ loud: 1 } as object)).toThrow('loud');
  });
});

it('removes nothing of an extension that has taken the place of another when that is removed', async () => {
  const removeFirst = install({ name: 'one', members: { zip: { value: () => 1, configurable: true } } });
  add({ name: 'one', members: { zip: { value: () => 2, configurable: true } }, options: { loud: () => undefined } });
  removeFirst();
  expect((Echo.create({ loud: 1 } as object) as unknown as { zip(): number }).zip()).toBe(2);
});

it('removes the members of an extension with it', () => {
  const remove = install({ name: 'one', members: { zap: { value: () => 1, configurable: true } } });
  expect('zap' in Echo.create()).toBe(true);
  remove();
  expect('zap' in Echo.create()).toBe(false);
  remove();
});
