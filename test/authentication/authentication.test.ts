import { afterEach, describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import { Code, ConnectionLost, type Options, RemoteError, RpcError, UsageError } from '../../src/index.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { byToken, clear, Desk, dial, serve, socketPath } from './sides.js';

afterEach(clear);

const ways: [string, () => string, Options][] = [
  ['tcp', () => 'tcp://127.0.0.1:0', {}],
  ['tcp, msgpack', () => 'tcp://127.0.0.1:0', { codec: 'msgpack' }],
  ['unix', socketPath, {}],
  ['ws', () => 'ws://127.0.0.1:0/', {}],
  ['ws, msgpack', () => 'ws://127.0.0.1:0/', { codec: 'msgpack' }],
  ['memory', () => 'memory:authentication', {}],
  ['memory, clone', () => 'memory:authentication', { codec: 'clone' }],
  ['tcp, under a security', () => 'tcp://127.0.0.1:0', { security: 'user?user=x' }],
  ['ws, under a security', () => 'ws://127.0.0.1:0/', { security: 'user?user=x' }],
];

describe.each(ways)('over %s', (_way, address, options) => {
  it('the user of a peer is what authenticate returns, for handlers and for guards', async () => {
    const { server, seen } = await serve(address(), { ...options, authenticate: byToken });
    const ann = await dial(server.address, { ...options, credentials: 't0ken-ann' });
    const ben = await dial(server.address, { ...options, credentials: async () => 't0ken-ben' });
    expect([await ann.remote.whoami(), await ben.remote.whoami()]).toEqual([{ id: 'ann', admin: true }, { id: 'ben' }]);
    expect(await ann.remote.secret()).toBe('the cake');
    await expect(ben.remote.secret()).rejects.toMatchObject({ code: Code.Refused });
    expect([...server.peers.values()].map(({ user }) => user)).toEqual([{ id: 'ann', admin: true }, { id: 'ben' }]);
    expect([...ann.peers.values()].map(({ user }) => user)).toEqual([undefined]);
    expect(seen.peers).toEqual(['connect', 'connect']);
  });

  it.each<[string, Options]>([
    ['wrong ones', { credentials: 'guessed' }],
    ['none', { credentials: () => undefined }],
  ])('with %s, connect rejects at once, and nothing of the peer is served', async (_what, given) => {
    const { server, seen } = await serve(address(), { ...options, authenticate: async (shake) => byToken(shake) });
    const error = await failure(Desk.invert().connect(server.address, { logger: null, ...options, ...given }));
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ code: Code.Refused });
    expect(error.message).toMatch(given.credentials === 'guessed' ? 'the credentials were refused' : 'no credentials');
    await until(() => [...endpointOf(server).connections()].length === 0);
    expect([server.peers.size, seen]).toEqual([0, { calls: 0, notes: [], peers: [] }]);
    expect(endpointOf(server).load.total).toBe(0);
  });
});

