import type { Accept, Frame, Link, Receiver, Transport, TransportMaker } from '../../src/contract/contract.js';

// biome-ignore lint/suspicious/noExplicitAny: whatever a test wants to see of a message
type Json = any;

/**
 * A peer that a test controls, message by message: what it sends is received within the call, what it receives is kept.
 */
export class PlayedLink implements Link {
  /** The frames of each `send`. */
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

  /** Sends messages: texts as they are, everything else as JSON. */
  say(...messages: Json[]): void {
    for (const one of messages) this.receiver.receive(typeof one === 'string' ? one : JSON.stringify(one));
  }
  /** Every message that it has received. */
  get heard(): Json[] {
    return this.sends.flat().map((frame) => JSON.parse(frame as string) as Json);
  }
}

/** A transport whose peers are controlled by the test. */
export class Played implements Transport {
  readonly address = 'played:';
  private readonly links: PlayedLink[] = [];
  private accept: Accept | undefined;

  /** For the option `transport`. */
  readonly maker: TransportMaker = () => this;

  async open(accept: Accept): Promise<void> {
    this.accept = accept;
    for (const link of this.links) link.receiver ??= accept(link);
  }
  async close(): Promise<void> {
    for (const link of this.links) link.close();
  }

  /** Adds a peer; one that is added before the transport is open is there when it opens. */
  visit(peer = 'far', traits: Partial<Link> = {}): PlayedLink {
    const link = new PlayedLink(peer, traits);
    this.links.push(link);
    if (this.accept !== undefined) link.receiver = this.accept(link);
    return link;
  }
}

/** The turn has ended, including what is sent at its end. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
