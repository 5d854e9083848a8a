import type { Accept, Frame, Link, LinkInfo, Receiver, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost, ProtocolError } from '../../../src/contract/errors.js';
import { reportLost } from '../memory/parcels.js';
import { listen, type Port } from './events.js';
import { Mark, pack, unpack } from './messages.js';

/** The options and callbacks that a transport passes to a link over a port. */
export interface PortLinkOptions {
  readonly peer: string;
  readonly info?: LinkInfo;
  /** The worker's own port to its parent: its errors are not errors of the other side. */
  readonly parent: boolean;
  /** Whether the link closes the port when it ends: a MessagePort is the only connection between the two ends. */
  readonly owned: boolean;
  /** Called once, when the other end has shown that it listens. */
  readonly ready?: () => void;
  /** Called once, when the link has ended and before its receiver is notified; without a reason for a clean end. */
  readonly ended?: (reason: Error | undefined) => void;
  /** Called when the other end has confirmed the clean end of this one: all frames have arrived. */
  readonly settled?: () => void;
}

/**
 * A link over a port. Until both ends have sent `ready` it holds the frames, and they count as `buffered`. From then on
 * the port accepts everything at once, so `buffered` is 0 and its limit is never reached; and a port cannot be paused,
 * so `pause` does nothing: a worker that receives more than it can process has it all in its memory.
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

  /** Has the link accepted: before it listens, or when `ready` is called, at the latest. */
  start(accept: Accept): void {
    this.receiver = accept(this);
  }

  /** Starts to listen, and notifies the other end. */
  listen(): void {
    if (this.over) return;
    const { options } = this;
    this.deaf = listen(this.port, {
      message: (message) => this.take(message),
      messageerror: () => this.close(new ProtocolError('a message arrived that cannot be deserialized')),
      close: () => this.finish(new ConnectionLost('the other side closed the port or exited')),
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
      // Earlier messages are left over from a previous conversation on the same port.
    } else if (mark === Mark.text || mark === Mark.bytes || mark === Mark.values) this.read(message);
    else if (mark === Mark.end) {
      this.post([Mark.ended]);
      this.finish(undefined);
    } else if (mark === Mark.cut) this.finish(new ConnectionLost('the other side closed the link abruptly'));
  }

  private meet(mark: string): void {
    if (this.ready) {
      if (mark === Mark.ready) {
        this.finish(new ConnectionLost('the other side opened a new link; a port carries one link at a time'));
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
      // Values that were already transferred to another receiver. The other frames of the tick are sent.
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
   * In Node an error ends the worker; its `exit` event follows, and before that its remaining messages, which the error
   * may overtake. In browsers a worker survives an error unless it was in the script itself: one that has sent `ready`
   * stays in use, and its errors are reported.
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
    // If a callback waits for the other end, its confirmation is still awaited.
    if (this.options.settled === undefined) this.free();
    this.options.ended?.(reason);
    // In a microtask, because the end may come from within `accept`, when there is no receiver yet.
    queueMicrotask(() => this.receiver?.closed(reason));
  }

  private settle(): void {
    this.free();
    this.options.settled?.();
  }

  /** Stops listening, so that the port does not keep the process alive. */
  private free(): void {
    this.deaf();
    if (this.options.owned) this.port.close?.();
  }
}

/** An event of a browser without a message means that the script was not found; in Node any value can be thrown. */
function whatFailed(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { message } = error as { readonly message?: unknown };
  return typeof message === 'string' && message !== '' ? message : 'its script cannot be loaded';
}
