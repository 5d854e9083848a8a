import type { Accept, Envelope, Frame, Link, Receiver, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { memoryPair } from './memory-pair.js';

/** What the address says of a service. */
export interface MemoryServiceOptions {
  readonly name: string | undefined;
  /** In ms. */
  readonly callBeat: number;
  /** Who calls does not learn which member gets a call, as over a broker. */
  readonly blind: boolean;
}

/** A room whose servers are one service for those that connect to it. */
export class ServiceRoom {
  readonly servers = new Map<string, ServiceServer>();
  readonly clients = new Map<string, ServiceClient>();
  private away = false;
  private held: (() => void)[] = [];
  private named = 0;
  private turn = 0;

  constructor(readonly name: string) {}

  /** A name that nobody in the room has. */
  freeName(): string {
    do this.named++;
    while (this.has(`${this.name}.${this.named}`));
    return `${this.name}.${this.named}`;
  }

  has(name: string): boolean {
    return this.servers.has(name) || this.clients.has(name);
  }

  /** The server whose turn it is; undefined if nobody serves. */
  next(): ServiceServer | undefined {
    const servers = [...this.servers.values()];
    return servers[this.turn++ % servers.length];
  }

  /** While it is set, nothing arrives and the links are `away`, as while a broker is down; afterwards, all of it arrives. */
  get isAway(): boolean {
    return this.away;
  }
  set isAway(away: boolean) {
    this.away = away;
    if (!away) for (const job of this.held.splice(0)) job();
  }

  /** Runs a job: at once, or when the room is back. */
  whenBack(job: () => void): void {
    if (this.away) this.held.push(job);
    else job();
  }
}

const rooms = new Map<string, ServiceRoom>();

/** The room of a name; made now. `transports/memory.ts` opens it, tests make it be away. */
export function serviceRoom(name: string): ServiceRoom {
  let room = rooms.get(name);
  if (room === undefined) {
    room = new ServiceRoom(name);
    rooms.set(name, room);
  }
  return room;
}

function leave(room: ServiceRoom): void {
  if (room.servers.size === 0 && room.clients.size === 0) rooms.delete(room.name);
}

/** One end of `memory:room?service`. */
export function memoryService(name: string, options: MemoryServiceOptions, wire: Wire): Transport {
  const address = `memory:${name}?service`;
  return wire.listen
    ? new ServiceServer(address, name, options, wire)
    : new ServiceClient(address, name, options, wire);
}

abstract class ServiceEnd implements Transport {
  protected room: ServiceRoom;
  name = '';
  accept!: Accept;
  protected isOver = false;

  constructor(
    readonly address: string,
    room: string,
    readonly options: MemoryServiceOptions,
    readonly wire: Wire,
  ) {
    this.room = serviceRoom(room);
  }

  async open(accept: Accept): Promise<void> {
    const { options, room, address } = this;
    if (this.isOver) throw new ConnectionLost(`${address} was closed before it was open`);
    const { name = room.freeName() } = options;
    if (room.has(name))
      throw new UsageError(`the name "${name}" is taken in ${address}; choose another name, or omit it`);
    this.room = serviceRoom(room.name);
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
    if (room.servers.get(name) === this) room.servers.delete(name);
    leave(room);
  }

  async close(): Promise<void> {
    this.isOver = true;
    await this.retire();
    for (const link of [...this.links]) link.close();
    await undefined;
  }

  /** To everybody who is connected to the service, also to those that this member does not know yet. */
  broadcast(frames: readonly Frame[]): void {
    for (const client of this.room.clients.values()) client.memberOf(this)?.there.send(frames);
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
    leave(room);
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

function withAway(link: Link, room: ServiceRoom): Link {
  return Object.defineProperty(link, 'away', { get: () => room.isAway });
}

/** A receiver to which nothing comes while the room is away. */
function delayed(receiver: Receiver, room: ServiceRoom): Receiver {
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
  readonly buffered = 0;
  readonly peer: string;
  readonly callBeat: number;
  private isOver = false;

  constructor(
    private readonly client: ServiceClient,
    private readonly room: ServiceRoom,
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
    const { room, client } = this;
    if (this.isOver) return undefined;
    if (room.isAway) {
      room.whenBack(() => void this.dispatch(frames, call));
      return undefined;
    }
    const server = room.next();
    const pair = server && client.memberOf(server);
    if (pair === undefined) {
      this.fail(call.id, server);
      return undefined;
    }
    pair.here.send(frames);
    return client.options.blind ? undefined : pair.here;
  }

  private fail(id: number | undefined, server: ServiceServer | undefined): void {
    if (id === undefined) return;
    const { address } = this.client;
    const why =
      server === undefined ? `nobody serves ${address}` : `${server.name} in ${address} has no room for peers`;
    queueMicrotask(() => this.receiver?.outcome?.(id, new ConnectionLost(why, { maybeExecuted: false })));
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
