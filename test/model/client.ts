import { PlayedLink } from './link.js';
import type { Hello, Packet } from './packets.js';
import { type Call, TRIES } from './promises.js';
import { fail } from './scheduler.js';
import { Session } from './session.js';
import type { ModelLink, World } from './world.js';

/** The end that dials. */
export class Client {
  session: Session;
  link: ModelLink | undefined;
  /** The session that was given up, as long as the other end may go on with it. */
  private last = '';
  private dials = 0;

  constructor(private readonly world: World) {
    this.session = new Session(world, 'client');
  }

  /** It has dialed, and the hello is not answered. */
  get isAsking(): boolean {
    return this.link !== undefined && this.session.link === undefined;
  }

  /** Nothing but the hello is sent before it is answered. */
  dial(): void {
    const { token, got, sent } = this.session;
    this.leave();
    const link = Object.assign(new PlayedLink<Packet>(), { by: 'client' as const, session: undefined });
    this.link = link;
    this.world.links.push(link);
    const over = this.last === '' || this.world.has('no-fence') ? {} : { token: this.last, over: true };
    const hello: Hello = { kind: 'hello', dial: ++this.dials, ...(token === '' ? over : { token, got, sent }) };
    link.send('client', hello);
    if (token !== '') this.world.overheard = hello;
  }

  /** What the link has delivered already is still heard, and ignored. */
  private leave(): void {
    if (this.link !== undefined) this.link.isUp = false;
    this.link = undefined;
    this.session.link = undefined;
  }

  hear(link: ModelLink, packet: Packet): void {
    const { session, world } = this;
    const late = world.has('hears-while-asking') && this.isAsking && 'uid' in packet && packet.token === session.token;
    if (packet.kind === 'hello') {
      if (link === this.link) this.answered(link, packet);
    } else if (session.link === link || late) {
      if (packet.kind === 'ack') session.acknowledged(packet);
      else session.receive(packet);
    }
  }

  private answered(link: ModelLink, { token, got, sent, fresh, refused }: Hello): void {
    if (refused !== undefined) fail(`the newest dial is refused: ${refused}`);
    if (token === undefined) this.session.attach(link, { got, sent });
    else {
      if (this.session.token !== '') this.lose(fresh as string, got);
      this.last = '';
      this.session.token = token;
      this.session.link = link;
      this.session.acknowledge(); // the token is here: that confirms the session, before anything else is said
      this.session.flush();
    }
  }

  lostLink(link: ModelLink): void {
    if (link === this.link) this.leave();
  }

  /** Gives the session up. An answer to a hello that is under way would be about this one: its link is left. */
  abandon(why: string): void {
    this.last = this.session.token || this.last;
    this.leave();
    this.lose(why);
  }

  /** The session is over. `arrived`: how many of its messages have come, if the other end still knows. */
  private lose(why: string, arrived = Number.POSITIVE_INFINITY): void {
    const { world, session: old } = this;
    world.promises.count(`lost: ${why}`);
    old.over = why;
    this.session = new Session(world, 'client');
    if (world.has('keeps-count')) this.session.got = old.got;
    // What has certainly not arrived. If the session was ended on purpose, what was sent may be why: it is not tried again.
    const unheard = old.kept
      .filter((_message, n) => why !== 'closed' && old.acked + 1 + n > arrived)
      .concat(old.waiting);
    const safe = new Set(unheard.filter(({ kind }) => kind === 'call').map(({ uid }) => uid));
    const movable = ({ uid, tagged }: Call): boolean => safe.has(uid) && !tagged;
    for (const call of old.pending.values()) {
      if (movable(call)) continue;
      call.doubtful ||= !safe.has(call.uid);
      const retries = call.idempotent && (call.tries < TRIES || world.has('endless-retry'));
      if ((retries || world.has('retry-all')) && !call.tagged) this.session.send(call);
      else this.reject(call, old);
    }
    for (const { kind, uid, size } of unheard) {
      const call = kind === 'call' ? old.pending.get(uid) : undefined;
      if (call !== undefined && movable(call)) this.session.send(call);
      if (kind === 'note' || (kind === 'reply' && world.has('moves-answers'))) this.session.put({ kind, uid, size });
    }
  }

  private reject(call: Call, old: Session): void {
    const isKept = this.world.has('maybe-by-ack') && old.kept.some(({ uid }) => uid === call.uid);
    this.world.promises.settle(call, 'lost', call.doubtful === true && !isKept);
  }
}
