import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, ProtocolError, UsageError } from '../../src/contract/errors.js';
import { defaultLimits } from '../../src/contract/limits.js';
import { makeTransport, registerTransport } from '../../src/plugins/registry.js';
import { testTransport } from '../../src/testing/transport.js';
import { DEATH } from '../../src/testing/transport-closing.js';
import memory from '../../transports/memory.js';
import { accepting, wire } from './link-log.js';

registerTransport('memory', memory);

let rooms = 0;
testTransport(
  { describe, it },
  {
    name: 'memory',
    forms: ['text', 'bytes', 'values'],
    first: (wire) => memory(parseAddress(`memory:suite-${rooms++}`), wire),
    second: (wire, address) => memory(parseAddress(address), wire),
    gaps: { [DEATH]: 'within one process nobody dies alone' },
  },
);

const open: Transport[] = [];
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close();
});

async function enter(url: string, over: Partial<Wire> = {}) {
  const transport = await makeTransport(url, wire(over));
  const side = accepting();
  await transport.open(side.accept);
  open.push(transport);
  return { transport, ...side };
}

const serve = (url: string, over: Partial<Wire> = {}) => enter(url, { listen: true, ...over });

describe('a served room', () => {
  it('links each client with the server, under their names', async () => {
    const server = await serve('memory:room');
    const ann = await enter('memory:room?name=ann');
    const other = await enter('memory:room');
    expect(server.logs.map((log) => log.link.peer)).toEqual(['ann', 'room.2']);
    expect(ann.logs.map((log) => log.link.peer)).toEqual(['room.1']);
    expect([ann.logs[0]!.link.dialed, server.logs[0]!.link.dialed]).toEqual([true, false]);
    expect(other.logs).toHaveLength(1);
    ann.logs[0]!.link.send(['hello']);
    await server.logs[0]!.until(() => server.logs[0]!.frames.length > 0);
    expect(server.logs[0]!.frames).toEqual(['hello']);
    expect([server.logs[1]!.frames, ann.logs[0]!.frames, other.logs[0]!.frames]).toEqual([[], [], []]);
    expect(server.transport.address).toBe('memory:room');
  });

  it('rejects a client if nobody serves, and a second server', async () => {
    await expect(enter('memory:room')).rejects.toThrow(ConnectionLost);
    await expect(enter('memory:room')).rejects.toThrow('nobody serves memory:room');
    await serve('memory:room');
    await expect(serve('memory:room')).rejects.toThrow(UsageError);
    await expect(serve('memory:room')).rejects.toThrow('already served, by "room.1"');
  });

  it('ends its clients when it closes, and can be served again', async () => {
    const server = await serve('memory:room');
    const visitor = await enter('memory:room?name=ann');
    await server.transport.close();
    expect(visitor.logs[0]!.ends).toEqual([undefined]);
    expect(server.logs[0]!.ends).toEqual([undefined]);
    await expect(enter('memory:room')).rejects.toThrow('nobody serves');
    await serve('memory:room');
    expect((await enter('memory:room?name=ann')).logs[0]!.link.peer).toBe('room.1');
  });

  it('can be served again while a client of before still has frames to read', async () => {
    const before = await serve('memory:room');
    const slow = await enter('memory:room');
    slow.logs[0]!.link.pause();
    before.logs[0]!.link.send(['unread']);
    await before.transport.close();
    const server = await serve('memory:room');
    await enter('memory:room?name=ann');
    expect(server.logs.map((log) => log.link.peer)).toEqual(['ann']);
    slow.logs[0]!.link.resume();
    expect(await slow.logs[0]!.ended()).toBeUndefined();
    expect(slow.logs[0]!.frames).toEqual(['unread']);
  });

  it('generates no name that another member has taken', async () => {
    const server = await serve('memory:room');
    await enter('memory:room?name=room.2');
    await enter('memory:room');
    expect(server.logs.map((log) => log.link.peer)).toEqual(['room.2', 'room.3']);
  });

  it('refuses a name that is taken, and frees it when its link has ended', async () => {
    const server = await serve('memory:room');
    const ann = await enter('memory:room?name=ann');
    await expect(enter('memory:room?name=ann')).rejects.toThrow('the name "ann" is taken');
    server.logs[0]!.link.close();
    await ann.logs[0]!.ended();
    await enter('memory:room?name=ann');
    expect(server.logs[1]!.link.peer).toBe('ann');
  });

  it('keeps no more clients than the limit "peers"', async () => {
    const server = await serve('memory:room', { limits: { ...defaultLimits, peers: 1 } });
    const first = await enter('memory:room');
    await expect(enter('memory:room')).rejects.toThrow('full: the limit "peers" is 1');
    await first.transport.close();
    await enter('memory:room');
    expect(server.logs).toHaveLength(2);
  });
});

