import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Form, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { type Fault, type Faults, faulty } from '../../src/testing/faulty.js';
import { testTransport } from '../../src/testing/transport.js';
import { DEATH } from '../../src/testing/transport-closing.js';
import memory from '../../transports/memory.js';
import tcp from '../../transports/tcp.js';
import udp from '../../transports/udp.js';
import { accepting, wire } from '../transports/link-log.js';

const makers = { memory, tcp, udp };
let rooms = 0;

/** A wire that makes transports, as the core's does. */
function making(over: Partial<Wire>): Wire {
  const made: Wire = wire({
    ...over,
    transport: async (source, listen) => {
      if (typeof source === 'function') return source({ ...made, listen });
      const address = parseAddress(source as string);
      return makers[address.scheme as keyof typeof makers](address, { ...made, listen });
    },
  });
  return made;
}

for (const [what, faults] of [
  ['no faults', {}],
  ['delays', { delay: [0, 1] }],
] as const) {
  testTransport(
    { describe, it },
    {
      name: `faulty, with ${what}`,
      first: (onWire) => faulty(`memory:faulty-${rooms++}`, faults)(making(onWire)),
      second: (onWire, address) => faulty(address, faults)(making(onWire)),
      gaps: { [DEATH]: 'within one process nobody dies alone' },
    },
  );
}

const open: Transport[] = [];
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close();
});

/** A faulty side that dials, and a good one. */
async function meet(faults: Faults, { url = `memory:faults-${rooms++}`, form = 'text' as Form } = {}) {
  const told: Fault[] = [];
  const server = await making({ form }).transport(url, true);
  const visitors = accepting();
  await server.open(visitors.accept);
  const onFault = (fault: Fault): void => {
    told.push(fault);
  };
  const client = await faulty(server.address, { ...faults, onFault })(making({ form }));
  const side = accepting();
  await client.open(side.accept);
  open.push(client, server);
  return { bad: side.logs[0]!, good: visitors.logs[0]!, told, kinds: () => told.map((f) => `${f.frame} ${f.kind}`) };
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `frame ${from + n}`);

/** Sends frames both ways, one in each send or all at once, and returns what arrived. */
async function traffic(faults: Faults, count = 60, atOnce = false) {
  const met = await meet(faults);
  const sent = numbers(count);
  for (const log of [met.bad, met.good]) {
    if (atOnce) log.link.send(sent);
    else for (const frame of sent) log.link.send([frame]);
  }
  // After both have sent, the end: it comes after everything that got through.
  await new Promise(setImmediate);
  met.bad.link.close();
  await met.good.ended();
  return { ...met, out: met.good.frames as string[], in: met.bad.frames as string[] };
}

describe('a seed', () => {
  it('causes the same faults for the same frames, and another seed others', async () => {
    const faults = { drop: 0.2, duplicate: 0.2, truncate: 0.2 };
    const [one, again, other] = [
      await traffic({ ...faults, seed: 5 }),
      await traffic({ ...faults, seed: 5 }, 60, true),
      await traffic({ ...faults, seed: 6 }),
    ];
    expect([again.out, again.in]).toEqual([one.out, one.in]);
    expect(other.out).not.toEqual(one.out);
    expect(one.in).not.toEqual(one.out);
    expect(new Set(one.told.map(({ kind }) => kind))).toEqual(new Set(['drop', 'duplicate', 'truncate']));
  });

  it('decides each fault independently: an additional fault changes no other', async () => {
    const kinds = async (faults: Faults) => (await traffic(faults)).kinds();
    const dropped = (await kinds({ seed: 3, drop: 0.2 })).filter((kind) => kind.endsWith('drop'));
    const both = (await kinds({ seed: 3, drop: 0.2, duplicate: 0.5 })).filter((kind) => kind.endsWith('drop'));
    expect(dropped.length).toBeGreaterThan(5);
    expect(both).toEqual(dropped);
  });
});

