import type { Socket } from 'node:net';
import { clearTimer, setTimer, type Timer } from '../base/time.js';
import { ChaosLane, type Pace } from './chaos-lane.js';
import type { ChaosCut, ChaosDirection } from './chaos-schedule.js';
import { Random } from './random.js';

/** After a FIN an end has this many milliseconds to end, too. Then it is reset. */
const END_MS = 5_000;
/** How often a socket is probed over which nothing comes: an end that is gone is noticed, and nothing is reported to the other. */
const PROBE_MS = 10_000;

/** What a link of a chaos proxy reports. */
export interface ChaosLinkEnds {
  /** The address `to` could not be connected. */
  refused(): void;
  /** Both sockets are closed. */
  closed(): void;
}

/** One link of a chaos proxy: a socket to each end, and a lane for each direction. */
export class ChaosLink {
  readonly upstream: ChaosLane;
  readonly downstream: ChaosLane;
  /** Nothing has cut it, and no end has left. */
  isLive = true;
  private isConnected = false;
  private isSilent = false;
  /** An end was reset while nothing passes: the other end is not to know yet. */
  private isBroken = false;
  private open = 2;
  private timer: Timer | undefined;

  /** The sockets must allow half-open ends. */
  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    pace: Pace,
    seed: number,
    private readonly ends: ChaosLinkEnds,
  ) {
    this.upstream = new ChaosLane(client, server, pace, new Random(seed));
    this.downstream = new ChaosLane(server, client, pace, new Random(seed + 1));
    server.once('connect', () => {
      this.isConnected = true;
    });
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, PROBE_MS);
      socket.on('error', () => this.broken(socket));
      socket.on('close', () => this.socketClosed());
    }
  }

  silence(): void {
    this.isSilent = true;
    this.upstream.silence();
    this.downstream.silence();
  }

  resume(): void {
    if (!this.isLive && !this.isBroken) return;
    this.isSilent = false;
    if (this.isBroken) this.destroy();
    this.upstream.resume();
    this.downstream.resume();
  }

  /** Ends one direction only: its reader sees a FIN, and the other direction goes on. */
  halfClose(direction: ChaosDirection): void {
    this[direction].end();
  }

  /** What is held is lost. */
  cut(how: ChaosCut): void {
    this.isLive = false;
    this.upstream.stop();
    this.downstream.stop();
    if (how === 'rst') this.destroy();
    // Until it is reset or both ends have left by themselves, nothing arrives at either.
    else if (how === 'silence') this.isSilent = true;
    else {
      this.client.end();
      this.server.end();
      this.timer = setTimer(END_MS, () => this.destroy()).unref();
    }
  }

  /** Resets both ends. */
  destroy(): void {
    this.isLive = false;
    reset(this.client);
    reset(this.server);
  }

  private broken(socket: Socket): void {
    if (socket === this.server && !this.isConnected) this.ends.refused();
    if (this.isSilent) this.isBroken = this.isLive;
    else this.destroy();
    this.isLive = false;
  }

  private socketClosed(): void {
    this.isLive = false;
    if (--this.open > 0) return;
    this.upstream.stop();
    this.downstream.stop();
    clearTimer(this.timer);
    this.ends.closed();
  }
}

/** With an RST, where the runtime can send one. */
function reset(socket: Socket): void {
  if (socket.destroyed) return;
  // A socket that is not connected has no family, and neither has one of a path: these cannot be reset.
  if (socket.remoteFamily === undefined || typeof socket.resetAndDestroy !== 'function') socket.destroy();
  else socket.resetAndDestroy();
}
