import type { Peer, Side, TransportSource } from 'obverse';
import { Rooms } from './rooms.js';

/** Serves the rooms at an address. A room is a group of peers, and has no other state. */
export async function keepRooms(address: TransportSource): Promise<Side<Rooms>> {
  const chat = await Rooms.serve(address);
  const guests = new Map<Peer, { name: string; room: string }>();
  const namesIn = (room: string): string[] => chat.group(room).peers.map((peer) => guests.get(peer)?.name ?? '?');

  function leave(peer: Peer): void {
    const guest = guests.get(peer);
    guests.delete(peer);
    if (guest === undefined) return;
    const group = chat.group(guest.room).remove(peer);
    chat.changed(group, { room: guest.room, names: namesIn(guest.room) });
  }

  chat.enter.connect(({ peer }, { room, name }) => {
    leave(peer);
    guests.set(peer, { name, room });
    const group = chat.group(room).add(peer);
    const names = namesIn(room);
    chat.changed(group.except(peer), { room, names });
    return names;
  });
  chat.say.connect(({ peer }, { text }) => {
    const { room, name: from } = guests.get(peer) ?? {};
    if (room === undefined || from === undefined) return;
    // A peer that does not read loses old messages, and does not delay the others.
    chat.to(chat.group(room).except(peer), { slow: 'drop-oldest' }).said({ room, from, text });
  });
  chat.on('disconnect', leave);
  return chat;
}
