import { Random } from '../../src/testing/random.js';
import type { Bug } from './bugs.js';
import { Client } from './client.js';
import { PlayedLink } from './link.js';
import { type Hello, type Packet, weight } from './packets.js';
import { type Call, Promises, SIDES, type Side } from './promises.js';
import { fail, type Playable, type Step } from './scheduler.js';
import { PARKED, Server } from './server.js';
import { MOST_AWAY, type Session, WINDOW } from './session.js';

/** A link of the model: who has dialed it, and the session of the end that listens. */
export type ModelLink = PlayedLink<Packet> & { readonly by: 'client' | 'thief'; session: Session | undefined };

/** Both ends, their links, and everything that can happen to them. */
export class World implements Playable {
  links: ModelLink[] = [];
  /** The last hello with a token: somebody may have read it. */
  overheard: Hello | undefined;
  /** The most that one end held. */
  most = 0;
  readonly promises: Promises;
  readonly random: Random;
  readonly client: Client = new Client(this);
  readonly server: Server = new Server(this);

  /** In a mild world, links are cut, and nothing else goes wrong. */
  constructor(
    seed: number,
    private readonly bug: Bug | undefined,
    readonly isMild: boolean,
    stats: Map<string, number>,
  ) {
    this.random = new Random(seed);
    this.promises = new Promises(isMild, stats);
  }

  has(bug: Bug): boolean {
    return this.bug === bug;
  }
  hit(p: number): boolean {
    return this.random.next() < p;
  }
  size(): number {
    return this.random.int(1, 3);
  }
  newCall(by: Side): Call {
    const idempotent = this.hit(0.3);
    return this.promises.newCall(by, idempotent, this.hit(0.1) && !this.isMild);
  }

  *steps(calm: boolean): Generator<Step> {
    yield* this.work(calm);
    if (!calm) yield* this.faults();
  }

  /** What arrives, ends, and is due by itself. When all is calm, only what lies parked for nobody expires. */
  private *work(calm: boolean): Generator<Step> {
    const { client, server, links } = this;
    for (const link of links)
      for (const side of SIDES) {
        const session = side === 'client' ? client.session : link.session;
        if (!link.open[side]) continue;
        if (link.on[side].length > 0) {
          if (session?.link !== link || !session.isPaused) yield [link.isUp ? 10 : 2, () => this.deliver(link, side)];
        } else if (!link.isUp) yield [3, () => this.lost(link, side)];
        else if (link.isSilent) yield [1, () => this.lost(link, side)]; // no sign of life for two beats
      }
    for (const session of this.sessions()) yield* session.steps();
    if (client.link === undefined) yield [2, () => client.dial()];
    if (this.isMild && !calm) return;
    for (const session of server.parked)
      if (!calm || session.token !== client.session.token) yield [calm ? 1 : 0.1, () => server.end(session, 'expired')];
  }

  private *faults(): Generator<Step> {
    const { client, server, links, overheard, isMild, promises } = this;
    yield [2, () => client.session.request(this.newCall('client'))];
    if (!client.session.isCrowded) yield [0.4, () => client.session.post('note', promises.nextNote('client'))];
    if (client.isAsking) yield [0.4, () => client.dial()];
    if (!isMild) yield [0.04, () => server.restart()];
    if (!isMild && client.link === undefined) yield [0.1, () => client.abandon('gave up')];
    for (const session of server.sessions.values()) {
      if (session.owner === 'thief' || (session.link === undefined && !session.confirmed)) continue;
      yield [0.8, () => session.request(this.newCall('server'))];
      if (!isMild || !session.isCrowded) yield [0.3, () => session.post('note', promises.nextNote('server'))];
      if (!isMild) yield [0.02, () => server.end(session, 'closed')];
    }
    for (const session of this.sessions())
      for (const call of session.pending.values()) yield [0.05, () => session.giveUp(call)];
    for (const link of links) {
      if (link.isUp && !link.isSilent) yield [0.4, () => this.cut(link)];
      for (const side of SIDES) if (link.isUp && link.open[side]) yield [0.1, () => this.lost(link, side)];
    }
    if (overheard !== undefined) yield [0.1, () => this.steal(overheard)];
  }

  private sessions(): Session[] {
    return [this.client.session, ...this.server.sessions.values()];
  }

  private deliver(link: ModelLink, side: Side): void {
    const packet = link.on[side].shift() as Packet;
    if (side === 'client') this.client.hear(link, packet);
    else this.server.hear(link, packet);
  }

  private lost(link: ModelLink, side: Side): void {
    link.close(side);
    if (side === 'client') this.client.lostLink(link);
    else this.server.lostLink(link);
  }

  private cut(link: ModelLink): void {
    link.cut(this.random);
    this.promises.count(link.isSilent ? 'cut, silently' : 'cut');
  }

  /** Somebody has read a hello: he repeats it, claims a newer dial, ends the session, or comes only to fill the place. */
  private steal(hello: Hello): void {
    const link = Object.assign(new PlayedLink<Packet>(), { by: 'thief' as const, session: undefined });
    const claims = [{}, { dial: hello.dial + this.random.int(0, 8) }, { over: true }, { token: '' }];
    link.send('client', { ...hello, ...claims[this.random.int(0, claims.length - 1)] });
    link.send('client', { kind: 'ack', got: 0, sent: 0 });
    link.close('client');
    this.links.push(link);
  }

  check(): void {
    this.links = this.links.filter(({ open }) => open.client || open.server);
    for (const session of this.sessions()) {
      this.most = Math.max(this.most, session.held);
      if (weight(session.kept) >= WINDOW + 3) fail('more is kept than the window allows');
      const mayHold = session.side === 'server' && !this.isMild ? MOST_AWAY : Number.POSITIVE_INFINITY;
      if (session.link === undefined && session.held >= mayHold) fail('too much is held for a peer that is away');
    }
    if (this.server.parked.length > PARKED) fail('too many sessions are parked');
  }

  checkAtRest(): void {
    const { client, server } = this;
    this.promises.checkAtRest();
    const twin = server.sessions.get(client.session.token);
    if (twin?.link === undefined || twin.link !== client.session.link) fail('the two ends are not together');
    if (client.session.held + (twin as Session).held > 0) fail('something is kept for ever');
    if (server.sessions.size > 1) fail('a session is kept for ever');
  }
}