describe('faults', () => {
  it('drop: loses about the specified share of frames', async () => {
    const { out, told } = await traffic({ drop: 0.25, direction: 'out' }, 400);
    expect(out.length).toBeGreaterThan(250);
    expect(out.length).toBeLessThan(350);
    expect(out).toEqual(numbers(400).filter((_, n) => !told.some(({ frame }) => frame === n)));
  });

  it('duplicate: delivers a frame twice, at once', async () => {
    const { out } = await traffic({ duplicate: 1 }, 3);
    expect(out).toEqual(['frame 0', 'frame 0', 'frame 1', 'frame 1', 'frame 2', 'frame 2']);
  });

  it('truncate: loses the end of text and of bytes, and does not change values', async () => {
    const { out } = await traffic({ truncate: 1 }, 20);
    for (const [n, frame] of out.entries()) expect(`frame ${n}`.startsWith(frame) && frame !== `frame ${n}`).toBe(true);
    const bytes = await meet({ truncate: 1 }, { form: 'bytes' });
    bytes.bad.link.send([Uint8Array.of(1, 2, 3)]);
    await bytes.good.until(() => bytes.good.frames.length > 0);
    expect((bytes.good.frames[0] as Uint8Array).length).toBeLessThan(3);
    const values = await meet({ truncate: 1, duplicate: 1 }, { form: 'values' });
    const moved = new ArrayBuffer(1);
    values.bad.link.send([
      { values: [moved], transfer: [moved], length: 1 },
      { values: ['a'], transfer: [], length: 1 },
    ]);
    await values.good.until(() => values.good.frames.length === 3);
    expect(values.good.seen).toEqual([new ArrayBuffer(1), 'a', 'a']);
  });

  it('reorder: swaps neighbours, and loses nothing', async () => {
    const { out, told } = await traffic({ reorder: 0.3, direction: 'out' }, 100);
    expect(out).not.toEqual(numbers(100));
    expect([...out].sort()).toEqual(numbers(100).sort());
    expect(out.indexOf(`frame ${told[0]!.frame}`)).toBe(told[0]!.frame + 1);
    const { bad, good } = await meet({ reorder: 1 });
    bad.link.send(['alone']);
    expect(bad.link.buffered).toBe(5);
    await good.until(() => good.frames.length === 1);
    expect(bad.link.buffered).toBe(0);
  });

  it('delay: holds frames back in order, counts them, and reports when they were sent', async () => {
    const { bad, good } = await meet({ delay: [15, 30], direction: 'out' });
    const since = performance.now();
    bad.link.send(['a', 'bb']);
    bad.link.send(['ccc']);
    expect(bad.link.buffered).toBe(6);
    await good.until(() => good.frames.length === 3);
    expect(performance.now() - since).toBeGreaterThan(14);
    expect(good.frames).toEqual(['a', 'bb', 'ccc']);
    await bad.until(() => bad.drains > 0 && bad.link.buffered === 0);
  });

  it('delay: delivers everything that was held back before the end, on both sides', async () => {
    const { bad, good } = await meet({ delay: 20 });
    good.link.send(['x', 'y']);
    good.link.close();
    expect(await bad.ended()).toBeUndefined();
    expect(bad.frames).toEqual(['x', 'y']);
    bad.link.close();
    const other = await meet({ delay: 10_000 });
    other.bad.link.send(['x', 'y']);
    other.bad.link.close();
    expect(await other.good.ended()).toBeUndefined();
    expect(other.good.frames).toEqual(['x', 'y']);
    expect([bad.ends, other.bad.ends]).toEqual([[undefined], [undefined]]);
  });

  it('delay: ends at once when the link is closed while its end is held back', async () => {
    const { bad, good } = await meet({ delay: 10_000 });
    good.link.send(['never']);
    good.link.close();
    await good.ended();
    await new Promise(setImmediate);
    expect(bad.ends).toEqual([]);
    bad.link.close();
    bad.link.close(new Error('too late'));
    expect([bad.ends, bad.frames]).toEqual([[undefined], []]);
  });

  it('cut: ends the link with a reason, after so many frames or by chance', async () => {
    const { bad, good, kinds } = await meet({ cutAfter: 2, direction: 'out' });
    for (const frame of numbers(5)) {
      bad.link.send([frame]);
      await new Promise(setImmediate);
    }
    expect((await bad.ended())?.message).toContain('was cut, as the test asked for');
    expect(await good.ended()).toBeInstanceOf(ConnectionLost);
    expect(good.frames).toEqual(['frame 0', 'frame 1']);
    expect(kinds()).toEqual(['2 cut']);
    const chance = await meet({ cut: 0.5, direction: 'in' });
    while (chance.good.ends.length === 0) {
      chance.good.link.send(['x']);
      await new Promise(setImmediate);
    }
    expect(chance.bad.ends).toHaveLength(1);
    expect(chance.told).toEqual([
      { kind: 'cut', peer: chance.bad.link.peer, direction: 'in', frame: chance.bad.frames.length },
    ]);
  });

  it('silentAfter: one direction falls silent, and the link stays open', async () => {
    const { bad, good } = await meet({ silentAfter: 1, direction: 'in' });
    for (const frame of numbers(3)) {
      good.link.send([frame]);
      bad.link.send([frame]);
    }
    await good.until(() => good.frames.length === 3);
    await new Promise(setImmediate);
    expect(bad.frames).toEqual(['frame 0']);
    expect([bad.ends, good.ends]).toEqual([[], []]);
  });

  it('can wrap each other, and any transport', async () => {
    const url = 'tcp://127.0.0.1:0';
    const server = await faulty(faulty(url, { drop: 1, direction: 'in' }), { duplicate: 1, direction: 'out' })(
      making({ listen: true }),
    );
    const visitors = accepting();
    await server.open(visitors.accept);
    const client = await making({}).transport(server.address, false);
    const side = accepting();
    await client.open(side.accept);
    open.push(client, server);
    const visitor = await visitors.next();
    side.logs[0]!.link.send(['lost']);
    visitor.link.send(['twice']);
    await side.logs[0]!.until(() => side.logs[0]!.frames.length === 2);
    expect([side.logs[0]!.frames, visitor.frames]).toEqual([['twice', 'twice'], []]);
  });

  it('keep the optional members of a link and a transport', async () => {
    const bus = await faulty('udp://127.255.255.255:0?broadcast', { drop: 1 })(making({}));
    const server = await faulty('udp://127.0.0.1:0', { duplicate: 1 })(making({ listen: true }));
    expect([typeof bus.broadcast, server.broadcast]).toEqual(['function', undefined]);
    const side = accepting();
    await server.open(accepting().accept);
    const client = await faulty(server.address, {})(making({}));
    await client.open(side.accept);
    open.push(client, server);
    expect(side.logs[0]!.link).toMatchObject({ bus: true, dialed: true, maxFrame: 65_506 });
  });
});

it('loses no frame and keeps the order with any delays', async () => {
  const send = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(3), send, async (seed, most, sends) => {
      const { bad, good } = await meet({ seed, delay: [0, most] });
      let sent = 0;
      for (const count of sends) {
        bad.link.send(numbers(count, sent));
        sent += count;
        if (count === 4) await new Promise(setImmediate);
      }
      await good.until(() => good.frames.length === sent);
      expect(good.frames).toEqual(numbers(sent));
    }),
    { numRuns: 30 },
  );
});

it('refuses unknown and impossible options', () => {
  for (const [faults, message] of [
    [{ dorp: 1 }, 'has no option "dorp"'],
    [{ drop: 2 }, 'a chance from 0 to 1, not 2'],
    [{ cutAfter: -1 }, 'a number of frames, not -1'],
    [{ delay: [3, 1] }, '"delay" is milliseconds, or [least, most], not [3,1]'],
    [{ direction: 'up' }, 'must be in or out or both'],
  ] as const) {
    expect(() => faulty('memory:x', faults as Faults)).toThrow(UsageError);
    expect(() => faulty('memory:x', faults as Faults)).toThrow(message);
  }
});
