import type { Accept, Frame, Link, Parcel, Receiver, Wire } from '../../src/contract/contract.js';
import { ACCEPTED_FRAME_BYTES, defaultLimits } from '../../src/contract/limits.js';

/** A wire for tests of transports: text, dialing, with the errors of the logger in `logged`. */
export function wire(over: Partial<Wire> = {}): Wire & { readonly logged: string[] } {
  const logged: string[] = [];
  const log = (message: string): void => {
    logged.push(message);
  };
  return {
    form: 'text',
    framing: 'lines',
    codec: 'jrpc',
    hello: true,
    listen: false,
    sealed: false,
    limits: defaultLimits,
    acceptedFrameBytes: over.limits?.frameBytes ?? ACCEPTED_FRAME_BYTES,
    memory: { reserve: () => true, release() {} },
    logger: { warn: log, error: log },
    document: () => '[]',
    transport: () => Promise.reject(new Error('no transports here')),
    ...over,
    logged,
  };
}

/** A link and what it has delivered. */
export class LinkLog implements Receiver {
  readonly frames: Frame[] = [];
  readonly ends: (Error | undefined)[] = [];
  drains = 0;
  link!: Link;
  /** Called for each frame, after it was recorded. */
  onFrame: (frame: Frame) => void = () => {};
  private readonly waiting: { test: () => boolean; resolve: () => void }[] = [];

  receive(frame: Frame): void {
    this.frames.push(frame);
    this.onFrame(frame);
    this.look();
  }

  published(frame: Frame): void {
    this.receive(frame);
  }

  drained(): void {
    this.drains++;
    this.look();
  }

  closed(reason?: Error): void {
    this.ends.push(reason);
    this.look();
  }

  /** The text frames, and the values of packets, in order. */
  get seen(): unknown[] {
    return this.frames.flatMap((frame) => (isParcel(frame) ? frame.values : [frame]));
  }

  /** Resolves when the condition holds; it is checked again whenever something was delivered. */
  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ test, resolve }));
  }

  /** Resolves with the reason of the end. */
  async ended(): Promise<Error | undefined> {
    await this.until(() => this.ends.length > 0);
    return this.ends[0];
  }

  private look(): void {
    for (const one of [...this.waiting]) {
      if (!one.test()) continue;
      this.waiting.splice(this.waiting.indexOf(one), 1);
      one.resolve();
    }
  }
}

/** Accepts links into logs, which are in `logs` in the order of arrival. */
export function accepting(): { readonly accept: Accept; readonly logs: LinkLog[]; next(): Promise<LinkLog> } {
  const logs: LinkLog[] = [];
  const waiting: ((log: LinkLog) => void)[] = [];
  let taken = 0;
  return {
    logs,
    accept: (link) => {
      const log = new LinkLog();
      log.link = link;
      logs.push(log);
      const waiter = waiting.shift();
      if (waiter !== undefined) {
        taken++;
        queueMicrotask(() => waiter(log));
      }
      return log;
    },
    next: () => {
      const log = logs[taken];
      if (log === undefined) return new Promise((resolve) => waiting.push(resolve));
      taken++;
      return Promise.resolve(log);
    },
  };
}

function isParcel(frame: Frame): frame is Parcel {
  return typeof frame === 'object' && 'values' in frame;
}
