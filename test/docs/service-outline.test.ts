import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Accept, Frame, Link, Receiver, Transport } from '../../src/index.js';
import { testService } from '../../src/testing/index.js';
import { blocksOf, root } from './pages.js';

/*
 * The outline of an engine in "Writing a transport" passes the suite, with a broker and servers in memory.
 */

/** The interface of the outline. */
interface Broker {
  readonly isAway: boolean;
  call(frames: readonly Frame[], id: number | undefined): void;
  tell(frames: readonly Frame[]): void;
  send(to: string, frames: readonly Frame[]): void;
  leave(server: string): void;
  onFrame: (from: string, frame: Frame) => void;
  onMissed: (id: number) => void;
  onGone: (peer: string) => void;
  close(): Promise<void>;
}

const folder = `${root}/test/docs/.blocks/outline`;
const outline = blocksOf('docs/writing-a-transport.md').find(({ code }) => code.includes('interface Broker'));
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/outline.ts`, `${outline?.code}\nexport { client };\n`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { client } = (await import(/* @vite-ignore */ `${folder}/outline.ts`)) as {
  client(broker: Broker, callBeat: number): Transport;
};

const BEAT = 400;

/** Everything goes through here, a microtask later. */
class Room {
  isAway = false;
  readonly clients = new Map<string, Broker>();
  readonly servers = new Map<string, Server>();
  /** Those that receive calls, in turn. */
  serving: Server[] = [];
  turn = 0;
  private names = 0;
  private held: (() => void)[] = [];

  name(kind: string): string {
    return `${kind}${++this.names}`;
  }

  later(job: () => void): void {
    queueMicrotask(() => (this.isAway ? void this.held.push(job) : job()));
  }

  restore(): void {
    this.isAway = false;
    for (const job of this.held.splice(0)) job();
  }

  broker(): Broker {
    const name = this.name('client');
    const gone = (to: Server | undefined): void => to?.links.get(name)?.link.close();
    const broker: Broker = {
      isAway: false,
      call: (frames, id) =>
        this.later(() => {
          const server = this.serving[this.turn++ % this.serving.length];
          if (server !== undefined) server.take(name, frames);
          else if (id !== undefined) broker.onMissed(id);
        }),
      tell: (frames) =>
        this.later(() => {
          for (const server of this.servers.values()) if (server.links.has(name)) server.take(name, frames);
        }),
      send: (to, frames) => this.later(() => this.servers.get(to)?.take(name, frames)),
      leave: (to) => this.later(() => gone(this.servers.get(to))),
      onFrame() {},
      onMissed() {},
      onGone() {},
      close: async () => {
        this.clients.delete(name);
        this.later(() => this.servers.forEach(gone));
      },
    };
    Object.defineProperty(broker, 'isAway', { get: () => this.isAway });
    this.clients.set(name, broker);
    return broker;
  }
}

/** A server: it has a link for each client that it has heard. */
class Server implements Transport {
  readonly links = new Map<string, { readonly link: Link; readonly receiver: Receiver }>();
  readonly address: string;
  private readonly name: string;
  private accept!: Accept;

  constructor(private readonly room: Room) {
    this.name = room.name('server');
    this.address = `example:${this.name}`;
  }

  async open(accept: Accept): Promise<void> {
    this.accept = accept;
    this.room.servers.set(this.name, this);
    this.room.serving.push(this);
  }

  take(from: string, frames: readonly Frame[]): void {
    const { receiver } = this.links.get(from) ?? this.bringUp(from);
    for (const frame of frames) receiver.receive(frame);
  }

  private bringUp(peer: string): { readonly link: Link; readonly receiver: Receiver } {
    const { room, links, name } = this;
    const link: Link = {
      peer,
      agreed: true,
      broadcast: true,
      callBeat: BEAT,
      buffered: 0,
      send: (frames) => {
        if (links.has(peer)) room.later(() => this.pass(frames, room.clients.get(peer)));
      },
      pause() {},
      resume() {},
      close(reason) {
        const ended = links.get(peer);
        if (!links.delete(peer)) return;
        room.later(() => room.clients.get(peer)?.onGone(name));
        queueMicrotask(() => ended?.receiver.closed(reason));
      },
    };
    Object.defineProperty(link, 'away', { get: () => room.isAway });
    const made = { link, receiver: this.accept(link) };
    links.set(peer, made);
    return made;
  }

  broadcast(frames: readonly Frame[]): void {
    const { room } = this;
    room.later(() => {
      for (const each of room.clients.values()) this.pass(frames, each);
    });
  }

  private pass(frames: readonly Frame[], to: Broker | undefined): void {
    for (const frame of frames) to?.onFrame(this.name, frame);
  }

  async retire(): Promise<void> {
    this.room.serving = this.room.serving.filter((server) => server !== this);
  }

  async close(): Promise<void> {
    await this.retire();
    for (const { link } of [...this.links.values()]) link.close();
    this.room.servers.delete(this.name);
  }
}

it('is in the page', () => expect(outline).toBeDefined());

let room = new Room();
testService(
  { describe, it },
  {
    name: 'the outline of an engine for services',
    fresh() {
      room = new Room();
    },
    server: () => new Server(room),
    client: () => client(room.broker(), BEAT),
    async interrupt() {
      room.isAway = true;
      return () => room.restore();
    },
  },
);
