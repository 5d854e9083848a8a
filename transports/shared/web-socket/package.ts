import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { afterRealTime } from '../../../src/base/time.js';
import type { Accept, Frame, LinkInfo } from '../../../src/contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../../../src/contract/errors.js';
import { utf8Text } from '../../../src/contract/framing/text.js';
import { socketInfo } from '../socket-info.js';
import { progress } from '../stream/buffered.js';
import { codeOf, explain } from '../stream/errors.js';
import { Unread } from '../stream/unread.js';
import { closeText, cutOff, endOf, tooLarge } from './ends.js';
import { agreed } from './hello.js';
import { KeepAlive, type Watched } from './keep-alive.js';
import { keptOf } from './kept.js';
import { type LinkKeeper, WebSocketLink } from './link.js';

const OPEN = 1;
/** How often, in milliseconds, an ending link checks whether everything was sent. */
const LOOK_MS = 10;

/** A link over a socket of the package `ws`, at either end. */
export class PackageLink extends WebSocketLink implements Watched {
  private readonly socket: WebSocket;
  /** The underlying socket: its buffer, its drain event, and its error. */
  private readonly stream: Duplex;
  private readonly request: LinkInfo;
  private known: LinkInfo | undefined = undefined;
  /** Exists from the first pause until everything that was read meanwhile has been processed. */
  private unread: Unread<Frame> | undefined = undefined;
  private watching: KeepAlive | undefined = undefined;

  /** `request` is the upgrade request, for the information about the connection. */
  constructor(peer: string, request: LinkInfo, socket: WebSocket, stream: Duplex, keeper: LinkKeeper) {
    super(peer, agreed(socket.protocol, keeper.wire), keeper);
    this.request = request;
    this.socket = socket;
    this.stream = stream;
  }

  get info(): LinkInfo {
    this.known ??= { ...this.request, protocol: this.socket.protocol, ...socketInfo(this.stream) };
    return this.known;
  }

  override get moved(): number {
    return progress(this.stream as Socket);
  }

  start(accept: Accept): void {
    const text = this.keeper.wire.form === 'text';
    this.socket
      .on('message', (data: Buffer) => {
        // Both kinds of messages are passed to the codec in the form that it reads; the codec validates them.
        if (this.state === 'open') this.read(text ? utf8Text(data) : data, data.length);
      })
      .on('error', (error) => this.broken(error))
      .on('close', (code, reason) => this.ended(code, reason.toString()));
    this.stream.on('drain', () => {
      if (this.state === 'open') this.receiver?.drained();
    });
    this.stream.on('data', (chunk: Uint8Array) => this.look(chunk.length));
    this.attach(accept);
    const { keepAlive } = this.keeper;
    if (keepAlive !== undefined && this.state === 'open') {
      this.watching = new KeepAlive(this, this.stream as Socket, keepAlive);
    }
  }

  get isBehind(): boolean {
    return this.unread?.isBehind === true;
  }

  ping(): void {
    if (this.socket.readyState === OPEN) this.socket.ping();
  }

  silent(): void {
    const text = `the link to ${this.peer} was lost: it did not answer a ping within ${this.keeper.keepAlive} ms (keepAlive)`;
    this.close(new ConnectionLost(text));
  }

  get isPaused(): boolean {
    return this.socket.isPaused;
  }

  /** A chunk was read: the package may keep a part of a message. Other runtimes do not show how much. */
  private look(came: number): void {
    if (this.state === 'open') this.keeper.partial?.update(this, keptOf(this.socket), came);
  }

  get buffered(): number {
    return this.socket.bufferedAmount;
  }

  send(frames: readonly Frame[]): void {
    const { socket, stream } = this;
    if (this.state !== 'open' || socket.readyState !== OPEN) return;
    if (frames.length === 1) {
      socket.send(frames[0] as string | Uint8Array);
      return;
    }
    stream.cork();
    for (const frame of frames) socket.send(frame as string | Uint8Array);
    stream.uncork();
  }

