import {
  incoming,
  RemoteAPI,
  type Reply,
  registerTransport,
  type Sender,
  type TransportSource,
  UsageError,
} from 'obverse';
import { expect, it } from 'vitest';
import { failure } from '../support/core-waiting.js';

class Chat extends RemoteAPI {
  @incoming({ hasReply: true }) join(_sender: Sender): Reply<number> {}
}
const C = Chat.invert();

/** The text of the error for an address. */
async function refusal(address: TransportSource): Promise<string> {
  const error = await failure(C.connect(address, { logger: null }));
  expect(error).toBeInstanceOf(UsageError);
  return error.message;
}

it.each([
  [
    'tcp+reconnect://127.0.0.1:1',
    'unknown transport "tcp+reconnect" in "tcp+reconnect://127.0.0.1:1"; did you mean reconnect+tcp? There are',
  ],
  ['tcp+foo://127.0.0.1:1', 'unknown transport "tcp+foo" in "tcp+foo://127.0.0.1:1"; there are'],
  ['reconect+tcp://127.0.0.1:1', '; did you mean reconnect+tcp? There are'],
  ['memory+tcp:x', 'unknown transport "memory+tcp" in "memory+tcp:x"; there are'],
  ['reconnect+tcp+foo://127.0.0.1:1', 'unknown transport "tcp+foo" in "reconnect+tcp+foo://127.0.0.1:1"; there are'],
  [
    'reconnect+tpc://127.0.0.1:1',
    'unknown transport "tpc" in "reconnect+tpc://127.0.0.1:1"; did you mean tcp? There are',
  ],
  [
    'restart:1:(proces:node x.js)',
    'unknown transport "proces" in "restart:1:(proces:node x.js)"; did you mean process?',
  ],
  ['tpc://127.0.0.1:1', 'unknown transport "tpc" in "tpc://127.0.0.1:1"; did you mean tcp?'],
  ['tsl://127.0.0.1:1', 'did you mean tls?'],
])('the misspelt transport of %s is refused with what was meant', async (address, text) => {
  const message = await refusal(address);
  expect(message).toContain(text);
  expect(message).toMatch(
    /are balance, discover, http, https, memory, mux, nats, port, postgres, postgresql, process, reconnect, restart, socket, sqlite, stdio, tcp, tls, udp, unix, worker, ws, wss, zmq$/,
  );
});

it('a prefix of a codec or a security is refused', async () => {
  const address = 'memory:prefixes';
  expect((await failure(C.connect(address, { codec: 'jrpc+foo' }))).message).toContain('unknown codec "jrpc+foo"');
  expect((await failure(C.connect(address, { security: 'user+foo' }))).message).toContain('unknown security');
});

it('a registered transport whose scheme ends in a plus is around others', async () => {
  registerTransport('mine+', ({ text }) => {
    throw new UsageError(`mine has ${text}`);
  });
  expect(await refusal('mine+tcp://127.0.0.1:1')).toBe('mine has mine+tcp://127.0.0.1:1');
  expect(await refusal('mien+tcp://127.0.0.1:1')).toContain('unknown transport');
});

it.each<[TransportSource, string]>([
  [
    { url: 'tcp://127.0.0.1:1', reconnect: true },
    'tcp: has no option "reconnect": it is an option of the side, in the argument after the address, as in { reconnect: … }; there are framing, keepAlive, backlog',
  ],
  [
    'tcp://127.0.0.1:1?codec=msgpack',
    'it is an option of the side, in the argument after the address, as in { codec: … }',
  ],
  [
    { url: 'reconnect+tcp://127.0.0.1:1', dealy: 5 },
    'tcp: has no option "dealy"; did you mean delay? There are framing, keepAlive, backlog; reconnect has transport, delay, tries, start',
  ],
  [
    'reconnect+tcp://127.0.0.1:1?delay=5',
    'tcp: has no option "delay", but reconnect has: specify it in an object, as in { url, delay }; there are framing',
  ],
  ['restart:1:(tcp://127.0.0.1:1?tries=5)', 'tcp: has no option "tries", but restart has: specify it in an object'],
  [{ url: 'tls://127.0.0.1:1', fingerprint: ['x'] }, 'tls: has no option "fingerprint"; did you mean fingerprints?'],
  [{ url: 'tls://127.0.0.1:1', crt: 'x' }, 'did you mean cert?'],
])('the misplaced option of %o is refused with where it belongs', async (address, text) => {
  expect(await refusal(address)).toContain(text);
});

it('an option of a call is refused for a side with where it belongs', async () => {
  const refused = failure(C.connect('memory:none', { idempotent: true } as object));
  expect((await refused).message).toBe(
    'unknown option "idempotent": it is an option of calls; for all calls of the side, write defaults: { idempotent: … }',
  );
  // One that both have is that of the side.
  await using side = await Chat.serve('memory:both-have-it', { timeout: 5 });
  expect(side.address).toBe('memory:both-have-it');
});

it.each(['tcp://127.0.0.1:1/path', 'tls://127.0.0.1:1/chat/room', 'udp://127.0.0.1:1/path'])(
  'the path of %s is refused: it has no meaning',
  async (address) => {
    const path = address.replace(/^.*:1/, '');
    expect(await refusal(address)).toBe(
      `"${address}": an address of ${address.slice(0, 3)}: has no path; remove ${path}, or use ws: if the server expects WebSockets`,
    );
  },
);

it.each(['delay', 'tries', 'start'])(
  'the option %s of an address that is not dialed again names reconnect',
  async (name) => {
    const text = `tcp: has no option "${name}": it says when to dial again, and belongs to the address reconnect+… in an object`;
    expect(await refusal({ url: 'tcp://127.0.0.1:1', [name]: 1 })).toContain(text);
  },
);

it('what a transport reports begins with the name of the library, for texts and for entries', async () => {
  registerTransport('reporting', (_address, { logger }) => {
    logger.warn('reporting: a socket is slow', new Error('oops'));
    logger.error('obverse: reporting: it has failed');
    throw new UsageError('it has reported');
  });
  const texts: unknown[] = [];
  const write = (...told: unknown[]): void => void texts.push(told);
  await failure(C.connect('reporting:', { logger: { warn: write, error: write } }));
  await failure(
    C.connect('reporting:', { logger: { log: ({ event, message }) => void texts.push([event, message]) } }),
  );
  expect(texts).toEqual([
    ['obverse: reporting: a socket is slow', new Error('oops')],
    ['obverse: reporting: it has failed'],
    ['transport', 'obverse: reporting: a socket is slow: Error: oops'],
    ['transport', 'obverse: reporting: it has failed'],
  ]);
});
