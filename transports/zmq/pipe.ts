import { Queue } from '../../src/base/queue.js';
import { afterRealTime, afterTurn, clearTimer, setTimer } from '../../src/base/time.js';
import { keepMonitor, withMonitor } from './monitor.js';
import type { Outgoing, Parts, ZmqEvent, ZmqMonitor, ZmqSocket } from './package.js';

/** Bytes and messages that wait to be given to a socket. */
interface Waiting {
  readonly message: Outgoing;
  readonly bytes: number;
}

/** What a message holds besides its parts while it waits, in bytes. */
const MESSAGE_BYTES = 512;
/** How long, in ms, `sent` waits at most. */
const LINGER_MS = 1_000;

/** The longest time, in ms, between two attempts to send what waits. */
const LONGEST_RETRY_MS = 50;
/** After how many messages it is looked whether more have arrived, at first and at most. */
const LOOK_AFTER = 16;
const MOST_LOOK_AFTER = 1_024;
/** How many messages are read in one turn where they are not awaited one by one. */
const AT_ONCE = 256;

/** Whether a socket has had no room for a message, or none to read. */
function isAgain(error: unknown): boolean {
  return (error as { readonly code?: string }).code === 'EAGAIN';
}

/** What a pipe reports. */
export interface PipeHost {
  /** A message has arrived. */
  take(parts: Parts): void;
  /** Everything that waited was given to ZeroMQ. */
  drained?(): void;
  /** The monitor of the socket reports something. */
  event?(event: ZmqEvent): void;
  /** The socket has failed: nothing more arrives. */
  failed(error: unknown): void;
}

/**
 * A socket to a peer or to several that are alike. It takes messages in order; where ZeroMQ keeps as many as it may, they wait here. What
 * arrives is read one by one, and not at all while the pipe is paused.
 */
export class ZmqPipe {
  isClosed = false;
  /** ZeroMQ keeps as many messages as it may: those that wait here leave when somebody takes some. */
  isFull = false;
  /** Those of the messages that wait here, with {@link MESSAGE_BYTES} for each. */
  private bytes = 0;
  private readonly waiting = new Queue<Waiting>();
  private isSending = false;
  private whenSent: (() => void)[] = [];
  private resumed: (() => void) | undefined;
  private pausing: Promise<void> | undefined;

  readonly socket: ZmqSocket;
  private readonly monitor: ZmqMonitor;

  /**
   * `onlySends`: nothing is read. Then the package waits until there is room again. `queue`: how many messages ZeroMQ keeps; while there is
   * room, so many are not counted here either.
   */
  constructor(
    make: () => ZmqSocket,
    private readonly host: PipeHost,
    private readonly onlySends: boolean = false,
    private readonly queue: number = 0,
  ) {
    const { socket, monitor } = withMonitor(make);
    this.socket = socket;
    this.monitor = monitor;
    void this.watch();
  }

  /** The bytes that wait here, with {@link MESSAGE_BYTES} for each message; what ZeroMQ keeps is not counted. */
  get buffered(): number {
    return this.isFull || this.waiting.length > this.queue ? this.bytes : 0;
  }

  /** The number of messages that wait here. */
  get waitingMessages(): number {
    return this.waiting.length;
  }

  // ---- sending --------------------------------------------------------------------------------------------------------

  send(message: Outgoing): void {
    if (this.isClosed) return;
    // A socket that is not writable rejects, and what follows must not overtake it.
    if (!this.isSending && !this.onlySends && this.socket.writable) {
      this.socket.send(message).catch((error: unknown) => this.broken(error));
      return;
    }
    let bytes = MESSAGE_BYTES;
    if (typeof message === 'string') bytes += message.length;
    else for (const { length } of message) bytes += length;
    this.bytes += bytes;
    this.waiting.push({ message, bytes });
    if (this.isSending) return;
    if (this.onlySends) this.give();
    else void this.sendWaiting();
  }

  /**
   * Gives the first message that waits to a socket that only sends. Whether it is writable is not asked before, which is a system call for
   * each message: the socket rejects a message for which it has no room. The next one follows when this one was taken.
   */
  private give(): void {
    this.isSending = true;
    this.socket.send((this.waiting.first as Waiting).message).then(this.taken, this.refused);
  }

  private readonly taken = (): void => {
    if (this.isClosed) return;
    this.shift();
    if (this.waiting.length > 0) this.give();
    else this.hasSent();
  };

  private readonly refused = (error: unknown): void => {
    if (this.isClosed) return;
    if (isAgain(error)) void this.sendWaiting();
    else this.broken(error);
  };

  /** ZeroMQ has the first message that has waited. */
  private shift(): void {
    this.bytes -= this.waiting.shift()?.bytes ?? 0;
  }

  private hasSent(): void {
    this.isSending = false;
    this.host.drained?.();
    if (this.whenSent.length > 0) for (const resolve of this.whenSent.splice(0)) resolve();
  }

