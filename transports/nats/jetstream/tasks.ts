import type { Msg, MsgHdrs, Subscription } from '@nats-io/nats-core';
import { clearTimer, setTimer, type Timer, time } from '../../../src/base/time.js';
import { Acks } from './acks.js';
import { NANOS } from './setup.js';

/** How long, in ms, the server keeps a request for messages. */
const EXPIRES_MS = 10_000;
/** How much longer, in ms, its answer may take; then it counts as lost. */
const SLACK_MS = 2_000;
/** Words of the address to which a message is acknowledged, from the end: `…<delivered>.<sequence>.<of the consumer>.<ns>.<pending>`. */
const ACK_WORDS = 9;
/** What that address begins with. */
const ACK = '$JS.ACK.';

/** What the tasks need of their transport. */
export interface TaskHost {
  readonly consumer: string;
  readonly stream: string;
  readonly inFlight: number;
  /** In ms. */
  readonly lease: number;
  readonly away: boolean;
  /** Where this connection alone is reached. */
  readonly own: string;
  tell(subject: string, body: string, reply?: string): void;
  /** A message is there: makes its link, and passes it on. */
  begin(task: Task): void;
}

/** A message of the stream while this side has it. */
export class Task {
  readonly attempt: number;
  readonly sequence: number;
  readonly stored: Date;
  private settled = false;

  constructor(
    readonly message: Msg,
    private readonly tasks: Tasks,
  ) {
    const words = (message.reply ?? '').split('.');
    // Newer servers add the domain and the account, and a word at the end.
    const at = words.length > ACK_WORDS ? 6 : 4;
    this.attempt = Number(words[at]);
    this.sequence = Number(words[at + 1]);
    this.stored = new Date(Number(words[at + 3]) / NANOS);
  }

  get body(): Uint8Array {
    return this.message.data;
  }

  get headers(): MsgHdrs | undefined {
    return this.message.headers;
  }

  /** It was handled. */
  done(): void {
    this.finish('+ACK');
  }

  /** It is to be delivered again after so many ms. */
  again(ms: number): void {
    if (this.settled) return;
    this.settled = true;
    const delay = ms > 0 ? ` ${JSON.stringify({ delay: Math.round(ms * NANOS) })}` : '';
    // If this is lost, the message comes again when its lease is over.
    this.tasks.host.tell(this.message.reply ?? '', `-NAK${delay}`);
    this.tasks.over(this);
  }

  /** It is not delivered any more. Without a reason, which some servers answer by delivering it again. */
  drop(): void {
    this.finish('+TERM');
  }

  /** This side has refused to begin it, because it has too many: it is begun later, and stays this side's until then. */
  hold(): void {
    if (!this.settled) this.tasks.hold(this);
  }

  /** Its lease begins anew. */
  renew(): void {
    if (!this.settled) this.tasks.host.tell(this.message.reply ?? '', '+WPI');
  }

  private finish(text: string): void {
    if (this.settled) return;
    this.settled = true;
    this.tasks.acks.send(this.sequence, this.message.reply ?? '', text);
    this.tasks.over(this);
  }
}

/**
 * Asks the stream for messages, for no more than this side can work on: what it has asked for, what it has, and what it has finished without
 * being confirmed are at most `inFlight`. So a message never waits at a worker that is busy, and no more come twice if the worker is killed.
 * Renews the leases of those at work.
 */
export class Tasks {
  readonly acks: Acks;
  private readonly atWork = new Set<Task>();
  /** Those at work that wait until this side can begin them. To give one back would count as an attempt. */
  private readonly held: Task[] = [];
  /** What was asked for and has not come, by the number of the request; the server answers them in order. */
  private readonly asked = new Map<number, { left: number; readonly until: number }>();
  private count = 0;
  private timer: Timer | undefined;
  private renewed: number = time();
  private subscription: Subscription | undefined;
  private stopped = false;

  constructor(readonly host: TaskHost) {
    this.acks = new Acks(host, () => this.ask());
  }

  /** `subscription` receives what `take` gets. */
  start(subscription: Subscription): void {
    this.subscription = subscription;
    this.renewed = time();
    this.ask();
    this.tick();
  }

  /** Something has arrived: a message, or what has become of a request. */
  take(message: Msg): void {
    const code = message.headers?.code ?? 0;
    const { reply = '' } = message;
    // Whoever writes to the stream may put a status into the headers of a message; where to acknowledge it, the server alone says.
    if (reply === '' || (code >= 100 && !reply.startsWith(ACK))) {
      if (code !== 100) this.asked.delete(Number(message.subject.slice(message.subject.lastIndexOf('.') + 1)));
      this.ask();
      return;
    }
    for (const [number, request] of this.asked) {
      if (--request.left <= 0) this.asked.delete(number);
      break;
    }
    const task = new Task(message, this);
    if (this.acks.repeats(task.sequence, reply)) return;
    this.atWork.add(task);
    if (this.stopped) task.again(0);
    else this.host.begin(task);
  }

  /** A message is settled. */
  over(task: Task): void {
    this.atWork.delete(task);
    this.beginHeld();
    this.ask();
  }

  hold(task: Task): void {
    if (this.stopped) task.again(0);
    else {
      this.held.push(task);
      this.held.sort((a, b) => a.sequence - b.sequence);
    }
  }

  /** Begins the first one of them, within no call of the one that has ended. */
  private beginHeld(): void {
    if (this.held.length === 0) return;
    this.dropLate();
    queueMicrotask(() => {
      const next = this.stopped ? undefined : this.held.shift();
      if (next !== undefined) this.host.begin(next);
    });
  }

  /** Another worker may have those whose leases are over: the server delivers them again. */
  private dropLate(): void {
    if (time() - this.renewed < this.host.lease) return;
    for (const task of this.held.splice(0)) this.atWork.delete(task);
  }

  /** The connection is restored: what was asked for before is lost. */
  restored(): void {
    this.asked.clear();
    this.acks.restored();
    this.dropLate();
    this.renew();
    this.ask();
  }

  /** Asks for no more, and gives back what still comes. Resolves when nothing comes any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const task of this.held.splice(0)) task.again(0);
    await this.subscription?.drain().catch(() => {});
  }

  end(): void {
    this.stopped = true;
    clearTimer(this.timer);
  }

  private ask(): void {
    const { host, asked, atWork } = this;
    if (this.stopped || host.away) return;
    let requested = 0;
    for (const { left } of asked.values()) requested += left;
    const free = host.inFlight - atWork.size - this.acks.size - requested;
    // A request for each message would be as many as there are messages.
    if (free <= 0 || (requested > 0 && free < host.inFlight / 4)) return;
    const number = ++this.count;
    asked.set(number, { left: free, until: time() + EXPIRES_MS + SLACK_MS });
    const body = JSON.stringify({ batch: free, expires: EXPIRES_MS * NANOS });
    host.tell(`$JS.API.CONSUMER.MSG.NEXT.${host.stream}.${host.consumer}`, body, `${host.own}.p.${number}`);
  }

  private tick(): void {
    const { host } = this;
    this.timer = setTimer(Math.min(host.lease / 3, 1_000), () => {
      this.tick();
      const now = time();
      this.acks.look();
      this.beginHeld();
      for (const [number, { until }] of this.asked) if (until <= now) this.asked.delete(number);
      this.ask();
      if (now - this.renewed >= host.lease / 3) this.renew();
    });
  }

  private renew(): void {
    if (this.host.away) return;
    this.renewed = time();
    for (const task of this.atWork) task.renew();
  }
}
