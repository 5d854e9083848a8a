import { setTimer, time } from '../../src/base/time.js';

/** How long, in ms, the others may need to restore their connections after this side has restored its own. */
const GRACE_MS = 3_000;
/** How long, in ms, to wait before a peer that is not there yet is tried again. */
const AGAIN_MS = 100;

/** A message, with everything that is needed to send it. */
export interface NatsMessage {
  readonly to: string;
  readonly body: string | Uint8Array;
  readonly reply: string | undefined;
  /** Of a call. */
  readonly id?: number | undefined;
}

/** A link in an outage. */
export interface Waiting {
  /** What waits to be sent, in order; undefined: nothing has to wait. */
  held: NatsMessage[] | undefined;
  /** The server has said that nobody receives what was sent last. */
  unheard: boolean;
  /** The peer has not come back in time: this was not sent. */
  deserted(held: readonly NatsMessage[]): void;
  readonly isOver: boolean;
}

/** What sends. */
export interface Sender {
  readonly away: boolean;
  publish(to: string, body: string | Uint8Array, reply: string | undefined): void;
  /** Resolves when the server has handled what was sent, and everything that it says of it has arrived. */
  flush(): Promise<void>;
}

/**
 * What happens to messages while the connection to the server is being restored. The client drops what is published meanwhile, so it
 * waits here. All sides lose a server together and restore their connections one after the other: a peer that is not there at first is
 * tried again for a moment before it counts as gone. The first message that waits for a peer shows whether it is there, so that order is
 * kept: the others follow once the server has found a receiver for it.
 */
export class Outage {
  private until = Number.NEGATIVE_INFINITY;
  private readonly trying = new Set<Waiting>();
  /** What belongs to no open link. */
  private others: NatsMessage[] = [];
  private bytes = 0;

  /** `most`: how many bytes may wait that belong to no link; those of a link are in its `buffered`. */
  constructor(
    private readonly sender: Sender,
    private readonly most: number,
  ) {}

  /** Keeps a message that belongs to no open link until the connection is restored. Returns false if there is no room for it. */
  keep(message: NatsMessage): boolean {
    if (this.bytes + message.body.length > this.most) return false;
    this.bytes += message.body.length;
    this.others.push(message);
    return true;
  }

  /** The connection is lost: everything waits. */
  begin(links: Iterable<Waiting>): void {
    for (const link of links) link.held ??= [];
  }

  /** The connection is restored. */
  end(links: Iterable<Waiting>): void {
    this.until = time() + GRACE_MS;
    for (const { to, body, reply } of this.others.splice(0)) this.sender.publish(to, body, reply);
    this.bytes = 0;
    for (const link of links) if (link.held !== undefined && link.held.length > 0) void this.try(link);
  }

  /** Keeps a message of a link that has to wait. */
  hold(link: Waiting, message: NatsMessage): void {
    link.held?.push(message);
    if (!this.sender.away) void this.try(link);
  }

  /** Resolves when nothing waits any more, because it was sent or dropped. Returns false if that takes longer than some ms. */
  async settled(ms: number): Promise<boolean> {
    const end = time() + ms;
    while (this.sender.away || this.trying.size > 0) {
      if (time() > end) return false;
      await wait(AGAIN_MS);
    }
    return true;
  }

  private async try(link: Waiting): Promise<void> {
    if (this.trying.has(link)) return;
    this.trying.add(link);
    while (!this.sender.away && !link.isOver && link.held !== undefined && !(await this.arrives(link)));
    this.trying.delete(link);
  }

  /** Sends the first message, and the others if somebody has received it. Returns false if it is to be tried again. */
  private async arrives(link: Waiting): Promise<boolean> {
    const { sender } = this;
    const held = link.held as NatsMessage[];
    const first = held[0] as NatsMessage;
    link.unheard = false;
    sender.publish(first.to, first.body, first.reply);
    try {
      await sender.flush();
    } catch {
      // The connection was lost again, and nobody knows whether the message has arrived: it is not sent twice.
      held.shift();
      return true;
    }
    if (link.unheard && time() < this.until) {
      await wait(AGAIN_MS);
      return false;
    }
    link.held = undefined;
    if (link.unheard) link.deserted(held);
    else for (const { to, body, reply } of held.slice(1)) sender.publish(to, body, reply);
    return true;
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimer(ms, resolve);
  });
}
