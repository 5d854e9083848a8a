import { stopClock } from 'obverse/testing';
import {
  type Side as ApiSide,
  Code,
  type Inverted,
  incoming,
  type Options,
  outgoing,
  type Peer,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
} from '../../src/index.js';
import { Random } from '../../src/testing/random.js';
import { PlayedNetwork } from './played-network.js';
import { type Call, Promises, type Side } from './promises.js';
import { fail, type Playable, type Step, Violation } from './scheduler.js';

/** What is counted of that which sides report. */
const COUNTED = {
  'overheard: refused': /with another user or certificate|not newer than the last one/,
};
/** The largest notification, in letters: a few of them close the window of a session. */
const LARGEST = 40_000;
const silent = { debug() {}, info() {}, error() {} };

class Traffic extends RemoteAPI {
  @incoming({ hasReply: true }) up(_sender: Sender, _args: { uid: number }): Reply<number> {}
  @outgoing({ hasReply: true }) down(_to: Receivers, _args: { uid: number }): Reply<number> {}
  @incoming noteUp(_sender: Sender, _args: { n: number; text: string }): void {}
  @outgoing noteDown(_to: Receivers, _args: { n: number; text: string }): void {}
}

/** How the sides of a world are made. */
export interface WorldOptions {
  readonly seed: number;
  /** Sessions outlive their links: nothing may be lost by cuts alone. */
  readonly isMild: boolean;
  /** How likely a notification is large. */
  readonly largeNotes: number;
  /** The side that dials does it again by itself; else dialing is a step. */
  readonly dialsItself?: boolean;
  readonly client?: Options;
  readonly server?: Options;
}

/** Two sides of the implementation under the scheduler of the model: their links are played, their clock is stopped. */
export class SideWorld implements Playable {
  readonly promises: Promises;
  readonly random: Random;
  protected readonly network = new PlayedNetwork();
  protected readonly running = new Map<Call, () => void>();
  /** Something that a step has begun, and that `settled` waits for. */
  protected beginning: Promise<void> | undefined;
  protected turnBy = 0;
  protected client!: ApiSide<Inverted<Traffic>>;
  protected server!: ApiSide<Traffic>;
  private readonly clock = stopClock();
  private readonly open = new Map<Call, AbortController>();
  private dialing: Promise<void> | undefined;

  constructor(
    protected readonly options: WorldOptions,
    stats: Map<string, number> = new Map(),
  ) {
    this.random = new Random(options.seed);
    this.promises = new Promises(options.isMild, stats);
  }

  async start(): Promise<this> {
    await this.serveAll();
    const connecting = Traffic.invert().connect(this.network.dialing, { logger: this.logger, ...this.options.client });
    // What is said before is no part of the schedule.
    let isOpen = false;
    connecting.finally(() => (isOpen = true)).catch(() => {});
    while (!isOpen) {
      await this.settled();
      this.network.deliver();
    }
    this.client = await connecting;
    this.client.down.connect((_from, { uid }) => this.serve(uid));
    this.client.noteDown.connect((_sender, { n }) => this.promises.heard('server', n));
    return this;
  }

  protected async serveAll(): Promise<void> {
    this.server = await Traffic.serve(this.network.listening, { logger: this.logger, ...this.options.server });
    this.server.up.connect((_from, { uid }) => this.serve(uid));
    this.server.noteUp.connect((_sender, { n }) => this.promises.heard('client', n));
  }

  private warned(text: string): void {
    if (text.includes('count their messages differently')) this.broken ??= new Violation(text);
    for (const [what, pattern] of Object.entries(COUNTED)) if (pattern.test(text)) this.promises.count(what);
  }

  private readonly logger = {
    ...silent,
    warn: (...texts: unknown[]): void => this.warned(texts.map(String).join(' ')),
  };

  async end(): Promise<void> {
    this.clock.restore();
    await Promise.all([this.client.close(), this.server.close()]);
  }

  /** When a step has had its consequences: what was written, answered or is due. */
  readonly settled = async (): Promise<void> => {
    const by = this.turnBy;
    this.turnBy = 0;
    await this.beginning;
    this.beginning = undefined;
    if (by > 0) await this.clock.turn(by);
    else for (let round = 0; round < 4; round++) await new Promise<void>((resolve) => setImmediate(resolve));
  };

