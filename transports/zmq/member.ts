import type { Frame, Link, LinkInfo, Receiver, Wire } from '../../src/contract/contract.js';
import type { ProtocolError } from '../../src/contract/errors.js';
import { controlIn, END, LEAVING, PROBE } from './controls.js';
import type { ZmqFrames } from './frames.js';
import type { Parts } from './package.js';
import type { ZmqPipe } from './pipe.js';

/** What the link to a server needs of its transport. */
export interface MemberHost {
  readonly wire: Wire;
  readonly frames: ZmqFrames;
  readonly service: Link;
}

/** The link to one server. */
export class MemberLink implements Link {
  readonly packets = true;
  readonly dialed = true;
  readonly peer: string;
  receiver: Receiver | undefined;
  /** It takes no more calls. */
  isLeaving = false;
  isPaused = false;
  /** Why it is lost: it ends when everything that has arrived was read. */
  reason: Error | undefined;
  private isOver = false;

  /** `gone`: the link has ended; its socket may still have to send something. */
  constructor(
    private readonly endpoint: string,
    private readonly host: MemberHost,
    private readonly pipe: ZmqPipe,
    private readonly gone: (gently: boolean, isOurs: boolean) => void,
  ) {
    this.peer = `zmq:${endpoint}`;
  }

  get service(): Link {
    return this.host.service;
  }

  get buffered(): number {
    return this.pipe.buffered;
  }

  get info(): LinkInfo {
    return { address: this.endpoint };
  }

  get isLost(): boolean {
    return this.reason !== undefined;
  }

  send(frames: readonly Frame[]): void {
    if (this.isOver) return;
    for (const frame of frames) this.pipe.send(this.host.frames.parts([frame]));
  }

  take(parts: Parts): void {
    const [part = new Uint8Array(0)] = parts;
    const control = parts.length === 1 && this.host.wire.hello ? controlIn(part) : undefined;
    if (control === undefined) this.receive(parts);
    else if (control === END) this.end(undefined, true, false);
    else if (control === LEAVING && !this.isLeaving) {
      this.isLeaving = true;
      // The server waits for this, so that no call is on the way to it. Once: what waits here has no bytes, and no bound counts it.
      this.pipe.send(PROBE);
    }
  }

  private receive(parts: Parts): void {
    let frame: Frame;
    try {
      frame = this.host.frames.frame(parts);
    } catch (error) {
      this.close(error as ProtocolError);
      return;
    }
    this.receiver?.receive(frame);
  }

  lose(): void {
    this.close(this.reason);
  }

  pause(): void {
    this.isPaused = true;
    this.pipe.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.pipe.resume();
  }

  close(reason?: Error): void {
    this.end(reason, reason === undefined, reason === undefined);
  }

  /** Ends it once everything was sent. `reason`: why its calls end. */
  leave(reason: Error | undefined): void {
    this.end(reason, true, true);
  }

  private end(reason: Error | undefined, gently: boolean, isOurs: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    if (!this.isLost && this.host.wire.hello) this.pipe.send(END);
    this.gone(gently, isOurs);
    queueMicrotask(() => this.receiver?.closed(reason));
  }
}
