import type { Accept, Frame, Link, LinkInfo, Receiver, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import { reportLost } from './memory-parcels.js';
import { listen, type Port } from './port-events.js';
import { Mark, pack, unpack } from './port-messages.js';

/** What a link over a port is told by its transport. */
export interface PortLinkOptions {
  readonly peer: string;
  readonly info?: LinkInfo;
  /** The worker's own way to its parent: its errors are no errors of the other side. */
  readonly parent: boolean;
  /** Whether the link closes the port when it ends: a MessagePort is all there is between the two ends. */
  readonly owned: boolean;
  /** Called once, when the other end has shown that it listens. */
  readonly ready?: () => void;
  /** Called once, when the link has ended and before its receiver is told; cleanly, or with the reason. */
  readonly ended?: (reason: Error | undefined) => void;
  /** Called when the other end has answered this one's clean end: all frames have arrived. */
  readonly settled?: () => void;
}

/**
 * A link over a port. Between `ready` of both ends it holds the frames, and they count as `buffered`; from then on the port
 * takes everything at once, so `buffered` is 0 and no bound on it is reached, and a port cannot be made to wait, so `pause`
 * does nothing: a worker that is given more than it can do has it all in its memory.
 */
export class PortLink implements Link {
  readonly peer: string;
  readonly dialed: boolean;
  readonly info: LinkInfo;
  private readonly port: Port;
  private readonly wire: Wire;
  private readonly options: PortLinkOptions;
  private receiver: Receiver | undefined;
  private held: Frame[] = [];
  private heldBytes = 0;
  private ready = false;
  private over = false;
  private failure: ConnectionLost | undefined;
  private deaf: () => void = () => {};
  private readonly given = (frame: Frame): void => {
    if (!this.over) this.receiver?.receive(frame);
  };

  constructor(port: Port, wire: Wire, options: PortLinkOptions) {
    this.peer = options.peer;
    this.dialed = !wire.listen;
    this.info = options.info ?? {};
    this.port = port;
    this.wire = wire;
    this.options = options;
  }

  /** Has the link accepted: before it listens, or when `ready` is told, at the latest. */
  start(accept: Accept): void {
    this.receiver = accept(this);
  }

  /** Listens from now on, and says so to the other end. */
  listen(): void {
    if (this.over) return;
    const { options } = this;
    this.deaf = listen(this.port, {
      message: (message) => this.take(message),
      messageerror: () => this.close(new ProtocolError('a message came that cannot be deserialized')),
      close: () => this.finish(new ConnectionLost('the other side has closed the port, or has exited')),
      ...(options.parent ? {} : { error: (error) => this.failed(error), exit: (code) => this.exited(code) }),
    });
    this.post([Mark.ready]);
  }

  get buffered(): number {
    return this.heldBytes;
  }

  send(frames: readonly Frame[]): void {
    if (this.over || frames.length === 0) return;
    if (this.ready) {
      this.postFrames(frames);
      return;
    }
    for (const frame of frames) {
      this.held.push(frame);
      this.heldBytes += frame.length;
    }
  }

  pause(): void {}

  resume(): void {}

  close(reason?: Error): void {
    if (this.over) return;
    if (reason === undefined) {
      this.release();
      this.post([Mark.end]);
    } else this.post([Mark.cut]);
    this.finish(reason);
  }

  private take(message: unknown): void {
    if (!Array.isArray(message)) return;
    const mark: unknown = message[0];
    if (this.over) {
      if (mark === Mark.ended) this.settle();
      return;
    }
    if (mark === Mark.ready || mark === Mark.answer) this.meet(mark);
    else if (!this.ready) {
      // What comes before is left over from an earlier conversation on the same port.
    } else if (mark === Mark.text || mark === Mark.bytes || mark === Mark.values) this.read(message);
    else if (mark === Mark.end) {
      this.post([Mark.ended]);
      this.finish(undefined);
    } else if (mark === Mark.cut) this.finish(new ConnectionLost('the other side has cut the link'));
  }

  private meet(mark: string): void {
    if (this.ready) {
      if (mark === Mark.ready) {
        this.finish(new ConnectionLost('the other side has begun anew: a port carries one link at a time'));
      }
      return;
    }
    this.ready = true;
    if (mark === Mark.ready) this.post([Mark.answer]);
    this.options.ready?.();
    if (this.over) return;
    const waited = this.heldBytes > 0;
    this.release();
    if (waited) this.receiver?.drained();
  }

  private release(): void {
    const frames = this.held;
    this.held = [];
    this.heldBytes = 0;
    if (frames.length > 0) this.postFrames(frames);
  }

  private read(message: readonly unknown[]): void {
    try {
      unpack(message, this.wire.form, this.wire.limits.frameBytes, this.given);
    } catch (error) {
      this.close(error as ProtocolError);
    }
  }

  private postFrames(frames: readonly Frame[]): void {
    const { message, transfer } = pack(frames);
    try {
      this.post(message, transfer);
    } catch (error) {
      // Values that were transferred to another receiver before. The others of the tick are not to blame.
      if (frames.length === 1) reportLost(error, this.wire.logger);
      else for (const frame of frames) this.postFrames([frame]);
    }
  }

  private post(message: readonly unknown[], transfer: readonly object[] = []): void {
    this.port.postMessage(message, transfer as never[]);
  }

  private exited(code: unknown): void {
    this.finish(this.failure ?? new ConnectionLost(`the worker exited with code ${String(code)}`));
  }

  /**
   * In Node an error of a worker is its end; its `exit` follows, and before that the rest of its messages, which the error
   * may overtake. In browsers a worker lives on after an error, unless it was in the script itself: one that has said that
   * it is ready is taken at its word, and its errors are reported.
   */
  private failed(error: unknown): void {
    const message = `the worker failed: ${whatFailed(error)}`;
    const failure = new ConnectionLost(message, { cause: error });
    if ('threadId' in this.port) this.failure = failure;
    else if (this.ready) this.wire.logger.error(message, error);
    else this.finish(failure);
  }

  private finish(reason: Error | undefined): void {
    if (this.over) return;
    this.over = true;
    this.held = [];
    this.heldBytes = 0;
    // With someone to tell that the other end has settled, its answer is still listened to.
    if (this.options.settled === undefined) this.free();
    this.options.ended?.(reason);
    // A microtask later, because the end may come from within `accept`, when there is no receiver yet.
    queueMicrotask(() => this.receiver?.closed(reason));
  }

  private settle(): void {
    this.free();
    this.options.settled?.();
  }

  /** Listens no more, so that the port keeps nobody alive. */
  private free(): void {
    this.deaf();
    if (this.options.owned) this.port.close?.();
  }
}

/** A browser's event without a message says that there is no script; in Node anything can be thrown. */
function whatFailed(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { message } = error as { readonly message?: unknown };
  return typeof message === 'string' && message !== '' ? message : 'its script cannot be loaded';
}
