import type {
  Frame,
  Link,
  LinkInfo,
  Receiver,
  Transport,
  TransportMaker,
  TransportSource,
} from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { defaultLimits } from '../contract/limits.js';
import { type RecordingSink, Tape, type Traits, writeFrame } from './recording.js';

/**
 * Writes a conversation down: a transport around any other, which notes every frame that comes or goes, with its peer and its time.
 * {@link replay} plays the peers of the recording. A file is written anew, line by line; a function is given the lines.
 *
 * One of it records one transport. Frames of one turn are not joined while they are recorded. Values that cannot be written
 * down end their link with a UsageError that says which.
 *
 * @example
 * const chat = await Chat.connect(record('tcp://127.0.0.1:8888', 'chat.jsonl'));
 */
export function record(source: TransportSource, sink: RecordingSink): TransportMaker {
  let used = false;
  return async (wire) => {
    if (used) throw new UsageError('record() writes one recording of one transport: make another one for the next');
    used = true;
    const inner = await wire.transport(source, wire.listen);
    const { form, codec } = wire;
    return new RecordedTransport(inner, new Tape(sink, { obverse: 'recording', version: 1, form, codec }));
  };
}

class RecordedTransport implements Transport {
  constructor(
    private readonly inner: Transport,
    private readonly tape: Tape,
  ) {}

  /** Of a mux it is only known while it is open. */
  get broadcast(): (frames: readonly Frame[]) => void {
    return this.inner.broadcast === undefined ? (undefined as never) : this.spread;
  }

  private readonly spread = (frames: readonly Frame[]): void => {
    for (const frame of frames) this.tape.note({ out: writeFrame(frame) });
    this.inner.broadcast?.(frames);
  };

  get address(): string {
    return this.inner.address;
  }

  async open(accept: (link: Link) => Receiver): Promise<void> {
    try {
      await this.inner.open((link) => {
        const recorded = new RecordedLink(link, this.tape);
        recorded.deliverTo(accept(recorded));
        return recorded.receiver;
      });
    } catch (error) {
      this.tape.note({ failed: error instanceof Error ? error.message : String(error) });
      this.tape.end();
      throw error;
    }
    const { address, broadcast } = this.inner;
    this.tape.note({ address, ...(broadcast !== undefined && { broadcasts: true }) });
  }

  async close(): Promise<void> {
    await this.inner.close();
    this.tape.end();
  }
}

class RecordedLink implements Link {
  readonly peer: string;
  readonly agreed?: boolean;
  readonly dialed?: boolean;
  readonly bus?: boolean;
  readonly proved?: () => void;
  readonly frameBytes?: number;
  readonly info?: LinkInfo;
  /** What the inner link delivers to. */
  readonly receiver: Receiver;
  /** Whom this link delivers to; set once it was accepted. */
  private outer: Receiver | undefined;
  /** Nothing more of it is noted. */
  private over = false;

  constructor(
    private readonly inner: Link,
    private readonly tape: Tape,
  ) {
    const { peer, agreed, dialed, bus, maxFrame, frameBytes, proved, info } = inner;
    this.peer = peer;
    const traits: Traits = {
      ...(agreed !== undefined && { agreed }),
      ...(dialed !== undefined && { dialed }),
      ...(bus !== undefined && { bus }),
      ...(frameBytes !== undefined && frameBytes !== defaultLimits.frameBytes && { frameBytes }),
    };
    Object.assign(this, traits, info !== undefined && { info });
    if (proved !== undefined) this.proved = () => proved.call(inner);
    // What an unproved address may draw depends on what comes, and is not replayed.
    else if (maxFrame !== undefined) Object.assign(traits, { maxFrame });
    this.note({ link: traits });
    const outer = (): Receiver | undefined => this.outer;
    this.receiver = {
      receive: (frame) => {
        if (this.noted('in', [frame])) this.outer?.receive(frame);
      },
      drained: () => this.outer?.drained(),
      get open() {
        return outer()?.open ?? 0;
      },
      closed: (reason) => {
        try {
          this.note({ end: reason?.message ?? null });
        } finally {
          this.over = true;
          this.outer?.closed(reason);
        }
      },
    };
  }

  /** It was accepted. */
  deliverTo(outer: Receiver): void {
    this.outer = outer;
    // Where there is no such function, the link ends instead.
    if (outer.inputEnded === undefined) return;
    this.receiver.inputEnded = () => {
      this.note({ inputEnded: true });
      outer.inputEnded?.();
    };
  }

  get buffered(): number {
    return this.inner.buffered;
  }

  get maxFrame(): number {
    return this.inner.maxFrame as number;
  }

  send(frames: readonly Frame[]): void {
    // Noted before they leave: what is moved with them cannot be read any more.
    if (this.noted('out', frames)) this.inner.send(frames);
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    this.inner.resume();
  }

  close(reason?: Error): void {
    this.note({ close: reason?.message ?? null });
    this.over = true;
    this.inner.close(reason);
  }

  /** Notes frames, and ends the link if they cannot be written down. */
  private noted(way: 'in' | 'out', frames: readonly Frame[]): boolean {
    try {
      for (const frame of frames) this.note({ [way]: writeFrame(frame) });
      return true;
    } catch (error) {
      this.close(error as Error);
      return false;
    }
  }

  private note(what: Record<string, unknown>): void {
    if (!this.over) this.tape.note({ peer: this.peer, ...what });
  }
}
