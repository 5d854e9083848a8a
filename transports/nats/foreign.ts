import type { Msg } from '@nats-io/nats-core';
import type { Frame, LinkInfo } from '../../src/contract/contract.js';
import { type NatsHub, NatsLink } from './link.js';
import { isAnswerable } from './reply.js';

/** One message of a client that is not Obverse, or, on a topic, one that cannot be answered. */
export class ForeignLink extends NatsLink {
  readonly brief = true;
  readonly takes: 'answers' | 'nothing';

  constructor(
    hub: NatsHub,
    readonly peer: string,
    private readonly reply: string | undefined,
    private readonly told: LinkInfo,
  ) {
    super(hub);
    this.takes = reply === undefined ? 'nothing' : 'answers';
  }

  override get info(): LinkInfo {
    return this.told;
  }

  send(frames: readonly Frame[]): void {
    if (this.isOver || this.reply === undefined || frames.length === 0) return;
    const { maxPayload, frames: packing } = this.hub;
    for (const body of packing.pack(frames, maxPayload)) this.put(this.reply, body, undefined);
  }
}

/** The messages of clients that are not Obverse, each a brief link. They share one bound. */
export class ForeignMessages {
  private readonly open = new Set<NatsLink>();
  private count = 0;

  /** `admit` passes a link to the core; there are at most `most` at a time. */
  constructor(
    private readonly hub: NatsHub,
    private readonly most: number,
    private readonly admit: (link: NatsLink) => void,
  ) {}

  /** A message: it is dropped if there are too many. */
  take({ subject, reply, headers, data }: Msg): void {
    const { hub, open, most } = this;
    if (open.size >= most) {
      hub.drop('a message was dropped', `${most} others are not finished yet, the limit (limits.peers)`);
      return;
    }
    const info = { subject, ...(headers !== undefined && { headers: Object.fromEntries(headers) }) };
    const link = new ForeignLink(
      hub,
      `nats:${hub.subject}#${++this.count}`,
      isAnswerable(reply, hub.subject) ? reply : undefined,
      info,
    );
    open.add(link);
    this.admit(link);
    link.take(data);
  }

  gone(link: NatsLink): void {
    this.open.delete(link);
  }
}