  *steps(calm: boolean): Generator<Step> {
    yield* this.network.steps();
    for (const finish of this.running.values()) yield [3, finish];
    if (this.options.dialsItself) {
      if (this.network.live === 0) yield [2, () => (this.turnBy = 100)];
    } else if (this.network.live === 0 && this.dialing === undefined) yield [2, () => this.dial()];
    if (calm) return;
    yield* this.network.faults(this.random);
    yield [2, () => this.request('client', (call, signal) => this.up(call, signal), this.random.next() < 0.3)];
    yield [0.4, () => this.client.remote.noteUp(this.note('client'))];
    yield [0.2, () => (this.turnBy = this.random.int(1, 50))];
    for (const peer of this.visitors()) {
      yield [0.8, () => this.request('server', (call, signal) => this.down(peer, call, signal))];
      yield [0.3, () => this.server.noteDown(peer, this.note('server'))];
    }
    for (const cancel of this.open.values()) yield [0.05, () => cancel.abort()];
  }

  /** The peers of the server that are called: the client. */
  protected visitors(): Peer[] {
    return [...this.server.peers.values()].filter(({ id }) => id.startsWith('client'));
  }

  private note(from: Side): { n: number; text: string } {
    const text = this.random.next() < this.options.largeNotes ? 'x'.repeat(this.random.int(1, LARGEST)) : '';
    return { n: this.promises.nextNote(from), text };
  }

  private up({ uid, idempotent }: Call, signal: AbortSignal): Promise<number> {
    return this.client.with({ signal, idempotent }).remote.up({ uid });
  }

  private down(peer: Peer, { uid }: Call, signal: AbortSignal): Promise<number> {
    return this.server.to(peer, { signal }).down({ uid });
  }

  private dial(): void {
    this.dialing = this.client.changeTransport(this.network.dialing).finally(() => {
      this.dialing = undefined;
    });
    this.dialing.catch(() => {});
  }

  /** A handler: it has begun, and ends in a later step. */
  private serve(uid: number): Promise<number> {
    this.promises.ran(uid);
    const call = this.promises.call(uid);
    return new Promise((resolve) => {
      this.running.set(call, () => {
        this.running.delete(call);
        resolve(uid);
      });
    });
  }

  private request(
    by: Side,
    ask: (call: Call, signal: AbortSignal) => PromiseLike<number>,
    idempotent: boolean = false,
  ): void {
    const call = this.promises.newCall(by, idempotent);
    const cancel = new AbortController();
    this.open.set(call, cancel);
    Promise.resolve(ask(call, cancel.signal)).then(
      (answer) => {
        if (answer !== call.uid) fail(`call ${call.uid} is answered by ${answer}`);
        this.settle(call, 'ok', false);
      },
      (error: Error & { code?: number; maybeExecuted?: boolean }) => {
        if (error.code === Code.Busy) this.settle(call, 'busy', false);
        else
          this.settle(
            call,
            /Aborted|TimeoutError/.test(error.name) ? 'timeout' : 'lost',
            error.maybeExecuted !== false,
          );
      },
    );
  }

  private settle(call: Call, outcome: 'ok' | 'busy' | 'timeout' | 'lost', maybe: boolean): void {
    this.open.delete(call);
    try {
      this.promises.settle(call, outcome, maybe);
    } catch (violation) {
      this.broken ??= violation;
    }
  }

  /** What was broken outside of a step. */
  protected broken: unknown;

  check(): void {
    if (this.broken !== undefined) throw this.broken;
  }

  checkAtRest(): void {
    this.check();
    this.promises.checkAtRest();
    if (this.client.peers.size !== 1) fail('the client is not connected');
    for (const [name, side] of [
      ['client', this.client],
      ['server', this.server],
    ] as const) {
      const { peers, pendingCalls, activeCalls, queuedCalls, bufferedBytes } = side.stats();
      const left = { peers: peers - 1, pendingCalls, activeCalls, queuedCalls, bufferedBytes };
      for (const [what, count] of Object.entries(left))
        if (count !== 0) fail(`${count} ${what} are left at the ${name}`);
    }
  }
}
