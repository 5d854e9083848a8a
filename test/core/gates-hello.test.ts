import { afterEach, expect, it } from 'vitest';
import type { ExtensionHost, Gate } from '../../src/api/extension.js';
import { incoming, install, type Options, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import type { Connection } from '../../src/session/connection.js';
import { sendControl } from '../../src/session/system/control-messages.js';
import { Played, turn } from '../support/core-played.js';
import { Log, until } from '../support/core-waiting.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
}

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

/** What the extension of one side has heard. */
class Heard {
  readonly fields: unknown[] = [];
  readonly controls: unknown[] = [];
  host!: ExtensionHost;
}

/** Installs an extension that says what `says` returns, and has the control `rpc.test`; returns what each side has heard, in their order. */
function listening(says: Gate['hello'] = () => undefined): Heard[] {
  const sides: Heard[] = [];
  const of = (connection: Connection) =>
    sides.find(({ host }) => [...host.connections()].includes(connection)) as Heard;
  undo.push(
    install({
      name: 'test',
      controls: {
        'rpc.test': (connection, args) => {
          if (args[0] === 'throw') throw new Error('it throws');
          of(connection).controls.push(args);
        },
      },
      attach(host) {
        const heard = new Heard();
        heard.host = host;
        sides.push(heard);
        return { gate: { hello: says, greeted: (_connection, fields) => void heard.fields.push(fields) } };
      },
    }),
  );
  return sides;
}

async function pair(address: string, options: Options = {}) {
  const server = await Desk.serve(address, { logger: null, ...options });
  undo.push(() => server.close());
  server.ask.connect((_sender, { n }) => n + 1);
  const client = await Desk.invert().connect(server.address, { logger: null, ...options });
  undo.push(() => client.close());
  return { server, client };
}

it.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/', 'memory:gates-hello'])(
  'extensions add fields to the hello of both sides and read those of the other one, over %s',
  async (address) => {
    const sides = listening(({ link }) => ({ name: 'extra', value: link.dialed === true ? 'dialed' : 'accepted' }));
    await pair(address);
    await until(() => sides.every(({ fields }) => fields.length > 0));
    expect(sides.map(({ fields }) => fields)).toEqual([
      [expect.objectContaining({ obverse: 1, codec: 'jrpc', extra: 'dialed' })],
      [expect.objectContaining({ obverse: 1, codec: 'jrpc', extra: 'accepted' })],
    ]);
  },
);

it('the side that answers a hello has read it before', async () => {
  let value: unknown;
  undo.push(
    install({
      name: 'answering',
      attach: () => ({
        gate: {
          hello: (connection) => ({ name: 'seen', value: connection.link.dialed === true ? 'first' : value }),
          greeted: (_connection, fields) => {
            value ??= fields.seen;
          },
        },
      }),
    }),
  );
  const sides = listening();
  await pair('tcp://127.0.0.1:0');
  await until(() => sides.every(({ fields }) => fields.length > 0));
  expect(sides[1]?.fields).toEqual([expect.objectContaining({ seen: 'first' })]);
});

it('an extension without a field leaves hello as it is, and hears whatever a peer has sent as fields', async () => {
  const sides = listening();
  const played = new Played();
  const far = played.visit('far', {});
  const log = new Log();
  const api = await Desk.connect(played.maker, { logger: log });
  undo.push(() => api.close());
  await turn();
  for (const params of [undefined, [], [null], ['x'], [7], { obverse: 1, other: 2 }])
    far.say({ jsonrpc: '2.0', method: 'rpc.hello', ...(params !== undefined && { params }) });
  await turn();
  expect(sides[0]?.fields.map((fields) => ({ ...(fields as object) }))).toEqual([
    {},
    {},
    {},
    { 0: 'x' },
    {},
    { obverse: 1, other: 2 },
  ]);
  expect(far.heard).toEqual([{ jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc' } }]);
  expect(log.warnings).toEqual([]);
});

it.each<[string, object, Options]>([
  ['with hello=off', {}, { codec: 'jrpc?hello=off' }],
  ['in a dialect', {}, { codec: 'jrpc?dialect=mcp' }],
  ['on a bus', { bus: true }, {}],
])('extensions hear no hello %s', async (_where, traits, options) => {
  const sides = listening(() => ({ name: 'extra', value: 1 }));
  const played = new Played();
  const far = played.visit('far', traits);
  const api = await Desk.connect(played.maker, { logger: null, ...options });
  undo.push(() => api.close());
  await turn();
  far.say({ jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc', extra: 1 } });
  await turn();
  expect(sides[0]?.fields).toEqual([]);
  expect(far.heard).toEqual([]);
});

it.each<[string, Options]>([
  ['jrpc', {}],
  ['msgpack', { codec: 'msgpack' }],
  [
    'jrpc under a security',
    { security: { seal: (payload) => ({ info: { n: 1 }, payload }), open: (payload) => payload } },
  ],
])('a message of a connection arrives, with %s', async (_with, options) => {
  const sides = listening();
  const { client } = await pair('tcp://127.0.0.1:0', options);
  expect(await client.remote.ask({ n: 1 })).toBe(2);
  const [connection] = [...(sides[1] as Heard).host.connections()] as [Connection];
  sendControl(connection, 'rpc.test', [1, 'two']);
  await until(() => sides[0]?.controls.length === 1);
  expect(sides[0]?.controls).toEqual([[1, 'two']]);
  await client.close();
  expect([...(sides[1] as Heard).host.connections()]).toEqual([]);
});

it('what a message of a connection throws is reported, and it ends nothing', async () => {
  const sides = listening();
  const log = new Log();
  const { client } = await pair('tcp://127.0.0.1:0', { logger: log });
  await client.remote.ask({ n: 1 });
  const [connection] = [...(sides[1] as Heard).host.connections()] as [Connection];
  sendControl(connection, 'rpc.test', ['throw']);
  await until(() => log.warnings.length === 1);
  expect(String(log.warnings)).toContain('it throws');
  expect(await client.remote.ask({ n: 2 })).toBe(3);
});
