/** After so many bytes that the server has not confirmed, it is asked. */
const ASK_BYTES = 16 * 1024;

/** A link whose bytes are counted. */
interface Counted {
  fresh: number;
  asked: number;
  readonly isOver: boolean;
  readonly receiver: { drained(): void } | undefined;
}

/**
 * Counts what was given to the client and has not reached the server, for each link: the client does not say. What the server has read is
 * known after a round trip to it, which begins once there is enough to ask for.
 */
export class Unconfirmed {
  private bytes = 0;
  private fresh: Counted[] = [];
  private asking = false;

  /** `flush` resolves after a round trip, and rejects if the connection is lost. */
  constructor(private readonly flush: () => Promise<void>) {}

  add(link: Counted, bytes: number): void {
    if (bytes === 0) return;
    if (link.fresh === 0) this.fresh.push(link);
    link.fresh += bytes;
    this.bytes += bytes;
    if (this.bytes > ASK_BYTES && !this.asking) void this.ask();
  }

  /** The connection to the server is restored. */
  restored(): void {
    if (this.bytes > ASK_BYTES && !this.asking) void this.ask();
  }

  private async ask(): Promise<void> {
    this.asking = true;
    const { fresh: links, bytes } = this;
    this.fresh = [];
    this.bytes = 0;
    for (const link of links) {
      link.asked += link.fresh;
      link.fresh = 0;
    }
    let confirmed = true;
    await this.flush().catch(() => {
      confirmed = false;
    });
    this.asking = false;
    if (!confirmed) {
      this.again(links, bytes);
      return;
    }
    for (const link of links) link.asked = 0;
    for (const link of links) if (!link.isOver) link.receiver?.drained();
    if (this.bytes > ASK_BYTES) void this.ask();
  }

  /** The connection was lost: they are asked for again when it is restored. */
  private again(links: readonly Counted[], bytes: number): void {
    for (const link of links) {
      if (link.fresh === 0) this.fresh.push(link);
      link.fresh += link.asked;
      link.asked = 0;
    }
    this.bytes += bytes;
  }
}