describe('a bus', () => {
  it('links all members with each other, whether they serve or connect', async () => {
    const a = await enter('memory:hall?bus&name=a');
    const b = await serve('memory:hall?bus&name=b');
    const c = await enter('memory:hall?bus&name=c');
    expect(a.logs.map((log) => log.link.peer)).toEqual(['b', 'c']);
    expect(b.logs.map((log) => log.link.peer)).toEqual(['a', 'c']);
    expect(c.logs.map((log) => log.link.peer)).toEqual(['a', 'b']);
    for (const log of a.logs) log.link.send(['to all']);
    await c.logs[0]!.until(() => c.logs[0]!.frames.length > 0);
    expect(b.logs[0]!.frames).toEqual(['to all']);
    expect([...a.logs, b.logs[1]!, c.logs[1]!].flatMap((log) => log.frames)).toEqual([]);
    expect(a.transport.address).toBe('memory:hall?bus');
  });

  it('is the meaning of the short form, with the names of the model', async () => {
    const a = await enter('internal:');
    const b = await enter('internal:internal:bob');
    const c = await enter('internal');
    expect(c.logs.map((log) => log.link.peer)).toEqual(['internal.1', 'bob']);
    expect(a.logs).toHaveLength(2);
    expect(b.logs[1]!.link.peer).toBe('internal.2');
    expect(a.transport.address).toBe('memory:internal?bus');
    await expect(enter('internal:internal:bob')).rejects.toThrow('taken');
    await expect(enter('memory:internal')).rejects.toThrow('nobody serves');
  });

  it('keeps a member whose link with another has ended', async () => {
    const a = await enter('memory:hall?bus&name=a');
    const b = await enter('memory:hall?bus&name=b');
    b.logs[0]!.link.close();
    await a.logs[0]!.ended();
    const c = await enter('memory:hall?bus&name=c');
    expect(c.logs.map((log) => log.link.peer)).toEqual(['a', 'b']);
  });
});

describe('values', () => {
  it('are copied for each receiver, and moved if the packet lists them', async () => {
    const server = await serve('memory:room', { form: 'values' });
    const ann = await enter('memory:room', { form: 'values' });
    const bob = await enter('memory:room', { form: 'values' });
    const list = [1];
    const parcel = { values: [{ list }], transfer: [], length: 10 };
    for (const log of server.logs) log.link.send([parcel]);
    const moved = new ArrayBuffer(8);
    server.logs[0]!.link.send([{ values: [moved], transfer: [moved], length: 8 }]);
    await ann.logs[0]!.until(() => ann.logs[0]!.frames.length === 2);
    const [got, buffer] = ann.logs[0]!.seen as [{ list: number[] }, ArrayBuffer];
    expect(got).toEqual({ list: [1] });
    got.list.push(2);
    expect(bob.logs[0]!.seen).toEqual([{ list: [1] }]);
    expect([moved.byteLength, buffer.byteLength]).toEqual([0, 8]);
  });

  it('that cannot be sent are dropped and reported; the others arrive', async () => {
    const sender = wire({ listen: true, form: 'values' });
    const transport = memory(parseAddress('memory:room'), sender);
    const side = accepting();
    await transport.open(side.accept);
    open.push(transport);
    const ann = await enter('memory:room', { form: 'values' });
    const lost = { values: [() => {}], transfer: [], length: 1 };
    side.logs[0]!.link.send([lost, { values: ['here'], transfer: [], length: 1 }]);
    await ann.logs[0]!.until(() => ann.logs[0]!.frames.length > 0);
    expect(ann.logs[0]!.seen).toEqual(['here']);
    expect(sender.logged.join()).toContain('a message was not sent');
  });
});

it('refuses unknown options', () => {
  expect(() => memory(parseAddress('memory:room?bsu'), wire())).toThrow(
    'has no option "bsu"; did you mean bus? There are name, bus',
  );
});

it('ends a link whose frame is above the limit "frameBytes"', async () => {
  const server = await serve('memory:room', { limits: { ...defaultLimits, frameBytes: 4 } });
  const ann = await enter('memory:room');
  ann.logs[0]!.link.send(['1234', '12345', '1']);
  expect(await server.logs[0]!.ended()).toBeInstanceOf(ProtocolError);
  expect(server.logs[0]!.frames).toEqual(['1234']);
  expect(await ann.logs[0]!.ended()).toBeInstanceOf(ConnectionLost);
});

it('rejects when it was closed before it was opened', async () => {
  const transport = memory(parseAddress('memory:room'), wire({ listen: true }));
  await transport.close();
  await expect(transport.open(accepting().accept)).rejects.toThrow(ConnectionLost);
  await transport.close();
  await serve('memory:room');
});
