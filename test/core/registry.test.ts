import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import jrpc from '../../codecs/jrpc.js';
import {
  type Codec,
  codec,
  incoming,
  outgoing,
  parseAddress,
  type Receivers,
  RemoteAPI,
  type Reply,
  registerCodec,
  registerSecurity,
  registerTransport,
  type Sender,
  type Side,
  security,
  type Transport,
  transport,
  UsageError,
  type Wire,
} from '../../src/index.js';
import { provide } from '../../src/plugins/registry.js';
import { linkPair } from '../../src/testing/pair.js';
import { Played } from '../support/core-played.js';
import { failure, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: object): void {}
}
const refusal = async (options: object) => (await failure(Spec.create(options).open())).message;

describe('an unknown name', () => {
  it('of a transport is refused with a list of the known ones', async () => {
    const message = await refusal({ transport: 'tpc://127.0.0.1:1' });
    expect(message).toMatch(
      /^unknown transport "tpc" in "tpc:\/\/127\.0\.0\.1:1"; did you mean tcp\? There are .*\bmemory\b.*\btcp\b/,
    );
    expect(await failure(transport('tpc:x'))).toBeInstanceOf(UsageError);
    expect(await refusal({ transport: 'constructor:x' })).toMatch('unknown transport "constructor"');
    for (const host of ['localhost:8888', 'example.com:80/path', 'chat-server:1']) {
      const hint = `; write a host and a port as in tcp://${host} or ws://${host}`;
      expect((await refusal({ transport: host })).endsWith(hint)).toBe(true);
    }
    expect(message).not.toMatch('a host and a port');
    expect(await refusal({ transport: 'localhost:abc' })).not.toMatch('a host and a port');
    expect(await refusal({ transport: '__proto__:x' })).toMatch('"__proto__:x" has no scheme');
  });

  it('of a codec or a security is refused too', async () => {
    expect(await refusal({ transport: 'memory:x', codec: 'jrcp' })).toMatch(
      /^unknown codec "jrcp" in "jrcp"; did you mean jrpc\? There are .*jrpc/,
    );
    expect(await refusal({ transport: 'memory:x', security: 'usr' })).toMatch(
      /^unknown security "usr".*did you mean user\? There are null, user/,
    );
    expect(await failure(codec('x'))).toBeInstanceOf(UsageError);
    expect(await failure(security('x'))).toBeInstanceOf(UsageError);
  });

  it('that is missing is reported with what was expected', async () => {
    expect(await refusal({ transport: '//127.0.0.1:1' })).toMatch(
      'has no scheme; expected one, as in tcp://127.0.0.1:8888',
    );
    const expected = 'an address is a string, or an object with the string "url", not';
    const given: [unknown, string][] = [
      [{ host: 'x' }, 'an object'],
      [{ url: 5 }, 'an object'],
      [new URL('tcp://127.0.0.1:1'), 'a URL: give its href'],
    ];
    for (const [transport, what] of given)
      expect(await refusal({ transport: transport as string })).toBe(`${expected} ${what}`);
  });

  it('that is a function must make a transport', async () => {
    const expected = 'a transport that is a function must return an object with open() and close(), not';
    const given: [() => unknown, string][] = [
      [() => undefined, 'undefined'],
      [async () => 'tcp://127.0.0.1:1', '"tcp://127.0.0.1:1"'],
      [() => ({ open() {} }), 'an object'],
    ];
    for (const [transport, what] of given)
      expect(await refusal({ transport: transport as never })).toBe(`${expected} ${what}`);
  });

  it('with an option that is given twice is refused: one of the values would be lost', async () => {
    for (const query of [
      'framing=lf&framing=nul',
      'framing=lf&framing=lf',
      'framing&framing=lf',
      'a=1&__proto__=1&__proto__=2',
    ])
      expect(await refusal({ transport: `tcp://127.0.0.1:1?${query}` })).toMatch(
        /^tcp: the option "(framing|__proto__)" is given twice$/,
      );
  });
});

