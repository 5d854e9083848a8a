import { incoming, type LogEntry, namespace, RemoteAPI, type Reply, type Sender } from 'obverse';
import { expect, it } from 'vitest';

class Room extends RemoteAPI {
  @incoming({ name: 'wave' }) waved(_sender: Sender): void {}
}
class House extends RemoteAPI {
  readonly room = namespace(Room);
  @incoming ring(_sender: Sender): void {}
  @incoming knock(_sender: Sender): void {}
  @incoming({ hasReply: true }) done(_sender: Sender): Reply<void> {}
}

const warning = (path: string): string =>
  `obverse: nobody handles ${path}, so it was dropped: add a handler with ${path}.connect(handler), or set the option ignoreUnhandled to drop such notifications without this report, which is made once for each method`;

it.each(['memory:unhandled', 'tcp://127.0.0.1:0', 'ws://127.0.0.1:0'])(
  'a declared notification without a handler is reported over %s, once for each method',
  async (address) => {
    const told: unknown[][] = [];
    const logger = { warn: (...all: unknown[]) => told.push(all), error: (...all: unknown[]) => told.push(all) };
    await using house = await House.serve(address, { logger });
    house.done.connect(() => {});
    await using guest = await House.invert().connect(house.address, { logger: null });
    await using other = await House.invert().connect(house.address, { logger: null });
    for (const visitor of [guest, other]) {
      for (let n = 0; n < 3; n++) {
        visitor.remote.ring();
        visitor.remote.room.waved();
      }
      await visitor.remote.done();
    }
    expect(told).toEqual([[warning('ring')], [warning('room.waved')]]);
  },
);

it('the report is an entry with the method as it is on the wire', async () => {
  const entries: LogEntry[] = [];
  await using house = await House.serve('memory:unhandled', { logger: { log: (entry) => entries.push(entry) } });
  house.done.connect(() => {});
  await using guest = await House.invert().connect(house.address, { logger: null });
  guest.remote.room.waved();
  await guest.remote.done();
  expect(entries).toEqual([{ level: 'warn', event: 'side', message: warning('room.waved'), method: 'room.wave' }]);
});

it('there is no report with ignoreUnhandled, nor if there is a handler, one that runs after, or a wildcard', async () => {
  const told: unknown[] = [];
  const logger = { warn: (...all: unknown[]) => told.push(all), error: (...all: unknown[]) => told.push(all) };
  const ways: ((house: Awaited<ReturnType<typeof House.serve<House>>>) => void)[] = [
    (house) => void house.ring.connect(() => {}),
    (house) => void house.ring.after(() => {}),
    (house) => void house.setHandler('**', () => {}),
  ];
  for (const way of ways) {
    await using house = await House.serve('memory:handled', { logger });
    house.done.connect(() => {});
    way(house);
    await using guest = await House.invert().connect(house.address, { logger: null });
    guest.remote.ring();
    await guest.remote.done();
  }
  await using house = await House.serve('memory:ignored', { logger, ignoreUnhandled: true });
  house.done.connect(() => {});
  await using guest = await House.invert().connect(house.address, { logger: null });
  guest.remote.ring();
  guest.remote.room.waved();
  await guest.remote.done();
  expect(told).toEqual([]);
});
