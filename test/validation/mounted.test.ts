import type { IncomingCall, Receivers, Reply, Sender } from 'obverse';
import { beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';

/*
 * A side without checks is opened without their code. A spec that is mounted later may need them: its first calls wait
 * until the code is loaded. Each test begins with a fresh library that has not loaded it yet.
 */
let rooms = 0;
async function meet() {
  const { Code, incoming, outgoing, RemoteAPI } = await import('../../src/browser.js');
  await import('../../src/extensions/dynamic/install.js');
  await import('../../src/extensions/middleware/install.js');

  class Base extends RemoteAPI {
    @incoming note(_from: Sender, _args: { n: number }): void {}
  }
  const isFit = ({ args }: IncomingCall): boolean => (args[0] as { n: number }).n !== 2;
  class Vault extends RemoteAPI {
    @incoming({ hasReply: true, params: ['n'], args: [z.number()] }) add(_from: Sender, _n: number): Reply<number> {}
    @incoming({ allow: isFit }) put(_from: Sender, _args: { n: number }): void {}
    @outgoing({ hasReply: true, returns: z.string().trim() }) ask(_to: Receivers): Reply<string> {}
  }
  class Wrong extends RemoteAPI {
    @outgoing({ ...({ returns: z.string() } as object) }) ask(_to: Receivers): void {}
  }
  const server = await Base.serve(`memory:mounted-${++rooms}`, { logger: null });
  const client = await Base.invert().connect(server.address, { logger: null });
  const refused: unknown[] = [];
  Object.defineProperty(server, 'onMessageError', { value: (_peer: unknown, error: unknown) => refused.push(error) });
  return { server, client, Vault, Wrong, Code, refused, close: () => Promise.all([client.close(), server.close()]) };
}
beforeEach(() => vi.resetModules());

it('a spec that is mounted on an open side is guarded and validated from its first call on', async () => {
  const { server, client, Vault, Code, refused, close } = await meet();
  const vault = server.mount('vault', Vault);
  const put: number[] = [];
  vault.add.connect((_from, n) => n + 1);
  vault.put.connect((_from, { n }) => void put.push(n));
  server.note.connect((_from, { n }) => void put.push(n));

  for (const n of [1, 2, 3]) client.notifyPath('vault.put', { n });
  client.note(null, { n: 4 });
  const wrong = client.callPath('vault.add', { n: 'x' });
  expect(put).toEqual([]);
  await expect(wrong).rejects.toMatchObject({ code: Code.InvalidParams });
  expect(await client.callPath('vault.add', { n: 1 })).toBe(2);
  // Although each waits for its check, the calls begin in the order of arrival.
  expect(put).toEqual([1, 3, 4]);
  expect(refused).toMatchObject([{ code: Code.Refused }]);
  await close();
});

it('so are the results of its own calls', async () => {
  const { server, client, Vault, close } = await meet();
  const vault = server.mount('vault', Vault);
  client.setHandler('vault.ask', () => ' gold ');
  expect(await vault.ask(null)).toBe('gold');
  client.setHandler('vault.ask', () => 5);
  await expect(vault.ask(null)).rejects.toThrow('the result of vault.ask');
  await close();
});

it('errors in its schemas are reported when it is mounted', async () => {
  const { server, Wrong, close } = await meet();
  expect(() => server.mount('wrong', Wrong)).toThrow('wrong.ask: returns is for requests');
  await close();
});
