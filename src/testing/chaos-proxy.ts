import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { clearTimer, setTimer, type Timer, time } from '../base/time.js';
import { ChaosLink } from './chaos-link.js';
import { type ChaosTarget, chaosTarget, checkChaosOptions, mustBeOneOf } from './chaos-options.js';
import {
  type ChaosCut,
  type ChaosDirection,
  type ChaosKind,
  type ChaosSchedule,
  type ChaosStep,
  rangeOf,
  stepsOf,
} from './chaos-schedule.js';
import { Random } from './random.js';

export type { ChaosCut, ChaosDirection, ChaosKind, ChaosSchedule };

/** Options of {@link chaosProxy}. */
export interface ChaosOptions {
  /**
   * The address behind the proxy, to which each link is connected: of `tcp:`, `tls:`, `ws:`, `wss:` or `unix:`. The
   * proxy passes bytes on as they are, so it needs no certificate; that of the address must be valid for `host`.
   */
  readonly to: string;
  /** The host at which the proxy listens; `127.0.0.1` by default. */
  readonly host?: string;
  /** The port at which the proxy listens; by default, one that is free. */
  readonly port?: number;
  /** The same seed makes the same schedule, and the same delays for the same pieces. 1 by default. */
  readonly seed?: number;
  /** How long each piece that arrives is delayed, in milliseconds: a number, or a range. The order is kept. */
  readonly delay?: number | readonly [least: number, most: number];
  /** How many bytes pass in a second, for each link and direction; without a limit by default. */
  readonly bytesPerSecond?: number;
  /**
   * The faults that happen by themselves, from the first link on. One that is due while there is no link hits the next
   * link as it comes: a link whose ends have not spoken yet.
   */
  readonly schedule?: ChaosSchedule;
  /** Called after each fault: those of the schedule and those that are called. */
  readonly onFault?: (fault: ChaosFault) => void;
}

/** A fault of a chaos proxy. */
export interface ChaosFault {
  readonly kind: ChaosKind | 'resume';
  /** Milliseconds since the proxy was opened. */
  readonly at: number;
  /** How many links it has hit. */
  readonly links: number;
}

/** What a chaos proxy has done so far. */
export interface ChaosStats {
  /** The links that are up now, and not cut. */
  readonly links: number;
  /** All links that were accepted. */
  readonly accepted: number;
  /** The links that were not, because the address behind the proxy could not be connected. */
  readonly refused: number;
  /** The bytes that were passed on. */
  readonly bytes: Readonly<Record<ChaosDirection, number>>;
  /** How many links were cut, in each way. */
  readonly cuts: Readonly<Record<ChaosCut, number>>;
  /** How many links lost one direction. */
  readonly halfClosed: number;
  /** How often everything fell silent. */
  readonly silences: number;
}

/**
 * A proxy that disturbs the links between two processes: to see what a program does when its network fails. It works
 * below the protocol, on the bytes of real sockets.
 */
export interface ChaosProxy extends AsyncDisposable {
  /** The address to dial instead of the one behind the proxy: with the same scheme, path and options. */
  readonly url: string;
  /**
   * Cuts all present links: what is under way on them is lost. Links that come later are not affected.
   *
   * @param how `rst` (by default): both ends are reset. `fin`: both ends see the other end finish. `silence`: nobody is
   * told, and nothing passes any more; both ends must notice by themselves, as if a cable were pulled. `rst` also resets links
   * that were cut so before.
   */
  cut(how?: ChaosCut): void;
  /**
   * From now on nothing passes, over the present links and those that are dialed meanwhile, and no end is informed that the
   * other has left. What is sent is kept, and passes after `resume()`; a sender of much is made to wait.
   */
  silence(): void;
  /** Ends `silence()`: what was kept passes, in order. */
  resume(): void;
  /**
   * Ends one direction of all present links, `upstream` by default: its reader sees a FIN, after what was sent before.
   * The other direction goes on.
   */
  halfClose(direction?: ChaosDirection): void;
  /** What it has done so far. */
  stats(): ChaosStats;
  /** Resets all links, and listens no more. May be called twice. */
  close(): Promise<void>;
}

/**
 * Opens a proxy before an address. Dial `proxy.url` instead of the address, from any process; then disturb the links
 * with the methods of the proxy, with `delay` and `bytesPerSecond`, or by a schedule. Its timers follow `stopClock()`.
 *
 * Rejects with a UsageError for an unknown or invalid option, and with the error of the runtime if it cannot listen.
 *
 * @example
 * await using proxy = await chaosProxy({ to: server.address, delay: [5, 50] });
 * const chat = await Chat.invert().connect(proxy.url);
 * proxy.cut('rst');
 */
