import { ConnectionLost } from '../../src/contract/errors.js';

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
  private asking: Promise<void> | undefined;

  /** `flush` resolves after a round trip, and rejects if the connection is lost. */
  constructor(private readonly flush: () => Promise<void>) {}

  add(link: Counted, bytes: number): void {
    if (bytes === 0) return;
    if (link.fresh === 0) this.fresh.push(link);
    link.fresh += bytes;
    this.bytes += bytes;
    this.askIfMuch();
  }

  /** The connection to the server is restored. */
  restored(): void {
    this.askIfMuch();
  }

  /**
   * Resolves when the server has everything that was counted. Rejects with a ConnectionLost if there is no connection, or it is lost first;
   * `address` is for its text.
   */
  async allOf(address: string, isConnected: boolean): Promise<void> {
    if (!isConnected)
      throw new ConnectionLost(`${address} has no connection: it is not certain that everything was sent`);
    try {
      await this.asking?.catch(() => {});
      this.asking ??= this.ask();
      await this.asking;
    } catch (cause) {
      throw new ConnectionLost(`${address} was lost: it is not certain that everything was sent`, { cause });
    }
  }

  private askIfMuch(): void {
    if (this.bytes <= ASK_BYTES || this.asking !== undefined) return;
    this.asking = this.ask();
    // It is asked again when the connection is restored.
    this.asking.catch(() => {});
  }

  private async ask(): Promise<void> {
    const { fresh: links, bytes } = this;
    this.fresh = [];
    this.bytes = 0;
    for (const link of links) {
      link.asked += link.fresh;
      link.fresh = 0;
    }
    try {
      await this.flush();
    } catch (error) {
      this.again(links, bytes);
      throw error;
    } finally {
      this.asking = undefined;
    }
    for (const link of links) link.asked = 0;
    for (const link of links) if (!link.isOver) link.receiver?.drained();
    this.askIfMuch();
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
