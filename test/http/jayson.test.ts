import { createRequire } from 'node:module';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { closing, Desk, quiet, serveDesk } from './sides.js';

/** What the tests use of jayson. Its own types are for those of an old version of Node. */
interface Jayson {
  readonly Client: {
    http(options: { readonly hostname: string; readonly port: string; readonly path: string }): {
      request(method: string, params: unknown, id: null | undefined, done: Done): void;
      request(method: string, params: unknown, done: Done): unknown;
      request(batch: readonly unknown[], done: Done): void;
    };
  };
  readonly Server: new (
    methods: Record<string, (args: never, done: (error: unknown, result?: unknown) => void) => void>,
  ) => { http(): Server };
}
type Done = (error: Error | null, answer?: unknown) => void;

const jayson = createRequire(import.meta.url)('jayson') as Jayson;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe("jayson's client against a RemoteAPI server", () => {
  it('makes calls, batches and notifications', async () => {
    const { address, notes } = await serveDesk();
    const { hostname, port, pathname: path } = new URL(address);
    const client = jayson.Client.http({ hostname, port, path });
    const asked = (ask: (done: Done) => unknown): Promise<unknown> =>
      new Promise((resolve, reject) =>
        ask((error, answer) => (error instanceof Error ? reject(error) : resolve(answer))),
      );
    expect(await asked((done) => client.request('add', { a: 2, b: 40 }, done))).toMatchObject({ result: 42 });
    expect(await asked((done) => client.request('missing', {}, done))).toMatchObject({ error: { code: -32_601 } });
    const batch = [1, 2].map((b) => client.request('add', { a: 1, b }, undefined as never));
    expect(await asked((done) => client.request(batch, done))).toMatchObject([{ result: 2 }, { result: 3 }]);
    await asked((done) => client.request('note', { text: 'by jayson' }, null, done));
    expect(notes).toEqual(['by jayson']);
  });
});

describe("a RemoteAPI client against jayson's server", () => {
  it('makes calls and notifications', async () => {
    const notes: string[] = [];
    const server = new jayson.Server({
      add: ({ a, b }: { a: number; b: number }, done) => done(null, a + b),
      echo: (_args, done) => done({ code: 7, message: 'out of paper' }),
      note: ({ text }: { text: string }, done) => {
        notes.push(text);
        done(null);
      },
    }).http();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const desk = closing(await Desk.invert().connect(`http://127.0.0.1:${port}`, { logger: quiet }));
    expect(await desk.remote.add({ a: 2, b: 40 })).toBe(42);
    await expect(desk.remote.echo({ text: 'hi' })).rejects.toMatchObject({
      code: 7,
      message: expect.stringContaining('out of paper'),
    });
    await expect(desk.remote.wait()).rejects.toMatchObject({ code: -32_601 });
    desk.remote.note({ text: 'last' });
    await desk.close();
    expect(notes).toEqual(['last']);
  });
});
