import { incoming, namespace, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, UsageError } from 'obverse';
import { describe, expect, it } from 'vitest';
import { talk } from './talk.js';

class Door extends RemoteAPI {
  @incoming({ hasReply: true, name: 'knock!' }) knock(_sender: Sender, _args: { times: number }): Reply<number> {}
  @outgoing opened(_receivers: Receivers, _args: { by: string }): void {}
}
class Room extends RemoteAPI {
  readonly front = namespace(Door);
  readonly back = namespace(Door, { name: 'rear' });
  @incoming({ hasReply: true }) size(_sender: Sender): Reply<number> {}
}
class House extends RemoteAPI {
  readonly hall = namespace(Room);
  readonly attic = namespace(Room, { name: 'roof.top' });
  readonly door = namespace(Door);
  readonly floors = 2;
}
/** The class of the other side's fields. */
const fieldsOf = (side: object): House => side as unknown as House;

const methods = [
  'hall.size',
  'hall.front.knock!',
  'hall.front.opened',
  'hall.rear.knock!',
  'hall.rear.opened',
  'roof.top.size',
  'roof.top.front.knock!',
  'roof.top.front.opened',
  'roof.top.rear.knock!',
  'roof.top.rear.opened',
  'door.knock!',
  'door.opened',
];

describe('namespaces', () => {
  it('prefix the names on the wire, at any depth', () => {
    expect(House.describe().map(({ method }) => method)).toEqual(methods);
    expect(House.describe().map(({ path }) => path)).toEqual(
      methods.map((name) => name.replace('roof.top', 'attic').replace('rear', 'back').replace('!', '')),
    );
  });

  it('reach the named place, in both directions', async () => {
    await using sides = await talk(House);
    const { here, there } = sides;
    const heard: string[] = [];
    const doors = ['hall.front', 'hall.back', 'attic.front', 'attic.back', 'door'] as const;
    const at = (side: object, path: string): never =>
      path.split('.').reduce((inner, key) => (inner as Record<string, object>)[key] as object, side) as never;
    for (const [n, path] of doors.entries()) {
      (at(here, path) as typeof here.door).knock.connect((_sender, { times }) => times * 10 + n);
      (at(there, path) as typeof there.door).opened.connect((_sender, { by }) => heard.push(`${path} ${by}`));
    }
    for (const [n, path] of doors.entries()) {
      expect(await (at(there, path) as typeof there.door).knock(null, { times: n })).toBe(n * 11);
      expect(await (at(there.remote, path) as typeof there.remote.door).knock({ times: n })).toBe(n * 11);
      (at(here, path) as typeof here.door).opened(null, { by: 'direct' });
      (at(here.to(null), path) as typeof here.remote.door).opened({ by: 'to' });
    }
    await sides.settled();
    expect(heard).toEqual(doors.flatMap((path) => [`${path} direct`, `${path} to`]));
    expect(await there.gather(null).hall.front.knock({ times: 1 })).toMatchObject([{ status: 'fulfilled', value: 10 }]);
  });

  it('have views and handlers of their own', async () => {
    await using sides = await talk(House);
    const { here, there } = sides;
    expect(here.unhandledCalls().length).toBe(7);
    here.hall.front.implement({ knock: () => 1 });
    here.attic.implement({ size: () => 2, front: { knock: () => 3 }, back: { knock: () => 4 } });
    expect(here.unhandledCalls()).toEqual(['hall.size', 'hall.back.knock', 'door.knock']);
    expect(here.hall.unhandledCalls()).toEqual(['hall.size', 'hall.back.knock']);
    expect(await there.hall.front.remote.knock({ times: 1 })).toBe(1);
    expect(await there.attic.to(null, { timeout: 1_000 }).back.knock({ times: 1 })).toBe(4);
    expect(await there.attic.remote.size()).toBe(2);
  });

  it('are the same object each time, and so is remote', async () => {
    await using sides = await talk(House);
    const { here, there } = sides;
    expect(here.hall.front).toBe(here.hall.front);
    expect(there.remote).toBe(there.remote);
    expect(there.remote.hall.front).toBe(there.remote.hall.front);
    expect(here.hall.front).not.toBe(here.hall.back);
  });

  it('do not change the other fields of a spec, on each side', async () => {
    await using sides = await talk(House);
    expect(fieldsOf(sides.here).floors).toBe(2);
    expect(fieldsOf(sides.there).floors).toBe(2);
    expect(sides.here).toBeInstanceOf(House);
    expect(sides.here.hall).toBeInstanceOf(Room);
    expect(sides.there.hall.front).toBeInstanceOf(Door);
    expect(sides.here.hall.constructor.name).toBe('Room');
  });

  it('of one class are distinguished from those of another spec', async () => {
    class Other extends RemoteAPI {
      readonly entrance = namespace(Door);
    }
    await using sides = await talk(Other);
    await using houses = await talk(House);
    sides.here.entrance.knock.connect(() => 1);
    expect(await sides.there.remote.entrance.knock({ times: 1 })).toBe(1);
    await expect(houses.there.remote.door.knock({ times: 1 })).rejects.toThrow('nobody handles door.knock!');
    expect(Door.describe().map(({ method }) => method)).toEqual(['knock!', 'opened']);
  });

  it('report handlers without a matching method, with the place', async () => {
    await using sides = await talk(House);
    const implement = (handlers: object) => () => sides.here.implement(handlers as never);
    expect(implement({ hall: { front: { knok: () => 1 } } })).toThrow(
      new UsageError('hall.front.knok is not an incoming method of this side'),
    );
    expect(implement({ hall: { front: { opened() {} } } })).toThrow(
      /^hall\.front\.opened is outgoing on this side.* use the inverted class, House\.invert\(\)$/,
    );
    expect(implement({ hall: () => {} })).toThrow(/^the handlers of hall must be an object/);
    expect(implement({ floors: 3 })).toThrow(new UsageError('floors is not an incoming method of this side'));
  });
});