  /**
   * ZeroMQ reports to a socket that only sends when there is room again; the pipe looks by itself, too, because a peer that is added brings room without
   * a report. Where messages are read as well, a `send` that waits would take the report that one has arrived, and nobody would read it: there
   * it is tried again, soon and then less often.
   */
  private async sendWaiting(): Promise<void> {
    const { socket, waiting } = this;
    this.isSending = true;
    this.isFull = true;
    if (this.onlySends) socket.sendTimeout = LONGEST_RETRY_MS;
    let ms = 0;
    for (let next = waiting.first; next !== undefined; next = waiting.first) {
      try {
        await socket.send(next.message);
        this.shift();
        ms = 0;
      } catch (error) {
        if (this.isClosed) return;
        if (!isAgain(error)) {
          this.broken(error);
          return;
        }
        ms = Math.min(LONGEST_RETRY_MS, 2 * ms + 1);
        if (!this.onlySends) await new Promise<void>((resolve) => afterRealTime(ms, resolve));
      }
      if (this.isClosed) return;
    }
    if (this.onlySends) socket.sendTimeout = 0;
    this.isFull = false;
    this.hasSent();
  }

  private broken(error: unknown): void {
    if (!this.isClosed) this.host.failed(error);
  }

  /** Resolves when ZeroMQ has all messages; also when the socket is closed, or after a second where `patient` is false. */
  async sent(patient: boolean): Promise<void> {
    if (!this.isSending || this.isClosed) return;
    await new Promise<void>((resolve) => {
      const timer = patient ? undefined : setTimer(LINGER_MS, resolve);
      this.whenSent.push(() => {
        clearTimer(timer);
        resolve();
      });
    });
  }

  // ---- receiving ------------------------------------------------------------------------------------------------------

  /**
   * Reads messages, until the socket is closed. To await one, the package first asks ZeroMQ whether there is any, which is a system call. While
   * many arrive, it asks for them at once (`receiveTimeout` 0): then an error says that there is none, which is dear, and ends that.
   */
  async read(): Promise<void> {
    const { socket } = this;
    let lookAfter = LOOK_AFTER;
    let left = lookAfter;
    let isAwaiting = true;
    while (!this.isClosed) {
      try {
        for (; left > 0; left--) {
          const parts = await socket.receive();
          if (this.pausing !== undefined) await this.pausing;
          if (this.isClosed) return;
          this.host.take(parts);
          if (this.pausing !== undefined) await this.pausing;
        }
      } catch (error) {
        if (isAwaiting || !isAgain(error)) {
          this.broken(error);
          return;
        }
      }
      if (this.isClosed) return;
      if (isAwaiting) {
        isAwaiting = !socket.readable;
        left = isAwaiting ? lookAfter : AT_ONCE;
        if (!isAwaiting) socket.receiveTimeout = 0;
      } else {
        isAwaiting = true;
        socket.receiveTimeout = -1;
        lookAfter = AT_ONCE - left < LOOK_AFTER ? Math.min(2 * lookAfter, MOST_LOOK_AFTER) : LOOK_AFTER;
        // The package gives others a turn only where it awaits.
        if (left === 0) await new Promise<void>((resolve) => afterTurn(resolve));
        left = lookAfter;
      }
    }
  }

  /**
   * Passes on what the monitor of the socket reports, and reads it to its end: a monitor that is closed or not read makes ZeroMQ wait for it,
   * with all sockets of the process.
   */
  private async watch(): Promise<void> {
    try {
      for (;;) {
        const event = await this.monitor.receive();
        if (event === undefined || event.type === 'end') return;
        if (!this.isClosed) this.host.event?.(event);
      }
    } catch {
      // The monitor is closed with its socket.
    }
  }

  /** Whether more has arrived that was not read. While a message is awaited, the package may no longer notice it: see `notice`. */
  get hasUnread(): boolean {
    return !this.isClosed && this.socket.readable;
  }

  /** Makes the package look whether something has arrived: it does so after each `send`. What is sent so leads nowhere. */
  notice(): void {
    if (!this.isClosed) this.socket.send([new Uint8Array(0)]).catch(() => {});
  }

  /** Endpoints were added or removed: ZeroMQ has reported then what has arrived, and the package, which awaits that, has not seen it. */
  changed(): void {
    if (this.hasUnread) this.notice();
  }

  pause(): void {
    this.pausing ??= new Promise<void>((resolve) => {
      this.resumed = resolve;
    });
  }

  resume(): void {
    this.pausing = undefined;
    this.resumed?.();
    this.resumed = undefined;
  }

  /** Closes the socket. `linger`, in ms: how long ZeroMQ keeps what it has not sent. */
  close(linger: number = LINGER_MS): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const { socket, monitor } = this;
    socket.linger = linger;
    socket.close();
    keepMonitor(monitor);
    this.resume();
    for (const resolve of this.whenSent.splice(0)) resolve();
  }
}