describe('a misspelt or invalid option', () => {
  it.each([
    [
      { transport: 'tcp://127.0.0.1:1?framin=nul' },
      'tcp: has no option "framin"; did you mean framing? There are framing, keepAlive, backlog',
    ],
    [{ transport: { url: 'tcp://127.0.0.1:1', frming: 'nul' } }, 'tcp: has no option "frming"'],
    [{ transport: 'tcp://127.0.0.1:1?framing=nil' }, /framing.*nil/],
    [{ transport: 'tcp://127.0.0.1:1?keepAlive=x' }, 'tcp: the option "keepAlive" must be a number, not "x"'],
    [
      { transport: 'memory:x', codec: 'jrpc?dialct=lsp' },
      'jrpc: has no option "dialct"; did you mean dialect? There are dialect, hello',
    ],
    [{ transport: 'memory:x', codec: 'jrpc?dialect=lps' }, 'must be lsp or mcp or quickrpc, not "lps"'],
    [
      { transport: 'memory:x', codec: 'jrpc?hello=perhaps' },
      'jrpc: the option "hello" must be on or off, not "perhaps"',
    ],
    [{ transport: 'memory:x', security: 'null?x=1' }, 'null: has no option "x"; it has none'],
  ])('is refused: %j', async (options, message) => {
    expect(await refusal(options)).toMatch(message);
  });

  it.each([
    [
      { tranport: 'x' },
      /^unknown option "tranport"; did you mean transport\? There are authenticate, beat, callSites, codec, /,
    ],
    // The names of options before 1.0.
    [{ exceptLogged: [] }, 'unknown option "exceptLogged"; did you mean neverLogged? There are '],
    [{ requireSecinfo: true }, 'unknown option "requireSecinfo"; did you mean requireSecurityInfo? There are '],
    [{ codek: 'x' }, 'unknown option "codek"; did you mean codec? There are authenticate, beat, callSites, codec, '],
    [{ qqq: 'x' }, 'unknown option "qqq"; there are authenticate, beat, callSites, codec, '],
    [{ errors: 'all' }, 'the option "errors" must be "hidden" or "message" or "full"'],
    [
      { codec: 5 },
      'the option "codec" must be a name such as "jrpc", a codec, or { in, out } with one for each direction',
    ],
    [{ security: {} }, 'the option "security" must be a name such as "user", or a security'],
    [{ invert: 'yes' }, 'the option "invert" must be true or false'],
    [
      { logger: {} },
      'the option "logger" must be an object with warn and error, such as console, an object with log(entry), or null',
    ],
    [{ transport: 5 }, 'the option "transport" must be an address'],
    [null, 'options must be an object, as in { codec: "msgpack" }, not null'],
  ])('of a side is refused when the side is created: %j', (options, message) => {
    expect(() => Spec.create(options as never)).toThrow(UsageError);
    expect(() => Spec.create(options as never)).toThrow(message);
  });

  it('may be undefined', async () => {
    await using api = await Spec.serve('memory:undefined', { timeout: undefined as never, logger: undefined as never });
    expect(api.peers.size).toBe(0);
  });

  it('may be a transport that is specified twice', async () => {
    const twice = Spec.serve('memory:x', { transport: 'memory:y' } as object);
    expect((await failure(twice)).message).toBe('the transport is specified twice: pass it as the first argument only');
  });
});

it('an error of a plug-in that cannot be loaded is passed on unchanged', async () => {
  const cause = new SyntaxError("Cannot find module './own-file.js'");
  provide({ transports: {}, codecs: { broken: () => Promise.reject(cause) }, securities: {} });
  expect(await failure(codec('broken'))).toBe(cause);
});

