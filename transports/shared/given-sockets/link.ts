import { afterRealTime } from '../../../src/base/time.js';
import type { Accept, Frame, LinkInfo } from '../../../src/contract/contract.js';
import { ConnectionLost, ProtocolError } from '../../../src/contract/errors.js';
import { closeText, cutOff, endOf, tooLarge } from '../web-socket/ends.js';
import { agreed } from '../web-socket/hello.js';
import { type LinkKeeper, WebSocketLink } from '../web-socket/link.js';
import { asBytes, asText, FAILED, POLL_MS, WATCHED_BYTES } from '../web-socket/standard.js';
import { bufferedBy, type GivenSocket, hasEvents, isChannel, letGo, listenTo } from './socket.js';

/** What every current browser accepts as one message of a data channel. */
const CHANNEL_FRAME_BYTES = 256 * 1024;
/** A data channel fails when its buffer is full, at 16 MiB in Chromium. What is more than this waits in the link. */
const CHANNEL_BUFFER_BYTES = 1024 * 1024;
/** When a data channel reports that it has sent most of its buffer. */
const CHANNEL_LOW_BYTES = 128 * 1024;

/** What is known of a socket that a link is made of. */
export interface GivenPeer {
  readonly peer: string;
  readonly info: LinkInfo;
  /** In bytes; undefined if there is no bound, or that of data channels. */
  readonly maxFrame: number | undefined;
}

/**
 * A link over a socket that a program has opened. It cannot stop reading, and knows the size of a message only after it has received it.
 * The functions `received`, `flushed` and `ended` are called by a program whose sockets have no events.
 */
export class GivenLink extends WebSocketLink {
  readonly info: LinkInfo;
  readonly maxFrame?: number;
  private readonly socket: GivenSocket;
  /** Frames that wait for room in the buffer of a data channel. */
  private held: Frame[] = [];
  private heldBytes = 0;
  private readonly room: number;
  private polled = false;
  private failure: Error | undefined;
  private deaf: () => void = () => {};

  constructor(socket: GivenSocket, { peer, info, maxFrame }: GivenPeer, keeper: LinkKeeper) {
    // Those of Bun do not show it, nor those of Deno where the program has set the header.
    const protocol = socket.protocol || info.protocol;
    // Without the subprotocol nothing is known: the side that connects sends hello.
    super(peer, (typeof protocol === 'string' && agreed(protocol, keeper.wire)) || undefined, keeper);
    this.socket = socket;
    this.info = typeof protocol === 'string' && protocol !== '' ? { ...info, protocol } : info;
    this.room = isChannel(socket) ? CHANNEL_BUFFER_BYTES : Number.POSITIVE_INFINITY;
    const most = maxFrame ?? (isChannel(socket) ? CHANNEL_FRAME_BYTES : undefined);
    if (most !== undefined) this.maxFrame = most;
  }

  start(accept: Accept): void {
    const { socket } = this;
    if (socket.binaryType === 'blob') socket.binaryType = 'arraybuffer';
    if (hasEvents(socket)) {
      this.deaf = listenTo(socket, {
        message: ({ data }: { readonly data: unknown }) => this.received(data),
        error: (event: { readonly error?: unknown; readonly message?: unknown }) => this.failed(event),
        close: ({ code, reason }: { readonly code?: number; readonly reason?: string }) => this.ended(code, reason),
        bufferedamountlow: () => this.flushed(),
      });
      if (isChannel(socket)) socket.bufferedAmountLowThreshold = CHANNEL_LOW_BYTES;
    }
    this.attach(accept);
    socket.accept?.();
  }

  get buffered(): number {
    return this.heldBytes + bufferedBy(this.socket);
  }

  send(frames: readonly Frame[]): void {
    if (this.state !== 'open') return;
    for (const frame of frames) {
      if (this.heldBytes > 0 || bufferedBy(this.socket) > this.room) {
        this.held.push(frame);
        this.heldBytes += frame.length;
      } else this.write(frame);
    }
    if (!this.polled && this.buffered > WATCHED_BYTES) this.look();
  }

  pause(): void {}

  resume(): void {}

  /** A message has arrived. */
  received(data: unknown): void {
    if (this.state !== 'open') return;
    if (typeof data !== 'string' && !(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data)) {
      const expected = 'expected text, an ArrayBuffer or a Uint8Array: set binaryType to "arraybuffer"';
      this.close(new ProtocolError(`a message of another kind came from ${this.peer}; ${expected}`));
      return;
    }
    const { form } = this.keeper.wire;
    const size = typeof data === 'string' ? data.length : data.byteLength;
    if (size > this.frameBytes) this.close(tooLarge(this.peer, this.frameBytes));
    else this.receiver?.receive(form === 'text' ? asText(data) : asBytes(data));
  }

  /** The socket has sent what it had buffered, or most of it. */
  flushed(): void {
    let at = 0;
    while (at < this.held.length && bufferedBy(this.socket) <= this.room) {
      const frame = this.held[at++]!;
      this.heldBytes -= frame.length;
      this.write(frame);
    }
    this.held.splice(0, at);
    if (this.buffered > 0) return;
    if (this.state === 'open') this.receiver?.drained();
    else if (this.state === 'ending') this.socket.close(1000);
  }

  /** The socket has ended: a WebSocket with a code, a data channel without. */
  ended(code?: number, reason: string = ''): void {
    // Deno uses the code 0 where the connection was lost.
    const isCut = code === undefined ? this.failure !== undefined : code === 1006 || code === 0;
    if (isCut) this.freed(this.state === 'ending' ? undefined : cutOff(this.peer, this.failure));
    else this.freed(code === undefined ? undefined : endOf(this.peer, code, reason));
  }

  protected finish(): void {
    // A data channel may lose what is in its buffer when it is closed.
    if (this.room < Number.POSITIVE_INFINITY && this.buffered > 0) this.look();
    else this.socket.close(1000);
  }

  protected cut(reason: Error): void {
    this.freed(reason);
    letGo(this.socket, FAILED, closeText(reason));
  }

  protected abandon(): void {
    this.socket.terminate?.();
    this.freed(undefined);
  }

  protected override freed(reason: Error | undefined): void {
    this.deaf();
    this.held = [];
    this.heldBytes = 0;
    super.freed(reason);
  }

  private write(frame: Frame): void {
    try {
      this.socket.send(frame as string | Uint8Array);
    } catch (cause) {
      // It is closing, and reports its end later.
      const why = cause instanceof Error ? cause.message : String(cause);
      this.close(new ConnectionLost(`the link to ${this.peer} was lost: ${why}`, { cause }));
    }
  }

  private failed({ error, message }: { readonly error?: unknown; readonly message?: unknown }): void {
    if (error instanceof Error) this.failure = error;
    else if (typeof message === 'string' && message !== '') this.failure = new Error(message);
    else this.failure = new Error('the socket reports no reason');
  }

  /** Not every socket reports that its buffer is empty. */
  private look(): void {
    this.polled = true;
    afterRealTime(POLL_MS, () => {
      this.polled = false;
      if (this.state === 'over') return;
      this.flushed();
      if (this.buffered > 0) this.look();
    });
  }
}
