import dgram from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Wire } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import udp from '../../transports/udp.js';
import { accepting, wire } from './link-log.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function open(url: string, over: Partial<Wire> = {}) {
  const onWire = wire(over);
  const transport = udp(parseAddress(url), onWire);
  const side = accepting();
  await transport.open(side.accept);
  ends.push(() => transport.close());
  return { transport, logged: onWire.logged, ...side, say: (...frames: string[]) => transport.broadcast!(frames) };
}

/**
 * Resolves when the expected datagrams have arrived. A datagram may be lost under load, so it is sent again until then.
 */
function heard<T>(say: () => void, what: Promise<T>): Promise<T> {
  const saying = setInterval(say, 100);
  say();
  return what.finally(() => clearInterval(saying));
}

/** Frames without the repetitions. */
const distinct = (frames: readonly unknown[]): unknown[] => [...new Set(frames)];

/** Whether this machine delivers a datagram to such a group; why not, if not. */
async function refusal(group: string): Promise<string> {
  const probe = (from: typeof a, to: typeof a) =>
    new Promise<string>((resolve) => {
      const timer = setTimeout(() => resolve('the system delivers nothing to it'), 1_000);
      to.next().then(() => {
        clearTimeout(timer);
        resolve('');
      });
      from.say('probe');
    });
  let a: Awaited<ReturnType<typeof open>>;
  let b: typeof a | undefined;
  try {
    a = await open(group);
    b = await open(a.transport.address);
    return await probe(b, a);
  } catch (error) {
    return (error as Error).message;
  } finally {
    for (const end of ends.splice(0)) await end();
  }
}

const groups = {
  'a broadcast address': 'udp://127.255.255.255:0?broadcast',
  'everyone, by the short form': 'udp:0',
  'a multicast group': 'udp://239.255.77.77:0?interface=127.0.0.1',
  'a multicast group of IPv6': 'udp://[ff05::7777]:0',
};

for (const [what, url] of Object.entries(groups)) {
  const reason = await refusal(url);
  describe.skipIf(reason !== '')(`a bus on ${what}${reason === '' ? '' : ` (n/a: ${reason})`}`, () => {
    const address = (from: string) => (url.includes('interface') ? `${from}?interface=127.0.0.1` : from);

    it('reaches all members but the sender with one datagram, whether they serve or connect', async () => {
      const a = await open(url);
      const [b, c] = [
        await open(address(a.transport.address)),
        await open(address(a.transport.address), { listen: true }),
      ];
      const [ab, ac] = await heard(() => a.say('to all'), Promise.all([b.next(), c.next()]));
      expect([ab, ac].map(({ frames }) => distinct(frames))).toEqual([['to all'], ['to all']]);
      expect(ab.link.peer).toBe(ac.link.peer);
      expect(ab.link.bus).toBe(true);
      // A member that was heard can be called, and answers from that address.
      const ba = await heard(() => ab.link.send(['to a']), a.next());
      expect(distinct(ba.frames)).toEqual(['to a']);
      await heard(
        () => ba.link.send(['to b']),
        ab.until(() => ab.frames.includes('to b')),
      );
      const [, cb] = await heard(
        () => b.say('from b'),
        Promise.all([ba.until(() => ba.frames.includes('from b')), c.next()]),
      );
      expect(distinct(ba.frames)).toEqual(['to a', 'from b']);
      expect(distinct(cb.frames)).toEqual(['from b']);
      expect([ab, ac].map(({ frames }) => distinct(frames))).toEqual([['to all', 'to b'], ['to all']]);
      expect([a.logs.length, b.logs.length, c.logs.length]).toEqual([1, 1, 2]);
    });

    it('keeps the frames that belong together in one datagram', async () => {
      const a = await open(url, { sealed: true });
      const b = await open(address(a.transport.address), { sealed: true });
      a.say();
      const { frames } = await heard(() => a.say('header', 'message'), b.next());
      expect(frames.slice(0, 2)).toEqual(['header', 'message']);
    });
  });
}

it.skipIf(process.platform === 'win32' || (await refusal(groups['a multicast group'])) !== '')(
  'a group receives nothing else that arrives at its port',
  async () => {
    const a = await open(groups['a multicast group']);
    const port = Number(/:(\d+)$/.exec(a.transport.address)?.[1]);
    const b = await open(`${a.transport.address}?interface=127.0.0.1`);
    const other = dgram.createSocket('udp4');
    await new Promise<void>((resolve) => other.send('not for the group', port, '127.0.0.1', () => resolve()));
    ends.push(() => new Promise<void>((resolve) => other.close(() => resolve())));
    const { frames } = await heard(() => b.say('for the group'), a.next());
    expect(distinct(frames)).toEqual(['for the group']);
    await new Promise(setImmediate);
    // Of two sockets that share a port, the system would deliver to one.
    expect([a.logs.length, b.logs.length]).toEqual([1, 0]);
  },
);

// Not on the loopback interface, which returns everything.
const outside = 'udp://239.255.77.77:0';
const noWay = await refusal(outside);
it.skipIf(noWay !== '')(
  `a member of a group with loopback=off is not heard on its own machine, but can be called ${noWay}`,
  async () => {
    const quiet = await open(`${outside}?loopback=off&ttl=2`);
    const [hearer, loud] = [await open(quiet.transport.address), await open(quiet.transport.address)];
    quiet.say('unheard');
    const [heardOne, caller] = await heard(() => loud.say('heard'), Promise.all([hearer.next(), quiet.next()]));
    expect(distinct(heardOne.frames)).toEqual(['heard']);
    const called = await heard(() => caller.link.send(['called']), loud.next());
    expect(distinct(called.frames)).toEqual(['called']);
    expect(hearer.logs).toHaveLength(1);
  },
);

