import type { PlayedLink } from './link.js';
import { type Ack, type Hello, type Message, type Packet, weight } from './packets.js';
import { type Call, other, type Side } from './promises.js';
import { fail, type Step } from './scheduler.js';
import type { World } from './world.js';

/** How much may be handed to links and not be acknowledged (`bytes`). A message weighs 1 to 3. */
export const WINDOW = 6;
/** If so much is held, own calls are refused as busy, and those of the peer wait (`bufferedBytes`). */
const CROWDED = 2 * WINDOW;
/** If so much is held for a peer that is parked, its session ends (`hold`). */
export const MOST_AWAY = 3 * WINDOW;
const CONCURRENCY = 2;
const QUEUE = 2;

/** What outlives a link: the numbers, what is kept to be sent again, pending calls, what the peer has called. */
export class Session {
  token = '';
  dial = 0;
  confirmed = false;
  over: string | undefined;
  link: PlayedLink<Packet> | undefined;
  /** Handed to a link and not acknowledged: the messages `acked + 1` to `sent`. */
  kept: Message[] = [];
  /** Not handed to a link yet: these have no number. */
  waiting: Message[] = [];
  acked = 0;
  got = 0;
  /** The `got` of the last ack that was sent, and the weight of what has come since. */
  told = 0;
  private untold = 0;
  readonly pending = new Map<number, Call>();
  /** Active handlers, and the call for whose answer each waits. */
  readonly running = new Map<number, Call | undefined>();
  private queue: number[] = [];
  /** For the checks alone: numbers that no bug can falsify. */
  private readonly truth = { sent: 0, got: 0 };

  constructor(
    readonly world: World,
    readonly side: Side,
    readonly owner: Side | 'thief' = 'client',
  ) {}

  get sent(): number {
    return this.acked + this.kept.length;
  }
  get held(): number {
    return weight(this.kept) + weight(this.waiting);
  }
  get isCrowded(): boolean {
    return this.held >= CROWDED;
  }
  /** Nothing is sent before the peer acknowledges something: so its acks are read, whatever else waits here. */
  get isBlind(): boolean {
    return weight(this.kept) >= WINDOW || this.waiting.length > 0;
  }
  get isPaused(): boolean {
    return this.queue.length >= QUEUE && this.pending.size === 0 && (!this.isBlind || this.world.has('pause-blind'));
  }

  // ---- out

  request(call: Call): void {
    if (this.isCrowded) this.world.promises.settle(call, 'busy', false);
    else this.send(call);
  }

  send(call: Call): void {
    call.tries++;
    this.pending.set(call.uid, call);
    this.put({ kind: 'call', uid: call.uid, size: this.world.size() });
  }

  /** An answer, or a notification to several, is never refused. */
  post(kind: 'reply' | 'note', uid: number, busy = false): void {
    this.put({ kind, uid, busy, size: this.world.size() });
  }

  /** Whether too much is held for a peer that is parked: asked when something is added, and when its link ends. */
  judge(): void {
    if (this.side === 'client' || this.link !== undefined || this.over !== undefined || this.held < MOST_AWAY) return;
    if (!this.world.isMild && !this.world.has('no-overrun')) this.world.server.end(this, 'overrun');
  }

  put(message: Message): void {
    const { world } = this;
    if (this.over !== undefined) return;
    if (world.has('number-at-put')) this.mark(message);
    this.waiting.push(message);
    const asking = world.has('send-while-asking') && this.side === 'client' && this.link === undefined;
    if (asking && this.token !== '') this.handOver(world.client.link);
    this.flush();
    this.judge();
  }

  flush(): void {
    const { world } = this;
    while (this.link !== undefined && this.waiting.length > 0 && (weight(this.kept) < WINDOW || world.has('no-window')))
      this.handOver(this.link);
  }

  /** A message has its number once a link is given it. */
  private handOver(link: PlayedLink<Packet> | undefined): void {
    const message = this.waiting.shift() as Message;
    if (!this.world.has('number-at-put')) this.mark(message);
    this.kept.push(message);
    if (message.kind === 'call') this.world.promises.call(message.uid).given = this.token;
    link?.send(this.side, message);
    if (this.world.has('drop-on-send')) this.acked += this.kept.splice(0).length;
  }

