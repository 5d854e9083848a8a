import { afterEach, describe, expect, it } from 'vitest';
import type { Transport } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { mux } from '../../transports/mux.js';
import { busPart, closeSides, Side, until } from '../support/mux-wire.js';

const LISTEN = { listen: true };

afterEach(closeSides);

describe('parts that are added and removed', () => {
  it('are opened when they are added, and their peers are peers', async () => {
    const doors = mux('memory:door');
    const server = await Side.open(doors, LISTEN);
    const tcp = await doors.add('tcp://127.0.0.1:0');
    expect(tcp.address).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]/);
    expect(doors.parts.map(({ address }) => address)).toEqual(['memory:door', tcp.address]);
    expect(server.transport.address).toBe(`mux:(memory:door)(${tcp.address})`);
    const visitor = await Side.open(tcp.address);
    visitor.ears[0]!.link.send(['hello']);
    await until(() => server.heard.length === 1);
  });

  it('are closed when they are removed, with their links, and the others stay', async () => {
    const doors = mux('memory:door', 'tcp://127.0.0.1:0');
    const server = await Side.open(doors, LISTEN);
    const [, tcp] = doors.parts;
    const { address } = tcp!;
    const [leaving, staying] = [await Side.open(address), await Side.open('memory:door')];
    await until(() => server.ears.length === 2);
    await doors.remove(tcp!);
    expect(doors.parts.map(({ source }) => source)).toEqual(['memory:door']);
    await until(() => leaving.ears[0]!.ends.length === 1);
    await expect(Side.open(address)).rejects.toThrow(ConnectionLost);
    staying.ears[0]!.link.send(['still here']);
    await until(() => server.heard.length === 1);
    expect(server.ears.filter(({ ends }) => ends.length > 0)).toHaveLength(1);
  });

  it('can be removed by their source too', async () => {
    const maker = (): Transport => ({ address: 'x:', open: async () => {}, close: async () => {} });
    const object = { url: 'memory:other' };
    const doors = mux('memory:door', maker, object);
    await Side.open(doors, LISTEN);
    await doors.remove(maker);
    await doors.remove('memory:door');
    expect(doors.parts.map(({ source }) => source)).toEqual([object]);
    await doors.remove(object);
    await expect(doors.remove(object)).rejects.toThrow('this mux has no such part; it has none');
  });

  it('are refused if they are unknown', async () => {
    const doors = mux('memory:door');
    await expect(doors.remove('memory:dor')).rejects.toThrow(UsageError);
    await expect(doors.remove('memory:dor')).rejects.toThrow('there are memory:door');
  });

  it('are not added if they cannot be opened, and the others stay', async () => {
    const taken = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const doors = mux('memory:door');
    const server = await Side.open(doors, LISTEN);
    const adding = doors.add(taken.transport.address);
    await expect(adding).rejects.toThrow(/^cannot listen on/);
    await expect(doors.add('tcp://127.0.0.1:0?frmaing=nul')).rejects.toThrow(UsageError);
    expect(doors.parts).toHaveLength(1);
    await Side.open('memory:door');
    await until(() => server.ears.length === 1);
  });

  it('can be added and removed before there is a side, and after it', async () => {
    const doors = mux();
    const tcp = await doors.add('tcp://127.0.0.1:0');
    await doors.add('memory:door');
    await doors.remove('memory:door');
    for (let n = 0; n < 2; n++) {
      const server = await Side.make(doors, LISTEN);
      expect(server.transport.address).toBe('mux:(tcp://127.0.0.1:0)');
      await server.open();
      expect(tcp.address).not.toBe('tcp://127.0.0.1:0');
      await Side.open(tcp.address);
      await until(() => server.ears.length === 1);
      await server.transport.close();
    }
    await doors.add('memory:after');
    await doors.remove(tcp);
    expect(doors.parts.map(({ address }) => address)).toEqual(['memory:after']);
  });

  it('are not needed to open the side', async () => {
    const doors = mux();
    const side = await Side.open(doors, LISTEN);
    expect(side.transport.address).toBe('mux:');
    const door = await doors.add('memory:door');
    await Side.open(door.address);
    await until(() => side.ears.length === 1);
  });

  it('that are added while the others are being opened are opened too', async () => {
    const doors = mux('tcp://127.0.0.1:0');
    const server = await Side.make(doors, LISTEN);
    const opening = server.open();
    await doors.add('memory:door');
    await opening;
    await Side.open('memory:door');
    await until(() => server.ears.length === 1);
  });

  it('that are removed while they are being opened delay nothing', async () => {
    let fail: (reason: Error) => void = () => {};
    const slow = (): Transport => ({
      address: 'slow:',
      open: () => new Promise<void>((_resolve, reject) => (fail = reject)),
      close: async () => fail(new ConnectionLost('closed')),
    });
    const doors = mux('memory:door', slow);
    const server = await Side.make(doors, LISTEN);
    const opening = server.open();
    await until(() => doors.parts[1]!.address === 'slow:');
    await doors.remove(slow);
    await opening;
    const adding = doors.add(slow);
    await until(() => doors.parts[1]!.address === 'slow:');
    await doors.remove(slow);
    await expect(adding).rejects.toThrow('closed');
    expect(doors.parts).toHaveLength(1);
  });

  it('that are removed while they are being created are never opened', async () => {
    const told: string[] = [];
    let release: () => void = () => {};
    const late = async (): Promise<Transport> => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { address: 'late:', open: async () => void told.push('open'), close: async () => void told.push('close') };
    };
    const doors = mux('memory:door', late);
    const opening = (await Side.make(doors, LISTEN)).open();
    await doors.remove(late);
    release();
    await opening;
    expect(told).toEqual(['close']);
  });

  it('belong to one side at a time', async () => {
    const doors = mux('memory:door');
    const side = await Side.open(doors, LISTEN);
    await expect(Side.make(doors)).rejects.toThrow('this mux is the transport of another side');
    await side.transport.close();
    await Side.open(doors, LISTEN);
  });

  it('of a mux in a mux can be added and removed too, with their abilities', async () => {
    const inner = mux();
    const side = await Side.open([inner, 'tcp-server://127.0.0.1:0']);
    expect(side.transport.broadcast).toBeUndefined();
    const bus = busPart();
    await inner.add(bus.make);
    side.transport.broadcast!(['all']);
    expect(bus.heard).toEqual([['all']]);
    await inner.remove(bus.make);
    expect(side.transport.broadcast).toBeUndefined();
  });
});