describe('a bus', () => {
  const url = groups['a broadcast address'];

  it('ends all its links when it is closed, and sends nothing then', async () => {
    const a = await open(url);
    const b = await open(a.transport.address);
    const log = await heard(() => a.say('one'), b.next());
    await heard(() => b.say('two'), a.next());
    await b.transport.close();
    expect(log.ends).toEqual([undefined]);
    b.say('three');
    expect(distinct(a.logs[0]!.frames)).toEqual(['two']);
    expect(a.logs[0]!.ends).toEqual([]);
  });

  it('reports a message that is too large for a datagram', async () => {
    const a = await open(url);
    const b = await open(a.transport.address);
    a.say('x'.repeat(70_000));
    const { frames } = await heard(() => a.say('small'), b.next());
    expect(distinct(frames)).toEqual(['small']);
    expect(a.logged.join()).toContain('was not sent');
  });

  it('receives from a peer that is not Obverse and sends from the port of the bus itself', async () => {
    const a = await open(url);
    const port = Number(/:(\d+)\?/.exec(a.transport.address)?.[1]);
    const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true });
    await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
    ends.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
    socket.setBroadcast(true);
    const log = await heard(() => socket.send('hello\0', port, '127.255.255.255'), a.next());
    expect(log.link.peer).toBe(`127.0.0.1:${port}`);
    const answer = new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))));
    expect(await heard(() => log.link.send(['hello you']), answer)).toBe('hello you\n');
  });
});

describe('addresses', () => {
  it('can be used by a peer to connect', async () => {
    const address = async (url: string, listen = false) => (await open(url, { listen })).transport.address;
    expect(await address('udp://127.0.0.1:0', true)).toMatch(/^udp:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(await address('udp://:0', true)).toMatch(/^udp:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(await address('udp://0.0.0.0:0?framing=nul', true)).toMatch(/^udp:\/\/127\.0\.0\.1:[1-9]\d*\?framing=nul$/);
    expect(await address('udp://[::1]:0', true)).toMatch(/^udp:\/\/\[::1\]:[1-9]\d*$/);
    expect(await address('udp:0')).toMatch(/^udp:\/\/255\.255\.255\.255:[1-9]\d*$/);
    expect(await address('udp://localhost:9')).toBe('udp://localhost:9');
    expect(await address('udp://:9')).toBe('udp://127.0.0.1:9');
  });

  it('can be IPv6, also for an IPv4 client', async () => {
    const server = await open('udp://[::]:0', { listen: true });
    const port = /:(\d+)$/.exec(server.transport.address)?.[1];
    for (const [host, peer] of [
      ['[::1]', /^\[::1\]:\d+$/],
      ['127.0.0.1', /^127\.0\.0\.1:\d+$/],
    ] as const) {
      const { logs } = await open(`udp://${host}:${port}`);
      const log = await heard(() => logs[0]!.link.send(['hello']), server.next());
      expect(log.link.peer).toMatch(peer);
      await heard(
        () => log.link.send(['answer']),
        logs[0]!.until(() => logs[0]!.frames.length > 0),
      );
    }
  });

  it('are refused at open if they are taken or unknown', async () => {
    const taken = await open('udp://127.0.0.1:0', { listen: true });
    await expect(open(taken.transport.address, { listen: true })).rejects.toThrow('EADDRINUSE');
    await expect(open('udp://no-such-host.invalid:1')).rejects.toThrow(
      'the host "no-such-host.invalid" is not known; check its name',
    );
    expect(taken.logged).toEqual([]);
  });

  for (const [url, listen, message] of [
    ['udp://127.0.0.1:0', false, 'cannot be dialed'],
    ['udp://127.0.0.1', false, 'has no port'],
    ['udp://127.0.0.1:99999', false, '99999 is not a port, which is a number from 0 to 65535'],
    ['udp://127.0.0.1:99999', true, '99999 is not a port, which is a number from 0 to 65535'],
    ['udp://127.0.0.1:1?ttl=0', false, '"ttl" must be a whole number from 1 to 255'],
    ['udp://127.0.0.1:1?forget=0', true, '"forget" must be a positive number'],
    ['udp://127.0.0.1:1?peers=0', true, '"peers" must be 1 or more'],
    ['udp://127.0.0.1:1?forget=1', false, 'only for a side that listens or a bus'],
    ['udp://127.0.0.1:1?loopback=off', true, '"loopback" is only for multicast groups'],
    ['udp:1?interface=127.0.0.1', true, '"interface" is only for multicast groups'],
    ['udp:1?framing=none', true, 'unknown framing "none"'],
    ['udp:1?tll=3', true, 'has no option "tll"'],
  ] as const) {
    it(`are refused: ${url} to ${listen ? 'listen' : 'dial'}`, () => {
      expect(() => udp(parseAddress(url), wire({ listen }))).toThrow(UsageError);
      expect(() => udp(parseAddress(url), wire({ listen }))).toThrow(message);
    });
  }

  it('are refused with a codec that passes values', () => {
    expect(() => udp(parseAddress('udp:1'), wire({ form: 'values', framing: undefined }))).toThrow(
      'passes values, not bytes',
    );
  });
});
