import type { Accept, Envelope, Frame, Link, Receiver, Transport, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { memoryPair } from './pair.js';
import { ServiceRoom } from './service-room.js';

/** What the address specifies of a service. */
export interface MemoryServiceOptions {
  readonly name: string | undefined;
  /** In ms. */
  readonly callBeat: number;
  /** Who calls does not learn which member gets a call, as over a broker. */
  readonly blind: boolean;
}

type Room = ServiceRoom<ServiceServer, ServiceClient>;

const rooms = new Map<string, Room>();

/** The room of a name; made now. `transports/memory.ts` opens it, tests make it be away. */
export function serviceRoom(name: string): Room {
  let room = rooms.get(name);
  if (room === undefined) {
    room = new ServiceRoom(name, () => rooms.delete(name));
    rooms.set(name, room);
  }
  return room;
}

/** One end of `memory:room?service`. */
export function memoryService(name: string, options: MemoryServiceOptions, wire: Wire): Transport {
  const address = `memory:${name}?service`;
  return wire.listen
    ? new ServiceServer(address, name, options, wire)
    : new ServiceClient(address, name, options, wire);
}

abstract class ServiceEnd implements Transport {
  protected room!: Room;
  name = '';
  accept!: Accept;
  protected isOver = false;

  constructor(
    readonly address: string,
    private readonly roomName: string,
    readonly options: MemoryServiceOptions,
    readonly wire: Wire,
  ) {}

  async open(accept: Accept): Promise<void> {
    const { options, address } = this;
    if (this.isOver) throw new ConnectionLost(`${address} was closed before it was open`);
    const room = serviceRoom(this.roomName);
    const { name = room.freeName() } = options;
    if (room.has(name))
      throw new UsageError(`the name "${name}" is taken in ${address}; choose another name, or omit it`);
    this.room = room;
    this.name = name;
    this.accept = accept;
    this.enter();
  }

  protected abstract enter(): void;
  abstract close(): Promise<void>;
}

/** Serves: one of the members of the service. */
export class ServiceServer extends ServiceEnd {
  readonly links = new Set<Link>();

  protected enter(): void {
    this.room.servers.set(this.name, this);
  }

  /** Gets no new calls; links that are up stay. */
  async retire(): Promise<void> {
    const { room, name } = this;
    if (room?.servers.get(name) !== this) return;
    room.servers.delete(name);
    room.left();
  }

  async close(): Promise<void> {
    this.isOver = true;
    await this.retire();
    for (const link of [...this.links]) link.close();
    await undefined;
  }

  /** To everybody who is connected to the service, also to those that this member does not know yet. */
  broadcast(frames: readonly Frame[]): void {
    if (!this.isOver) for (const client of this.room.clients.values()) client.memberOf(this)?.there.send(frames);
  }

  get hasRoom(): boolean {
    return this.links.size < this.wire.limits.peers;
  }
}

/** The two ends of the link between a client and a member. */
interface Pair {
  /** The member's end. */
  readonly there: Link;
  /** The client's end. */
  readonly here: Link;
}

/** Connects: its one peer is the service. */
export class ServiceClient extends ServiceEnd {
  private link: ServiceLink | undefined;
  private readonly pairs = new Map<ServiceServer, Pair>();

  protected enter(): void {
    this.room.clients.set(this.name, this);
    this.link = new ServiceLink(this, this.room);
    this.link.receiver = this.accept(this.link);
  }

  async close(): Promise<void> {
    this.isOver = true;
    this.link?.close();
    await undefined;
  }

  /** Its link has ended. */
  ended(): void {
    const { room, name } = this;
    if (room.clients.get(name) === this) room.clients.delete(name);
    for (const { here } of [...this.pairs.values()]) here.close();
    room.left();
  }

  /** Who may have calls of this side. */
  get members(): Iterable<Pair> {
    return this.pairs.values();
  }

  /** The links between this side and a member; undefined if that has as many peers as it may have. */
  memberOf(server: ServiceServer): Pair | undefined {
    const { link, room } = this;
    const known = this.pairs.get(server);
    if (known !== undefined || link === undefined) return known;
    if (!server.hasRoom) return undefined;
    const { callBeat } = server.options;
    const traits = { callBeat, broadcast: true, agreed: true };
    const [there, here] = memoryPair(
      {
        name: server.name,
        accept: (end) => delayed(server.accept(withAway(Object.assign(end, traits), room)), room),
        frameBytes: server.wire.limits.frameBytes,
        logger: server.wire.logger,
        ended: (end) => server.links.delete(end),
      },
      {
        name: this.name,
        accept: (end) =>
          delayed(this.accept(withAway(Object.assign(end, { service: link, agreed: true }), room)), room),
        frameBytes: this.wire.limits.frameBytes,
        logger: this.wire.logger,
        ended: () => this.pairs.delete(server),
      },
    );
    server.links.add(there);
    const pair = { there, here };
    this.pairs.set(server, pair);
    return pair;
  }
}

function withAway(link: Link, room: Room): Link {
  return Object.defineProperty(link, 'away', { get: () => room.isAway });
}

/** A receiver to which nothing comes while the room is away. */
function delayed(receiver: Receiver, room: Room): Receiver {
  return {
    get open() {
      return receiver.open ?? 0;
    },
    receive: (frame) => room.whenBack(() => receiver.receive(frame)),
    drained: () => receiver.drained(),
    closed: (reason) => room.whenBack(() => receiver.closed(reason)),
  };
}

/** The link of a client to the service. */
class ServiceLink implements Link {
  receiver: Receiver | undefined;
  readonly dialed = true;
  readonly agreed = true;
  readonly anycast = true;
  readonly peer: string;
  readonly callBeat: number;
  /** The bytes that wait while the room is away. */
  buffered = 0;
  private isOver = false;

  constructor(
    private readonly client: ServiceClient,
    private readonly room: Room,
  ) {
    this.peer = room.name;
    this.callBeat = client.options.callBeat;
  }

  get away(): boolean {
    return this.room.isAway;
  }

  /** Nobody sends to a service but by calls. */
  send(): void {}
  pause(): void {}
  resume(): void {}

  dispatch(frames: readonly Frame[], call: Envelope): Link | undefined {
    const { room } = this;
    if (this.isOver) return undefined;
    if (!room.holds) return this.deliver(frames, call);
    const bytes = frames.reduce((sum, { length }) => sum + length, 0);
    this.buffered += bytes;
    room.whenBack(() => {
      this.buffered -= bytes;
      this.deliver(frames, call);
      if (this.buffered === 0 && !this.isOver) this.receiver?.drained();
    });
    return undefined;
  }

  private deliver(frames: readonly Frame[], { id }: Envelope): Link | undefined {
    const { room, client } = this;
    if (this.isOver) return undefined;
    const servers = room.inTurn();
    for (const server of servers) {
      const pair = client.memberOf(server);
      if (pair === undefined) continue;
      pair.here.send(frames);
      return client.options.blind ? undefined : pair.here;
    }
    const { address } = client;
    const why = servers.length === 0 ? `nobody serves ${address}` : `nobody in ${address} has room for another peer`;
    if (id !== undefined)
      queueMicrotask(() => this.receiver?.outcome?.(id, new ConnectionLost(why, { maybeExecuted: false })));
    return undefined;
  }

  withdraw(_id: number, frames: readonly Frame[]): void {
    this.room.whenBack(() => {
      for (const { here } of this.client.members) here.send(frames);
    });
  }

  close(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    queueMicrotask(() => {
      this.client.ended();
      this.receiver?.closed(reason);
    });
  }
}
