import { expect, it } from 'vitest';
import { Rooms } from '../../examples/rooms/rooms.js';
import { keepRooms } from '../../examples/rooms/server.js';
import { until } from '../support/core-waiting.js';

it.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0', 'memory:rooms'])(
  'a chat with rooms works over %s',
  async (address) => {
    await using chat = await keepRooms(address);
    const heard: string[] = [];
    const guest = async (name: string, room: string) => {
      const side = await Rooms.invert().connect(chat.address);
      side.said.connect((_server, { from, text }) => heard.push(`${name} in ${room} hears ${from}: ${text}`));
      side.changed.connect((_server, { names }) => heard.push(`${name} sees ${names.join(', ')}`));
      heard.push(`${name} enters: ${(await side.remote.enter({ room, name })).join(', ')}`);
      return side;
    };
    await using ann = await guest('ann', 'kitchen');
    const bob = await guest('bob', 'kitchen');
    await using eve = await guest('eve', 'cellar');
    await until(() => heard.length === 4);
    expect(heard.sort()).toEqual(['ann enters: ann', 'ann sees ann, bob', 'bob enters: ann, bob', 'eve enters: eve']);
    heard.length = 0;
    ann.remote.say({ text: 'tea?' });
    eve.remote.say({ text: 'anybody?' });
    await until(() => heard.length === 1);
    expect(heard).toEqual(['bob in kitchen hears ann: tea?']);
    await bob.close();
    await until(() => heard.length === 2);
    expect(heard[1]).toBe('ann sees ann');
    expect(chat.group('kitchen').size).toBe(1);
  },
);
