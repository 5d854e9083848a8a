import { describe, expect, it } from 'vitest';
import { incoming, namespace, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';

class Room extends RemoteAPI {
  /** Enter. */
  @incoming({ hasReply: true, summary: 'Enter the room', timeout: 500 }) enter(
    _sender: Sender,
    _args: { name: string },
  ): Reply<string> {}
  @outgoing({ hasReply: true }) who(_to: Receivers): Reply<string> {}
  @outgoing said(_to: Receivers, _args: { text: string }): void {}
}
class House extends RemoteAPI {
  readonly hall = namespace(Room);
  readonly attic = namespace(Room, { name: 'top' });
  @incoming({ params: ['loud'], allowPositionalArgs: true, deprecated: true }) ring(
    _sender: Sender,
    _loud: boolean,
  ): void {}
}

describe('a side with namespaces', () => {
  it('is called in each of them over a real transport, in both directions', async () => {
    await using house = await House.serve('tcp://127.0.0.1:0');
    house.hall.enter.connect(async (sender, { name }) => `${name} in the hall, after ${await house.hall.who(sender)}`);
    house.attic.enter.connect((_sender, { name }) => `${name} in the attic`);
    const rung: unknown[] = [];
    house.ring.connect((_sender, loud) => void rung.push(loud));
    await using guest = await House.invert().connect(house.address);
    guest.hall.who.connect(() => 'ann');
    const heard: string[] = [];
    guest.hall.said.connect((_sender, { text }) => void heard.push(`hall: ${text}`));
    guest.attic.said.connect((_sender, { text }) => void heard.push(`attic: ${text}`));

    expect(await guest.remote.hall.enter({ name: 'ben' })).toBe('ben in the hall, after ann');
    expect(await guest.attic.enter(null, { name: 'ben' })).toBe('ben in the attic');
    house.hall.said(null, { text: 'hello' });
    house.attic.remote.said({ text: 'hello' });
    house.to(null).hall.said({ text: 'again' });
    guest.ring(null, true);
    await until(() => heard.length === 3 && rung.length === 1);
    expect(heard).toEqual(['hall: hello', 'attic: hello', 'hall: again']);
    expect(rung).toEqual([true]);
    expect(await house.gather(null).hall.who()).toMatchObject([{ status: 'fulfilled', value: 'ann' }]);
    expect((await house.gather(null).attic.who())[0]).toMatchObject({ status: 'rejected' });
    expect(await failure(house.attic.who(null))).toMatchObject({
      message: 'nobody handles top.who: no handler is connected',
    });
  });

  it('lists the calls without a handler, as a whole and for each of them', async () => {
    const house = House.create();
    expect(house.unhandledCalls().sort()).toEqual(['attic.enter', 'hall.enter', 'ring']);
    expect(house.hall.unhandledCalls()).toEqual(['hall.enter']);
    const off = house.hall.enter.connect(() => '');
    expect(house.unhandledCalls().sort()).toEqual(['attic.enter', 'ring']);
    off();
    expect(house.hall.unhandledCalls()).toEqual(['hall.enter']);
    expect(House.invert().create().unhandledCalls().sort()).toEqual([
      'attic.said',
      'attic.who',
      'hall.said',
      'hall.who',
    ]);
  });

  it('is described as data, on either side', async () => {
    const described = (list: ReturnType<typeof House.describe>) =>
      list.map(({ path, direction }) => `${direction} ${path}`).sort();
    const ours = [
      'incoming attic.enter',
      'incoming hall.enter',
      'incoming ring',
      'outgoing attic.said',
      'outgoing attic.who',
      'outgoing hall.said',
      'outgoing hall.who',
    ];
    expect(described(House.describe())).toEqual(ours);
    expect(described(House.create().describe())).toEqual(ours);
    const theirs = described(House.invert().describe());
    expect(theirs).toEqual(described(House.invert().create().describe()));
    expect(theirs).toContain('outgoing ring');
    expect(House.describe().find(({ path }) => path === 'attic.enter')).toEqual({
      path: 'attic.enter',
      method: 'top.enter',
      direction: 'incoming',
      kind: 'request',
      timeout: 500,
      summary: 'Enter the room',
    });
    expect(House.describe().find(({ path }) => path === 'ring')).toEqual({
      path: 'ring',
      method: 'ring',
      direction: 'incoming',
      kind: 'notification',
      params: ['loud'],
      allowPositionalArgs: true,
      deprecated: true,
    });
    expect(JSON.parse(JSON.stringify(House.describe()))).toEqual(House.describe());
  });

  it('accepts the handlers of all of them at once, and refuses unknown names', async () => {
    await using house = await House.serve('memory:house');
    const room = { enter: () => 'in' };
    expect(house.implement({ hall: room, attic: room, ring: () => {} })).toBe(house);
    expect(house.unhandledCalls()).toEqual([]);
    const wrong = (handlers: object) => () => House.create().implement(handlers as never);
    expect(wrong({ rign: () => {} })).toThrow('rign is not an incoming method of this side');
    expect(wrong({ hall: { said: () => {} } })).toThrow('hall.said is outgoing on this side');
    expect(wrong({ hall: { enter: 5 } })).toThrow('hall.enter: a handler must be a function, not 5');
    await using guest = await House.invert().connect('memory:house');
    expect(await guest.remote.attic.enter({ name: 'ann' })).toBe('in');
  });
});
