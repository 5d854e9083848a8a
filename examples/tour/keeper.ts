import type { Options, Side, TransportSource } from 'obverse';
import { Room } from './room.js';

/** Serves a room: the side that the class is written for. */
export async function keepRoom(at: TransportSource, options: Options): Promise<Side<Room>> {
  const names = new Map<string, string>();
  const room = await Room.serve(at, options);
  room.join.connect(async (sender, { name }) => {
    const colour = await room.colour(sender, { of: name });
    names.set(sender.id, `${name} (${colour})`);
    return [...names.values()];
  });
  room.say.connect((sender, { text }) => room.said(null, { name: names.get(sender.id) ?? 'somebody', text }));
  room.giveBack.connect((_sender, { thing }) => {
    throw new Error(`the ${thing} is not yours`);
  });
  room.add.connect((_sender, a, b) => a + b);
  room.on('disconnect', (peer) => names.delete(peer.id));
  return room;
}
