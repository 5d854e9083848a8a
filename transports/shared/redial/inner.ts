import { clearTimer, setTimer, type Timer } from '../../../src/base/time.js';
import type { Accept, Transport } from '../../../src/contract/contract.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import { NOT_SENT, notExecuted } from './awaited.js';

/** Transports that have a time limit of their own report more than this file can: they get so many milliseconds for it. */
const SLACK_MS = 50;

/** One inner transport, which is opened in time or not at all. */
export class InnerTransport {
  /** It could not be opened in time, and so may not be closed in time either. */
  private stuck = false;
  private abort: ((reason: Error) => void) | undefined;

  /** `connectMs`: how long opening it may take, in milliseconds. */
  constructor(
    readonly transport: Transport,
    private readonly connectMs: number,
  ) {}

  get address(): string {
    return this.transport.address;
  }

  /** Rejects with what the transport rejects with, when its time is over, and with the reason of `stop`. */
  async open(accept: Accept): Promise<void> {
    const { transport, connectMs } = this;
    let late: Timer | undefined;
    const stopped = new Promise<never>((_resolve, reject) => {
      this.abort = reject;
      late = setTimer(connectMs + SLACK_MS, () => {
        this.stuck = true;
        const text = `${transport.address} was not connected within ${connectMs} ms (limits.connectMs)`;
        reject(new ConnectionLost(text, NOT_SENT));
      });
    });
    try {
      await Promise.race([transport.open(accept), stopped]);
    } catch (error) {
      throw notExecuted(error);
    } finally {
      clearTimer(late);
      this.abort = undefined;
    }
  }

  /** It is not waited for any longer. */
  stop(reason: Error): void {
    this.abort?.(reason);
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const closed = this.transport.close().catch(() => {});
    if (!this.stuck) await closed;
  }
}