  private mark(message: Message): void {
    message.token = this.token;
    message.seq = ++this.truth.sent;
  }

  /** Nobody waits for the answer any more. What no link was given is not sent at all. */
  giveUp(call: Call): void {
    this.pending.delete(call.uid);
    this.world.promises.settle(call, 'timeout', call.given !== undefined);
    const at = this.waiting.findIndex(({ kind, uid }) => kind === 'call' && uid === call.uid);
    if (at >= 0 && !this.world.has('ghost-call')) this.waiting.splice(at, 1);
    else this.put({ kind: 'cancel', uid: call.uid, size: 1 });
  }

  // ---- links

  /** Goes on over another link, whose other end has said what it has got and sent. */
  attach(link: PlayedLink<Packet>, { got = 0, sent = 0 }: Pick<Hello, 'got' | 'sent'>): void {
    this.link = link;
    this.compare(got, sent, false);
    if (!this.world.has('resend-all')) this.drop(got);
    for (const message of this.kept) link.send(this.side, message);
    this.flush();
  }

  acknowledged({ got, sent }: Ack): void {
    this.compare(got, sent, true);
    this.drop(got);
    if (!this.world.has('no-flush')) this.flush();
  }

  /** An ack keeps its place among the messages, so that both ends can compare how they count. */
  private compare(got: number, sent: number, inOrder: boolean): void {
    if (got >= this.acked && got <= this.sent && (inOrder ? sent === this.got : sent >= this.got)) return;
    fail(
      `counts differ: the peer got ${got} of ${this.acked}..${this.sent} and sent ${sent}, of which ${this.got} came`,
    );
  }

  private drop(got: number): void {
    this.acked += this.kept.splice(0, got - this.acked).length;
  }

  acknowledge(): void {
    this.told = this.got;
    this.untold = 0;
    this.link?.send(this.side, { kind: 'ack', got: this.got, sent: this.sent });
  }

  // ---- in

  receive(message: Message): void {
    const { kind, uid, busy, token, seq } = message;
    if (token !== this.token) fail(`a message of the session ${token} comes in ${this.token}`);
    if (seq !== ++this.truth.got) fail(`message ${seq} comes as number ${this.truth.got}`);
    if (!(this.world.has('drift') && kind === 'cancel')) this.got++;
    this.untold += message.size;
    if (kind === 'call') this.admit(uid);
    else if (kind === 'reply') this.answered(uid, busy === true);
    else if (kind === 'note') this.world.promises.heard(other(this.side), uid);
    else if (this.queue.includes(uid)) {
      this.queue.splice(this.queue.indexOf(uid), 1);
      this.post('reply', uid, true);
    }
    if (this.untold >= WINDOW / 2) this.acknowledge();
  }

  private answered(uid: number, busy: boolean): void {
    const { promises } = this.world;
    const call = promises.call(uid);
    if (call.given !== this.token) fail(`an answer to a call of the session ${call.given} comes in ${this.token}`);
    if (this.pending.delete(uid)) promises.settle(call, busy ? 'busy' : 'ok', false);
    else if (call.settled === undefined) fail('an answer to a call that nobody has made');
  }

  private admit(uid: number): void {
    if (this.running.size < CONCURRENCY && this.queue.length === 0 && !this.isCrowded) this.start(uid);
    else if (this.queue.length < QUEUE) this.queue.push(uid);
    else this.post('reply', uid, true);
  }

  private start(uid: number): void {
    const { world } = this;
    world.promises.ran(uid);
    this.running.set(uid, undefined);
    if (this.side === 'client' || !world.hit(0.3)) return;
    // A handler that calls the one who has called it.
    const call = world.newCall('server');
    this.running.set(uid, call);
    this.request(call);
  }

  /** What is due at this end by itself. */
  *steps(): Generator<Step> {
    if (this.link !== undefined && this.told < this.got && !this.world.has('no-timed-ack'))
      yield [1, () => this.acknowledge()];
    if (this.queue.length > 0 && this.running.size < CONCURRENCY && !this.isCrowded)
      yield [5, () => this.start(this.queue.shift() as number)];
    for (const [uid, waits] of this.running) {
      if (waits === undefined || waits.settled !== undefined)
        yield [3, () => this.running.delete(uid) && this.post('reply', uid)];
    }
  }
}