describe('third-party plug-ins', () => {
  it('are found by their names, in place of earlier ones', async () => {
    const played = new Played();
    played.visit('ann');
    const wires: Wire[] = [];
    const addresses: unknown[] = [];
    registerTransport('played', (address, wire) => {
      wires.push(wire);
      addresses.push({ ...address, options: { ...address.options } });
      return played;
    });
    registerCodec('mine', (address) => ({ ...jrpc(parseAddress('jrpc')), name: address.scheme }) as Codec);
    registerSecurity('vouch', () => ({ seal: () => ({ info: {} }), open: (payload) => payload }));
    await using api = await Spec.connect('played:here?a=1', { codec: 'mine', security: 'vouch', limits: { depth: 5 } });
    expect([...api.peers.keys()]).toEqual(['ann']);
    expect(addresses).toEqual([{ text: 'played:here?a=1', scheme: 'played', rest: 'here', options: { a: '1' } }]);
    expect(wires[0]).toMatchObject({
      form: 'text',
      framing: 'lines',
      codec: 'mine',
      listen: false,
      sealed: true,
      hello: true,
    });
    expect(wires[0]?.limits.depth).toBe(5);
    registerSecurity('vouch', () => null);
    expect(await security('vouch')).toBeNull();
  });

  it.each(['', 'Two Words', 'UPPER', '1st', '__proto__', 'a:b'])('cannot have the name "%s"', (name) => {
    const factory = (() => {}) as never;
    for (const register of [registerCodec, registerTransport, registerSecurity]) {
      expect(() => register(name, factory)).toThrow(
        /cannot name a (codec|transport|security): expected a lower-case word/,
      );
    }
  });

  it('may be passed as objects, without a name', async () => {
    const own: Codec = { ...jrpc(parseAddress('jrpc')), name: 'own' };
    const sides: Wire[] = [];
    const [left, right] = pair((wire) => sides.push(wire));
    await using server = await Spec.serve(left, { codec: own });
    server.ask.connect((_sender, args) => args);
    await using client = await Spec.invert().connect(right, { codec: own });
    expect(await client.remote.ask({ a: 1 })).toEqual({ a: 1 });
    expect(sides.map(({ listen, codec: name }) => [listen, name])).toEqual([
      [true, 'own'],
      [false, 'own'],
    ]);
  });
});

/** Two factories whose transports are connected to each other. */
function pair(made: (wire: Wire) => void): [(wire: Wire) => Transport, (wire: Wire) => Transport] {
  let first: Parameters<Transport['open']>[0];
  const maker = (open: Transport['open']) => (wire: Wire) => {
    made(wire);
    return { address: 'pair:', open, close: async () => {} };
  };
  return [
    maker(async (accept) => {
      first = accept;
    }),
    maker(async (accept) => void linkPair(accept, first)),
  ];
}

describe('the short forms of quickrpc', () => {
  it('tcpserv:interface:port listens, and tcp:host:port connects', async () => {
    await using server = Spec.create({ transport: 'tcpserv:127.0.0.1:0' });
    await server.open();
    server.ask.connect(() => 'short');
    const { port } = new URL(server.address);
    for (const url of [`tcp:127.0.0.1:${port}`, `tcp::${port}`]) {
      await using client = await Spec.invert().connect(url);
      expect(await client.remote.ask({})).toBe('short');
    }
  });

  it('a scheme that ends in -server listens with any of the functions', async () => {
    await using server = await Spec.connect('tcp-server://127.0.0.1:0');
    await using client = await Spec.invert().connect(server.address);
    await until(() => server.peers.size === 1);
    expect(client.peers.size).toBe(1);
  });

  it('internal:bus:name is a bus of equal peers', async () => {
    const names = ['ann', 'ben', 'cat'];
    const sides: Side<Spec>[] = [];
    for (const name of names) sides.push(await Spec.create({ transport: `internal:party:${name}` }).open());
    await until(() => sides.every((api) => api.peers.size === 2));
    expect(sides.map((api) => [...api.peers.keys()].sort())).toEqual([
      ['ben', 'cat'],
      ['ann', 'cat'],
      ['ann', 'ben'],
    ]);
    await Promise.all(sides.map((api) => api.close()));
  });

  it('internal: alone is a bus with names of its own', async () => {
    await using one = await Spec.create({ transport: 'internal:' }).open();
    await using two = await Spec.create({ transport: 'internal' }).open();
    await until(() => one.peers.size === 1);
    expect([...one.peers.keys(), ...two.peers.keys()]).toEqual(['internal.2', 'internal.1']);
  });

  it('jsonrpc is jrpc', async () => {
    expect((await codec('jsonrpc')).name).toBe('jrpc');
  });
});

it('an address that cannot be opened is named in the error', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  expect(await refusal({ transport: `tcpserv:127.0.0.1:${port}` })).toMatch(`127.0.0.1:${port}`);
  await new Promise((resolve) => server.close(resolve));
});
