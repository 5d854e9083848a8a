import type { Hello, Packet } from './packets.js';
import { fail } from './scheduler.js';
import { Session } from './session.js';
import type { ModelLink, World } from './world.js';

/** How many sessions may be parked. */
export const PARKED = 1;
const TOMBSTONES = 4;

/** The end that listens. */
export class Server {
  readonly sessions = new Map<string, Session>();
  /** What is known of sessions that are over. */
  private readonly tombstones = new Map<string, { why: string; arrived: number }>();
  private tokens = 0;

  constructor(private readonly world: World) {}

  get parked(): Session[] {
    return [...this.sessions.values()].filter(({ link, confirmed }) => link === undefined && confirmed);
  }

  hear(link: ModelLink, packet: Packet): void {
    const { session } = link;
    if (packet.kind === 'hello') this.greet(link, packet);
    else if (session !== undefined && session.over === undefined) {
      if (!session.confirmed && packet.kind !== 'ack') fail('something is said before the session is confirmed');
      if (!session.confirmed) this.confirm(session, link);
      // What a link still delivers whose session goes on over another one is for nobody: there it is sent again.
      if (session.link !== link && !this.world.has('late-frames')) return;
      if (packet.kind === 'ack') session.acknowledged(packet);
      else session.receive(packet);
    }
  }

  private greet(link: ModelLink, { dial, token = '', got, sent, over = false }: Hello): void {
    const { world } = this;
    const session = this.sessions.get(token);
    if (session === undefined) this.begin(link, dial, token);
    else if (link.by !== session.owner && !world.has('no-identity')) this.refuse(link, dial, 'another');
    else if (dial <= session.dial && !world.has('no-dial-check')) this.refuse(link, dial, 'stale');
    else if (over) {
      this.end(session, 'given up');
      this.begin(link, dial, token);
    } else {
      if (link.by === 'thief') fail('a thief has got the session');
      world.promises.count(session.link === undefined ? 'resumed: parked' : 'resumed: taken over');
      if (session.link !== undefined) session.link.isUp = false; // what it has delivered already is still heard, and ignored
      session.dial = dial;
      session.confirmed = true;
      link.session = session;
      link.send('server', { kind: 'hello', dial, got: session.got, sent: session.sent });
      session.attach(link, { got, sent });
    }
  }

  private begin(link: ModelLink, dial: number, old: string): void {
    const { world } = this;
    const session = new Session(world, 'server', link.by);
    const tombstone = this.tombstones.get(old);
    if (tombstone !== undefined) this.bury(old, tombstone.why, tombstone.arrived);
    const why = tombstone?.why ?? 'unknown';
    const answer = { kind: 'hello', dial, ...(old !== '' && { fresh: why, got: tombstone?.arrived }) } as const;
    const again = old !== '' && (world.has('same-token') || world.has('restart-resumes'));
    session.token = again ? old : `t${++this.tokens}`;
    session.dial = dial;
    link.session = session;
    this.sessions.set(session.token, session);
    link.send(
      'server',
      world.has('restart-resumes') && again ? { ...answer, got: 0, sent: 0 } : { ...answer, token: session.token },
    );
    if (world.has('two-way')) this.sessions.delete(session.token);
    if (world.has('two-way')) this.bury(session.token, 'unconfirmed', 0);
    if (world.has('no-confirm')) this.confirm(session, link, false);
    world.promises.count(old === '' ? 'begun' : `fresh: ${why}`);
  }

  /** The other end has its token: from now on there is somebody to talk to, and a session that can be resumed. */
  private confirm(session: Session, link: ModelLink, confirmed = true): void {
    session.confirmed = confirmed;
    this.sessions.set(session.token, session);
    session.link = link;
    session.flush();
  }

  /** What is known of a session that is over. Of those nobody asks for, the oldest is forgotten. */
  private bury(token: string, why: string, arrived: number): void {
    this.tombstones.delete(token);
    this.tombstones.set(token, { why, arrived });
    if (this.tombstones.size > TOMBSTONES && !this.world.isMild)
      this.tombstones.delete(this.tombstones.keys().next().value as string);
  }

  private refuse(link: ModelLink, dial: number, refused: string): void {
    this.world.promises.count(`refused: ${refused}`);
    link.send('server', { kind: 'hello', dial, refused });
    link.close('server');
  }

  /** Of those that are parked, the one with the least conversation: who comes only to fill the place goes first. */
  private least(): Session {
    const amount = ({ got, sent, waiting }: Session): number => got + sent + waiting.length;
    const isLess = (one: Session, least: Session): boolean =>
      amount(one) <= amount(least) && !this.world.has('evicts-oldest');
    return this.parked.reduce((least, one) => (isLess(one, least) ? one : least));
  }

  lostLink(link: ModelLink): void {
    const { world } = this;
    const { session } = link;
    if (session === undefined || session.over !== undefined) return;
    if (!session.confirmed) this.end(session, 'unconfirmed');
    else if (session.link === link || world.has('old-end-parks')) {
      session.link = undefined;
      if (world.has('never-parks')) this.end(session, 'cut');
      else if (this.parked.length > PARKED) this.end(this.least(), 'evicted');
      session.judge();
    }
  }

  end(session: Session, why: string): void {
    const { promises } = this.world;
    promises.count(`ended: ${why}`);
    session.over = why;
    session.link?.close('server');
    session.link = undefined;
    this.sessions.delete(session.token);
    this.bury(session.token, why, this.world.has('tomb-by-ack') ? session.told : session.got);
    for (const call of session.pending.values()) promises.settle(call, 'lost', call.given !== undefined);
    session.pending.clear();
  }

  /** The process ends and is started anew: there nobody knows anything any more. */
  restart(): void {
    for (const session of this.sessions.values()) {
      session.over = 'restart';
      for (const call of session.pending.values()) call.settled ??= 'gone';
    }
    this.sessions.clear();
    this.tombstones.clear();
    for (const link of this.world.links) link.close('server');
  }
}