export async function chaosProxy(options: ChaosOptions): Promise<ChaosProxy> {
  checkChaosOptions(options);
  const { host = '127.0.0.1', port = 0, to } = options;
  const target = chaosTarget(to);
  const server = net.createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return new Proxying(server, target, options);
}

class Proxying implements ChaosProxy {
  readonly url: string;
  private readonly links = new Set<ChaosLink>();
  private readonly counts = {
    accepted: 0,
    refused: 0,
    cuts: { fin: 0, rst: 0, silence: 0 },
    halfClosed: 0,
    silences: 0,
  };
  /** The bytes of the links that have ended. */
  private readonly bytes = { upstream: 0, downstream: 0 };
  private readonly since = time();
  private readonly steps: Generator<ChaosStep> | undefined;
  private isSilent = false;
  private timer: Timer | undefined;
  private pauseTimer: Timer | undefined;
  private waiting: ChaosStep | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly server: Server,
    private readonly target: ChaosTarget,
    private readonly options: ChaosOptions,
  ) {
    const { address, port } = server.address() as AddressInfo;
    const { host = address, seed = 1, schedule } = options;
    this.url = target.url(host, port);
    this.steps = schedule && stepsOf(schedule, new Random(seed));
    server.on('connection', (socket) => this.accept(socket));
  }

  cut(how: ChaosCut = 'rst'): void {
    mustBeOneOf('cut', how, ['fin', 'rst', 'silence']);
    const links = this.live();
    for (const link of how === 'rst' ? this.links : links) link.cut(how);
    this.counts.cuts[how] += links.length;
    this.report(how, links.length);
  }

  silence(): void {
    const links = this.live();
    for (const link of this.links) link.silence();
    if (!this.isSilent) this.counts.silences++;
    this.isSilent = true;
    this.report('pause', links.length);
  }

  resume(): void {
    clearTimer(this.pauseTimer);
    if (!this.isSilent) return;
    this.isSilent = false;
    const links = this.live();
    for (const link of this.links) link.resume();
    this.report('resume', links.length);
  }

  halfClose(direction: ChaosDirection = 'upstream'): void {
    mustBeOneOf('halfClose', direction, ['upstream', 'downstream']);
    const links = this.live();
    for (const link of links) link.halfClose(direction);
    this.counts.halfClosed += links.length;
    this.report('half-close', links.length);
  }

  stats(): ChaosStats {
    const bytes = { ...this.bytes };
    for (const link of this.links) this.add(link, bytes);
    return { ...this.counts, cuts: { ...this.counts.cuts }, bytes, links: this.live().length };
  }

  close(): Promise<void> {
    this.closing ??= new Promise((resolve) => {
      clearTimer(this.timer);
      clearTimer(this.pauseTimer);
      this.server.close(() => resolve());
      for (const link of this.links) link.destroy();
    });
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private live(): ChaosLink[] {
    return [...this.links].filter((link) => link.isLive);
  }

  private accept(client: Socket): void {
    const { delay = 0, bytesPerSecond = Number.POSITIVE_INFINITY, seed = 1 } = this.options;
    const server = net.connect({ ...this.target.connect, allowHalfOpen: true });
    // Each direction of each link has its own random source, so that they do not depend on how they interleave.
    const own = seed + Math.imul(2 * this.counts.accepted++ + 1, 0x9e3779b9);
    const link: ChaosLink = new ChaosLink(client, server, { delay: rangeOf(delay), bytesPerSecond }, own, {
      refused: () => this.counts.refused++,
      closed: () => {
        this.links.delete(link);
        this.add(link, this.bytes);
      },
    });
    this.links.add(link);
    if (this.isSilent) link.silence();
    if (this.waiting !== undefined) this.happen(this.waiting);
    else if (this.counts.accepted === 1) this.next();
  }

  private add(link: ChaosLink, bytes: Record<ChaosDirection, number>): void {
    bytes.upstream += link.upstream.passed;
    bytes.downstream += link.downstream.passed;
  }

  private next(): void {
    const step = this.steps?.next();
    if (step === undefined || step.done === true || this.closing !== undefined) return;
    const { value } = step;
    this.timer = setTimer(value.after, () => {
      if (this.live().length > 0) this.happen(value);
      else this.waiting = value;
    });
  }

  private happen({ kind, direction, pause }: ChaosStep): void {
    this.waiting = undefined;
    if (kind === 'half-close') this.halfClose(direction);
    else if (kind !== 'pause') this.cut(kind);
    else {
      this.silence();
      clearTimer(this.pauseTimer);
      this.pauseTimer = setTimer(pause, () => this.resume());
    }
    this.next();
  }

  private report(kind: ChaosFault['kind'], links: number): void {
    this.options.onFault?.({ kind, at: time() - this.since, links });
  }
}
