import { Queue } from '../../src/base/queue.js';
import { afterRealTime, afterTurn, clearTimer, setTimer } from '../../src/base/time.js';
import type { Parts, ZmqEvent, ZmqMonitor, ZmqSocket } from './zmq-package.js';

/** Bytes and messages that wait to be given to a socket. */
interface Waiting {
  readonly parts: Parts;
  readonly bytes: number;
}

/** What a message holds besides its parts while it waits, in bytes. */
const MESSAGE_BYTES = 512;
/** How long, in ms, `sent` waits at most. */
const LINGER_MS = 1_000;

/** The longest time, in ms, between two attempts to send what waits. */
const LONGEST_RETRY_MS = 50;
/** How long, in ms, the monitor of a closed socket is kept. */
const KEPT_MS = 5_000;
/** How often another socket is made if the monitor of one cannot be. */
const ATTEMPTS = 10;
/** After how many messages it is looked whether more have arrived, at first and at most. */
const LOOK_AFTER = 16;
const MOST_LOOK_AFTER = 1_024;
/** How many messages are read in one turn where they are not awaited one by one. */
const AT_ONCE = 256;

/*
 * The package names a monitor by its place in memory, and ZeroMQ has that name until the socket is gone, some time after `close`. The next
 * monitor in the same place would fail.
 */
const keptMonitors = new Set<ZmqMonitor>();

/** Makes a socket whose monitor works. */
function withMonitor(make: () => ZmqSocket): { readonly socket: ZmqSocket; readonly monitor: ZmqMonitor } {
  const failed: ZmqSocket[] = [];
  try {
    for (;;) {
      const socket = make();
      try {
        return { socket, monitor: socket.events };
      } catch (error) {
        failed.push(socket);
        if (failed.length === ATTEMPTS) throw error;
      }
    }
  } finally {
    for (const socket of failed) socket.close();
  }
}

/** What a pipe tells. */
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
  /** The bytes that wait here, with {@link MESSAGE_BYTES} for each message; what ZeroMQ keeps is not counted. */
  buffered = 0;
  isClosed = false;
  private readonly waiting = new Queue<Waiting>();
  private isSending = false;
  private whenSent: (() => void)[] = [];
  private resumed: (() => void) | undefined;
  private pausing: Promise<void> | undefined;

  readonly socket: ZmqSocket;
  private readonly monitor: ZmqMonitor;

  /** `onlySends`: nothing is read. Then the package waits until there is room again. */
  constructor(
    make: () => ZmqSocket,
    private readonly host: PipeHost,
    private readonly onlySends: boolean = false,
  ) {
    const { socket, monitor } = withMonitor(make);
    this.socket = socket;
    this.monitor = monitor;
    void this.watch();
  }

  /** The number of messages that wait here. */
  get waitingMessages(): number {
    return this.waiting.length;
  }

  // ---- sending --------------------------------------------------------------------------------------------------------

  send(parts: Parts): void {
    if (this.isClosed) return;
    // A socket that is not writable rejects, and what follows must not overtake it.
    if (!this.isSending && this.socket.writable) {
      this.socket.send(parts).catch((error: unknown) => this.broken(error));
      return;
    }
    let bytes = MESSAGE_BYTES;
    for (const { length } of parts) bytes += length;
    this.buffered += bytes;
    this.waiting.push({ parts, bytes });
    if (!this.isSending) void this.sendWaiting();
  }

  /**
   * ZeroMQ reports to a socket that only sends when there is room again; the pipe looks by itself, too, because a peer that is added brings room without
   * a report. Where messages are read as well, a `send` that waits would take the report that one has arrived, and nobody would read it: there
   * it is tried again, soon and then less often.
   */
  private async sendWaiting(): Promise<void> {
    const { socket, waiting } = this;
    this.isSending = true;
    if (this.onlySends) socket.sendTimeout = LONGEST_RETRY_MS;
    let ms = 0;
    for (let next = waiting.first; next !== undefined; next = waiting.first) {
      try {
        await socket.send(next.parts);
        waiting.shift();
        this.buffered -= next.bytes;
        ms = 0;
      } catch (error) {
        if (this.isClosed) return;
        if ((error as { readonly code?: string }).code !== 'EAGAIN') {
          this.broken(error);
          return;
        }
        ms = Math.min(LONGEST_RETRY_MS, 2 * ms + 1);
        if (!this.onlySends) await new Promise<void>((resolve) => afterRealTime(ms, resolve));
      }
      if (this.isClosed) return;
    }
    if (this.onlySends) socket.sendTimeout = 0;
    this.isSending = false;
    this.host.drained?.();
    for (const resolve of this.whenSent.splice(0)) resolve();
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
        if (isAwaiting || (error as { readonly code?: string }).code !== 'EAGAIN') {
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

  /** Endpoints were added or removed: ZeroMQ has told then what has arrived, and not the package, which awaits it. */
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
    keptMonitors.add(monitor);
    setTimer(KEPT_MS, () => keptMonitors.delete(monitor)).unref();
    this.resume();
    for (const resolve of this.whenSent.splice(0)) resolve();
  }
}
