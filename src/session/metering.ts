import { clearTimer, setTimer, type Timer, time } from '../base/time.js';
import type { Message } from '../contract/contract.js';
import { Code, RpcError } from '../contract/errors.js';
import type { Connection, Meter, Metering } from './connection.js';

/** The length of a message, where the codec reports it. */
const BYTES = Symbol('bytes');

/** The longest time that a timer can wait, in milliseconds. */
const LONGEST = 0x7fffffff;

/** What makes the metering of each connection, for several meters: each sees every message that those before it have not refused, and the longest rest counts. */
export function meteringBy(meters: readonly Meter[]): (connection: Connection) => Metering {
  const all: Meter = (connection, message, bytes) =>
    Math.max(...meters.map((meter) => meter(connection, message, bytes)));
  return (connection) => new Meters(connection, all);
}

/** The meters of one connection. */
class Meters implements Metering {
  /** How many bytes of the frame that is being read are not counted. */
  private left = 0;
  private until = 0;
  private timer: Timer | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly meter: Meter,
  ) {}

  /** Another frame is read, of this length. */
  begin(bytes: number): void {
    this.left = bytes;
  }

  /** Notes the length of a message that the codec has read, where it reports it. */
  note(message: Message, bytes: number | undefined): void {
    if (bytes !== undefined) (message as { [BYTES]?: number })[BYTES] = bytes;
  }

  /** A message is at its turn. Returns why it is refused; undefined if it is not. The connection may have ended within this call. */
  refuses(message: Message): RpcError | undefined {
    const bytes = (message as { [BYTES]?: number })[BYTES] ?? this.left;
    this.left = Math.max(0, this.left - bytes);
    try {
      const ms = this.meter(this.connection, message, bytes);
      if (ms > 0) this.rest(Math.min(ms, LONGEST));
      return undefined;
    } catch (error) {
      if (error instanceof RpcError) return error;
      return new RpcError('Internal error: the message could not be metered', Code.InternalError, undefined, {
        cause: error,
      });
    }
  }

  private rest(ms: number): void {
    const { connection } = this;
    if (connection.ended) return;
    this.until = Math.max(this.until, time() + ms);
    if (this.timer !== undefined) return;
    connection.inboundQueue.setResting(true);
    connection.pauseReading();
    this.wait();
  }

  private wait(): void {
    this.timer = setTimer(this.until - time(), () => {
      if (this.until > time()) this.wait();
      else this.wake();
    }).unref();
  }

  private wake(): void {
    this.timer = undefined;
    this.connection.resumeReading();
    this.connection.queue?.setResting(false);
  }

  /** The connection has ended. */
  end(): void {
    clearTimer(this.timer);
    this.timer = undefined;
  }
}