  pause(): void {
    const { socket, stream } = this;
    if (this.state !== 'open') return;
    socket.pause();
    this.unread ??= new Unread(this.peer, stream, stream, this.limits, this.keeper.wire.memory);
    this.unread.pause();
  }

  resume(): void {
    if (this.state !== 'open' || this.unread?.isPaused !== true) return;
    this.unread.resume();
    if (this.unread.bytes > 0) queueMicrotask(() => this.takeUp());
    else this.readOn();
  }

  protected finish(): void {
    // Further input is read and dropped: unread, it would hide the answer of the peer.
    this.readOn();
    this.sayGoodbye();
  }

  protected override tell(reason: Error | undefined): void {
    this.forget();
    this.watching?.stop();
    super.tell(reason);
  }

  cut(reason: Error): void {
    if (this.buffered === 0) this.socket.close(closeCode(reason), closeText(reason));
    this.socket.terminate();
  }

  protected abandon(): void {
    this.socket.terminate();
  }

  private read(frame: Frame, bytes: number): void {
    if (this.unread === undefined) this.receiver?.receive(frame);
    else this.unread.add(frame, bytes, this);
  }

  /** Processes what was read during a pause, until the next pause begins; then reads the socket again. */
  private takeUp(): void {
    while (this.state === 'open' && this.unread?.isPaused === false) {
      const frame = this.unread.shift();
      if (frame === undefined) this.readOn();
      else this.receiver?.receive(frame);
    }
  }

  private readOn(): void {
    this.forget();
    this.socket.resume();
  }

  private forget(): void {
    this.unread?.resume();
    this.unread?.drop();
    this.unread = undefined;
  }

  /** The package disconnects a peer that does not answer in time; until then a slow reader has all the time. */
  private sayGoodbye(): void {
    if (this.buffered === 0) this.socket.close(1000);
    else if (this.state === 'ending') afterRealTime(LOOK_MS, () => this.sayGoodbye());
  }

  /** The peer has broken the protocol; the package is about to send a close frame, and waits long for the answer. */
  private broken(error: Error): void {
    this.tell(judged(error, this.peer, this.frameBytes));
    this.watch();
  }

  protected override freed(reason: Error | undefined): void {
    this.keeper.partial?.drop(this);
    super.freed(reason);
  }

  private ended(code: number, text: string): void {
    const reason = this.reasonOf(code, text);
    const { unread } = this;
    unread?.resume();
    this.unread = undefined;
    // Frames before a clean end are delivered first, also during a pause.
    if (reason === undefined && unread !== undefined && this.state === 'open') {
      for (let frame = unread.shift(); frame !== undefined; frame = unread.shift()) this.receiver?.receive(frame);
    }
    unread?.drop();
    this.freed(reason);
  }

  private reasonOf(code: number, text: string): Error | undefined {
    const { stream } = this;
    if (code !== 1006) return endOf(this.peer, code, text);
    if (stream.errored) return explain(`the link to ${this.peer} was lost`, stream.errored);
    return stream.readableEnded || this.state === 'ending' ? undefined : cutOff(this.peer);
  }
}

function judged(error: Error, peer: string, frameBytes: number): Error {
  const code = codeOf(error);
  if (code === undefined || !code.startsWith('WS_ERR')) return cutOff(peer, error);
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || code === 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH') {
    return tooLarge(peer, frameBytes, error);
  }
  return new ProtocolError(`${peer} broke the WebSocket protocol: ${error.message}`, undefined, { cause: error });
}

/** Who is cut off for want of room may come again: that is no fault of the protocol, and its session goes on. */
function closeCode(reason: Error): number {
  if (!(reason instanceof ProtocolError)) return 1011;
  if (reason.code === Code.Busy) return 1013;
  return reason.code === Code.TooLarge ? 1009 : 1002;
}
