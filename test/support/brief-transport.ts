import type { Accept, Frame, Link, Receiver, Transport, TransportMaker } from '../../src/index.js';

/** Members that a link is to have besides its own. */
type LinkMembers = { readonly [M in keyof Link]?: Link[M] | undefined };

/** One brief link: what the core has sent over it, each `send` by itself, and how it has ended. */
export class BriefLink implements Link {
  readonly brief = true;
  readonly buffered = 0;
  readonly sends: (readonly Frame[])[] = [];
  /** What has happened, in order: `sent`, `closed`. */
  readonly log: string[] = [];
  /** Resolves with what the core has closed the link with; undefined if everything went well. */
  readonly closing: Promise<Error | undefined>;
  receiver: Receiver | undefined;
  private isOver = false;
  private closedWith: (reason: Error | undefined) => void = () => {};

  constructor(
    readonly peer: string,
    private readonly ended: () => void,
    more: LinkMembers,
  ) {
    Object.assign(this, more);
    this.closing = new Promise((resolve) => {
      this.closedWith = resolve;
    });
  }

  get isOpen(): boolean {
    return !this.isOver;
  }

  /** The messages that were sent, parsed, one list for each frame. */
  get answers(): unknown[] {
    return this.sends.flat().map((frame) => JSON.parse(frame as string) as unknown);
  }

  send(frames: readonly Frame[]): void {
    if (this.isOver) return;
    this.log.push('sent');
    this.sends.push(frames);
  }

  close(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.log.push('closed');
    this.closedWith(reason);
    this.ended();
    queueMicrotask(() => this.receiver?.closed(reason));
  }

  /** Whoever has asked has gone. */
  abort(reason: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.ended();
    this.receiver?.closed(reason);
  }

  pause(): void {}
  resume(): void {}
}

/** A transport whose links are brief: each `ask` is one frame of another peer. */
export class BriefTransport implements Transport {
  readonly address = 'brief:';
  readonly open_ = new Set<BriefLink>();
  private accept: Accept | undefined;
  private count = 0;

  async open(accept: Accept): Promise<void> {
    this.accept = accept;
  }

  /** Brings up a link and delivers its frame; a value that is no frame travels as JSON. `more` are members of the link. */
  ask(frame: unknown, more: LinkMembers = {}): BriefLink {
    const link = this.link(more);
    link.receiver?.receive(typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame));
    return link;
  }

  /** Brings up a link without a frame. */
  link(more: LinkMembers = {}): BriefLink {
    if (this.accept === undefined) throw new Error('the side is not open');
    const link = new BriefLink(`one.${++this.count}`, () => this.open_.delete(link), { takes: 'answers', ...more });
    this.open_.add(link);
    link.receiver = this.accept(link);
    return link;
  }

  async close(): Promise<void> {
    for (const link of this.open_) link.close(new Error('the transport was closed while a link was open'));
  }

  /** The option `transport` of a side. */
  get source(): TransportMaker {
    return () => this;
  }
}

let id = 0;

/** A request as it travels. */
export function request(method: string, params?: unknown): { readonly id: number; readonly method: string } {
  const call = { jsonrpc: '2.0', id: ++id, method, ...(params !== undefined && { params }) };
  return call;
}

/** A notification as it travels. */
export function notification(method: string, params?: unknown): object {
  return { jsonrpc: '2.0', method, ...(params !== undefined && { params }) };
}
