import { decodeMarks, encodeMarks, readOptions } from '../src/contract/address.js';
import type { Accept, Address, Link, Transport, Wire } from '../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../src/contract/errors.js';
import { type MemoryEnd, memoryPair } from './shared/memory/pair.js';
import { memoryService } from './shared/memory/service.js';

const MARKS = 'If the question mark belongs to the name of the room, write it as %3F';

/**
 * Rooms within one process. In `memory:room` one side serves and others connect to it. In `memory:room?bus`, which is
 * also the meaning of the short form `internal:room:name`, all members are equal and each is linked with every other.
 * The id of a peer is its name: `memory:room:ann` or `?name=ann`, and otherwise `<room>.<n>`. Frames arrive in a later
 * microtask and are never sent back to their sender.
 *
 * In `memory:room?service` several sides serve together: for those that connect, they are one peer, which gets the calls in turn. `callBeat`
 * is the time, in milliseconds, at which a member reports its calls (1,000 by default). With `blind`, who calls does not learn which member
 * has a call, as over a broker.
 *
 * Throws a UsageError for an unknown option. `open` rejects with a UsageError if the room is already served or the name
 * is taken, and with ConnectionLost if nobody serves the room or it is full.
 */
export default function memory(address: Address, wire: Wire): Transport {
  const options = readOptions(
    address,
    { name: 'text', bus: 'flag', service: 'flag', callBeat: 'number', blind: 'flag' },
    MARKS,
  );
  const [, given, last] = /^(?:\/\/)?([^:]*):?(.*)$/s.exec(decodeMarks(address.rest)) ?? [];
  const { bus = false, service = false, callBeat, blind } = options;
  const room = given || 'memory';
  const name = options.name ?? (last || undefined);
  if (!service) {
    if (callBeat !== undefined || blind !== undefined)
      throw new UsageError(
        `${address.text}: "callBeat" and "blind" are options of a service: add "service", or omit them`,
      );
    return new Member(room, name, bus, wire);
  }
  if (bus) throw new UsageError(`${address.text}: a room is a bus or a service, not both`);
  return memoryService(encodeMarks(room), { name, callBeat: beatFrom(callBeat), blind: blind ?? false }, wire);
}

interface Room {
  readonly members: Map<string, Member>;
  server: Member | undefined;
  /** The number of names that the room has generated. */
  named: number;
}

/** A served room and a bus with the same name are two rooms. */
const rooms = new Map<string, Room>();

class Member implements Transport {
  readonly address: string;
  private readonly bus: boolean;
  private readonly wire: Wire;
  private readonly room: string;
  private name: string | undefined;
  private accept: Accept | undefined;
  private readonly links = new Set<Link>();
  private over = false;

  constructor(room: string, name: string | undefined, bus: boolean, wire: Wire) {
    this.room = room;
    this.name = name;
    this.bus = bus;
    this.wire = wire;
    this.address = `memory:${encodeMarks(room)}${bus ? '?bus' : ''}`;
  }

  async open(accept: Accept): Promise<void> {
    if (this.over) throw new ConnectionLost(`${this.address} was closed before it was open`);
    const room = rooms.get(this.address) ?? { members: new Map(), server: undefined, named: 0 };
    const others = this.judge(room);
    rooms.set(this.address, room);
    this.accept = accept;
    this.name ??= freeName(this.room, room);
    room.members.set(this.name, this);
    if (this.wire.listen && !this.bus) room.server = this;
    for (const other of others) this.link(other);
  }

  /** Leaves the room: its name is free, and nobody is linked with it any more. Links that are up stay. */
  async retire(): Promise<void> {
    this.leave();
  }

  async close(): Promise<void> {
    this.over = true;
    for (const link of this.links) link.close();
    this.leave();
    // The links have reported their ends in microtasks that run before this one.
    await undefined;
  }

  /** The members that this member is linked with; throws if it may not join. */
  private judge(room: Room): readonly Member[] {
    const { name, address } = this;
    if (name !== undefined && room.members.has(name)) {
      throw new UsageError(`the name "${name}" is taken in ${address}; choose another name, or omit it`);
    }
    if (this.bus) {
      const others = [...room.members.values()];
      for (const other of others) other.admit();
      return others;
    }
    if (this.wire.listen) {
      if (room.server === undefined) return [];
      throw new UsageError(
        `${address} is already served, by "${room.server.name}"; serve another room, or use ${address}?bus`,
      );
    }
    if (room.server === undefined)
      throw new ConnectionLost(
        `nobody serves ${address}; serve it first, in this process, or check the name of the room`,
      );
    room.server.admit();
    return [room.server];
  }

  private admit(): void {
    const { peers } = this.wire.limits;
    if (this.links.size >= peers) throw new ConnectionLost(`${this.address} is full: the limit "peers" is ${peers}`);
  }

  private link(other: Member): void {
    const [there, here] = memoryPair(other.end(false), this.end(true));
    other.links.add(there);
    this.links.add(here);
  }

  private end(dialed: boolean): MemoryEnd {
    return {
      dialed,
      name: this.name!,
      accept: this.accept!,
      frameBytes: this.wire.limits.frameBytes,
      logger: this.wire.logger,
      ended: (link) => {
        this.links.delete(link);
        // A connecting member has one link only; its name becomes free, so that it can connect again.
        if (!this.bus && !this.wire.listen) this.leave();
      },
    };
  }

  private leave(): void {
    const room = rooms.get(this.address);
    if (this.name === undefined || room?.members.get(this.name) !== this) return;
    room.members.delete(this.name);
    if (room.server === this) room.server = undefined;
    if (room.members.size === 0) rooms.delete(this.address);
  }
}

/** In milliseconds. */
function beatFrom(callBeat = 1_000): number {
  if (callBeat > 0) return callBeat;
  throw new UsageError(`memory: the option "callBeat" must be a number of milliseconds above 0, not ${callBeat}`);
}

function freeName(name: string, room: Room): string {
  do room.named++;
  while (room.members.has(`${name}.${room.named}`));
  return `${name}.${room.named}`;
}
