import type { Accept, Frame, Link, Receiver, Transport, TransportMaker } from '../../src/contract/contract.js';

// biome-ignore lint/suspicious/noExplicitAny: whatever a test wants to see of a message
type Json = any;

/** A peer that a test plays, message by message: what it says is received within the call, what it is sent is kept. */
export class PlayedLink implements Link {
  /** What came with each `send`. */
  readonly sends: Frame[][] = [];
  /** How the link was closed from the side under test: empty, or one reason. */
  readonly closes: (Error | undefined)[] = [];
  buffered = 0;
  paused = false;
  receiver!: Receiver;

  constructor(
    readonly peer: string,
    traits: Partial<Link>,
  ) {
    Object.assign(this, traits);
  }

  send(frames: readonly Frame[]): void {
    if (this.receiver === undefined) throw new Error('sent before accept has returned');
    this.sends.push([...frames]);
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  close(reason?: Error): void {
    // The session closes it, and its transport once more.
    if (this.closes.push(reason) > 1) this.closes.pop();
    else queueMicrotask(() => this.receiver.closed(reason));
  }

  /** Says messages: texts as they are, all else as JSON. */
  say(...messages: Json[]): void {
    for (const one of messages) this.receiver.receive(typeof one === 'string' ? one : JSON.stringify(one));
  }
  /** Every message that it was sent. */
  get heard(): Json[] {
    return this.sends.flat().map((frame) => JSON.parse(frame as string) as Json);
  }
}

/** A transport whose peers are played. */
export class Played implements Transport {
  readonly address = 'played:';
  private readonly links: PlayedLink[] = [];
  private accept: Accept | undefined;

  /** To be given as the option `transport`. */
  readonly maker: TransportMaker = () => this;

  async open(accept: Accept): Promise<void> {
    this.accept = accept;
    for (const link of this.links) link.receiver ??= accept(link);
  }
  async close(): Promise<void> {
    for (const link of this.links) link.close();
  }

  /** A peer comes; one that comes before the transport is open is there when it opens. */
  visit(peer = 'far', traits: Partial<Link> = {}): PlayedLink {
    const link = new PlayedLink(peer, traits);
    this.links.push(link);
    if (this.accept !== undefined) link.receiver = this.accept(link);
    return link;
  }
}

/** Everything of the turn is over, also what leaves at its end. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