describe('authenticate', () => {
  it.each<[string, () => unknown, object]>([
    ['undefined', () => undefined, { code: Code.Refused, message: 'the credentials were refused' }],
    ['null', async () => null, { code: Code.Refused, message: 'the credentials were refused' }],
    ['false', () => false, { code: Code.Refused, message: 'the credentials were refused' }],
    [
      'an RpcError',
      () => {
        throw new RpcError('the account is closed', 4_003, { since: 2020 });
      },
      { code: 4_003, message: 'the account is closed', data: { since: 2020 } },
    ],
    [
      'another error, whose text stays here',
      () => {
        throw new Error('select * from users');
      },
      { code: Code.Refused, message: 'the credentials were refused' },
    ],
    [
      'a lost call of its own',
      async () => {
        throw new ConnectionLost('the link to users.internal was lost');
      },
      { code: Code.Busy, message: 'who the peer is cannot be found at the moment' },
    ],
    [
      'an RpcError whose data the codec cannot carry',
      () => {
        throw new RpcError('no', 4_004, { big: 1n });
      },
      { code: 4_004, message: 'no' },
    ],
  ])('that gives %s refuses the peer', async (_what, authenticate, expected) => {
    const log = new Log();
    const { server } = await serve('tcp://127.0.0.1:0', { authenticate, logger: log });
    const error = await failure(dial(server.address, { credentials: 'x' }));
    expect(error).toMatchObject(expected);
    expect(String(log.warnings[0])).toMatch(/was not let in/);
  });

  it('that refuses is reported once, in one line, and by the side that listens alone', async () => {
    const [log, mine] = [new Log(), new Log()];
    const { server } = await serve('tcp://127.0.0.1:0', { authenticate: () => false, logger: log });
    const error = await failure(Desk.invert().connect(server.address, { credentials: 'x', logger: mine }));
    expect(error.message).toBe('the credentials were refused');
    await until(() => log.warnings.length > 0);
    expect(log.warnings).toEqual([
      [expect.stringMatching(/^obverse: \S+ was not let in:$/), 'the credentials were refused'],
    ]);
    expect(mine.warnings).toEqual([]);
  });

  it('that fails by a mistake is reported with its stack', async () => {
    const log = new Log();
    const mistake = new TypeError('no such table');
    const { server } = await serve('tcp://127.0.0.1:0', { authenticate: () => Promise.reject(mistake), logger: log });
    await failure(dial(server.address, { credentials: 'x' }));
    await until(() => log.warnings.length > 0);
    expect(log.warnings[0]?.[1]).toBe(mistake);
  });

  it('is called with what the peer brings, and printing that shows nothing', async () => {
    const shakes: unknown[] = [];
    const { server } = await serve('ws://127.0.0.1:0/in', {
      security: 'user?user=server',
      authenticate: (shake) => {
        const { credentials, info, securityInfo, user } = shake;
        shakes.push(credentials, info, securityInfo, user, JSON.stringify(shake), Object.keys(shake));
        return 'somebody';
      },
    });
    const client = await dial(
      { url: `${server.address}?token=t0ken`, headers: { authorization: 'Bearer t0ken' } },
      { security: 'user?user=ann', credentials: { token: 't0ken', device: 7 } },
    );
    expect(await client.remote.whoami()).toBe('somebody');
    expect(shakes).toEqual([
      { token: 't0ken', device: 7 },
      expect.objectContaining({
        url: '/in?token=t0ken',
        headers: expect.objectContaining({ authorization: 'Bearer t0ken' }),
      }),
      { user: 'ann' },
      undefined,
      '{}',
      [],
    ]);
  });

  it('holds back all calls of both sides until it has decided', async () => {
    let decide = (_user: string): void => {};
    const { server, seen } = await serve('tcp://127.0.0.1:0', {
      authenticate: () => new Promise<string>((resolve) => (decide = resolve)),
    });
    let isOpen = false;
    const opening = dial(server.address, { credentials: 'x' }).then((client) => {
      isOpen = true;
      return client;
    });
    await until(() => [...endpointOf(server).connections()].some((one) => one.size > 0));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([isOpen, server.peers.size, seen.peers, server.everyone.size]).toEqual([false, 0, [], 0]);
    server.told(null, { n: 1 });
    decide('ann');
    const client = await opening;
    const told: number[] = [];
    client.told.connect((_sender, { n }) => void told.push(n));
    expect(await client.remote.whoami()).toBe('ann');
    expect([server.peers.size, seen.peers, told]).toEqual([1, ['connect'], []]);
    expect(await server.remote.confirm({ n: 5 })).toBe(15);
  });

  it('knows a peer by its headers alone, also one that is not Obverse', async () => {
    const { server } = await serve('ws://127.0.0.1:0/', {
      codec: 'jrpc?dialect=mcp',
      authenticate: ({ info }) => (info.headers as Record<string, string>).cookie,
    });
    const client = await dial({ url: server.address, headers: { cookie: 'ann' } }, { codec: 'jrpc?dialect=mcp' });
    expect(await client.remote.whoami()).toBe('ann');
    const none = await dial(server.address, { codec: 'jrpc?dialect=mcp' });
    await expect(none.remote.whoami()).rejects.toThrow(ConnectionLost);
  });
});

describe('the options are refused', () => {
  it.each<[string, Options, RegExp]>([
    ['a token for authenticate', { authenticate: 't0ken' as never }, /"authenticate" must be a function/],
    ['a number for credentials', { credentials: 5 as never }, /"credentials" must be a text, an object/],
    ['a wrong name', { authentificate: () => 1 } as Options, /authentificate.*authenticate/],
  ])('%s', async (_what, options, text) => {
    await expect(Desk.serve('tcp://127.0.0.1:0', options)).rejects.toThrow(text);
  });

  it('at the wrong end, and with a codec that says no hello', async () => {
    const { server } = await serve('tcp://127.0.0.1:0');
    const refused: [Promise<unknown>, RegExp][] = [
      [Desk.serve('tcp://127.0.0.1:0', { credentials: 'x' }), /"credentials" is for the side that dials/],
      [Desk.invert().connect(server.address, { authenticate: () => 1 }), /"authenticate" is for the side that listens/],
      [Desk.invert().connect(server.address, { credentials: 'x', codec: 'jrpc?hello=off' }), /codec that says hello/],
      [Desk.invert().connect(server.address, { credentials: () => 5 as never, logger: null }), /must return a text/],
      [
        Desk.invert().connect(server.address, { credentials: { a: 1n }, logger: null }),
        /cannot be sent.*bigint at .*a/,
      ],
      [
        Desk.invert().connect(server.address, { credentials: 'x'.repeat(70_000), logger: null }),
        /cannot be sent.*65.?536/,
      ],
    ];
    for (const [opening, text] of refused) {
      const error = await failure(opening);
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toMatch(text);
    }
  });

  it('credentials to a server that is not Obverse', async () => {
    const { server } = await serve('ws://127.0.0.1:0/', { codec: 'jrpc?hello=off' });
    const error = await failure(dial(server.address, { credentials: 'x' }));
    expect(error.message).toMatch(/takes no "credentials"; use "headers"/);
  });
});
