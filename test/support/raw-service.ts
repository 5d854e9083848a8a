import type { Accept, Envelope, Frame, Link, Receiver, Transport, TransportMaker } from '../../src/index.js';

/** Members that a link is to have besides its own. */
type LinkMembers = { readonly [M in keyof Link]?: Link[M] | undefined };

/** A message as a test writes and reads it. */
export interface RawMessage {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A call that the core has dispatched. */
export interface Dispatched extends RawMessage {
  readonly id: number;
  readonly frames: readonly Frame[];
  readonly call: Envelope;
}

/** One link that a test controls: what the core has sent over it, and what it receives. */
export class RawLink implements Link {
  readonly sent: RawMessage[] = [];
  /** What the core has closed it with; undefined without a reason, and as long as it is open. */
  reason: Error | undefined;
  isOpen = true;
  receiver: Receiver | undefined;
  readonly buffered = 0;

  constructor(
    readonly peer: string,
    more: LinkMembers = {},
  ) {
    Object.defineProperties(this, Object.getOwnPropertyDescriptors(more));
  }

  send(frames: readonly Frame[]): void {
    for (const frame of frames) this.sent.push(...messagesIn(frame));
  }

  /** A frame arrives; a value that is no frame travels as JSON. */
  hears(...messages: readonly (RawMessage | string)[]): void {
    for (const message of messages) this.receiver?.receive(frameOf(message));
  }

  /** A frame arrives that was sent to everybody, or to a topic. */
  overhears(...messages: readonly (RawMessage | string)[]): void {
    for (const message of messages) this.receiver?.published?.(frameOf(message));
  }

  /** Answers a call. */
  answers({ id }: { readonly id: number }, result: unknown): void {
    this.hears({ id, result });
  }

  close(reason?: Error): void {
    this.end(reason);
  }

  /** The link ends. */
  end(reason?: Error): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.reason = reason;
    queueMicrotask(() => this.receiver?.closed(reason));
  }

  pause(): void {}
  resume(): void {}
}

/** A transport with one link to a service, which a test controls: what becomes of each call is up to the test. */
export class RawService implements Transport {
  readonly address = 'raw:';
  readonly calls: Dispatched[] = [];
  /** The ids of calls that were withdrawn. */
  readonly withdrawn: number[] = [];
  away = false;
  /** Called within each dispatch. Returns the link of the member that gets the call, if the core is to know it. */
  onDispatch: (call: Dispatched) => Link | undefined = () => undefined;
  link!: RawLink;
  private accept!: Accept;

  constructor(private readonly more: LinkMembers = {}) {}

  async open(accept: Accept): Promise<void> {
    this.accept = accept;
    const self = this;
    this.link = new RawLink('raw', {
      dialed: true,
      agreed: true,
      anycast: true,
      get away() {
        return self.away;
      },
      dispatch: (frames, call) => this.dispatch(frames, call),
      withdraw: (id) => void this.withdrawn.push(id),
      ...this.more,
    });
    this.link.receiver = accept(this.link);
  }

  private dispatch(frames: readonly Frame[], call: Envelope): Link | undefined {
    const dispatched = { ...(messagesIn(frames.at(-1) as Frame).at(-1) as Dispatched), frames, call };
    this.calls.push(dispatched);
    return this.onDispatch(dispatched);
  }

  /** Brings up the link of a member. */
  member(peer = 'member', service: Link = this.link): RawLink {
    const link = new RawLink(peer, { service, agreed: true });
    link.receiver = this.accept(link);
    return link;
  }

  /** The result of a call. */
  outcome({ id }: { readonly id: number }, answer: Error | readonly (RawMessage | string)[]): void {
    this.link.receiver?.outcome?.(id, answer instanceof Error ? answer : answer.map(frameOf));
  }

  async close(): Promise<void> {
    this.link.end();
  }

  /** The option `transport` of a side. */
  get source(): TransportMaker {
    return () => this;
  }
}

function frameOf(message: RawMessage | string): string {
  return typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message });
}

/** The messages in a frame; none of one that is sealed. */
export function messagesIn(frame: Frame): RawMessage[] {
  try {
    return [JSON.parse(frame as string) as RawMessage | RawMessage[]].flat();
  } catch {
    return [];
  }
}
