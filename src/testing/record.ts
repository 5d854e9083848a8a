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
import { codecNamed, type Hiding, hidingWith } from './recorded-credentials.js';
import { type RecordingSink, Tape, type Traits, writeFrame } from './recording.js';

/**
 * Records a conversation: a transport around any other, which records every frame in both directions, with its peer and
 * its time. {@link replay} plays the peers of the recording. A file is overwritten, line by line; a function is called
 * with the lines.
 *
 * It records one transport. Calls over a service or a queue, which go to no peer in particular, are refused with a UsageError; the side
 * that serves them can be recorded. Frames of one turn are not joined while they are recorded. A value that cannot be recorded
 * ends its link with a UsageError that names it. Credentials are recorded as `(hidden)`, with codecs that the library knows by name.
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
    const tape = new Tape(sink, { obverse: 'recording', version: 1, form, codec });
    return new RecordedTransport(inner, tape, hidingWith(await codecNamed(codec)));
  };
}

class RecordedTransport implements Transport {
  constructor(
    private readonly inner: Transport,
    private readonly tape: Tape,
    private readonly hide: Hiding,
  ) {}

  /** For a mux it is known only while it is open. */
  get broadcast(): (frames: readonly Frame[]) => void {
    return this.inner.broadcast === undefined ? (undefined as never) : this.spread;
  }

  private readonly spread = (frames: readonly Frame[]): void => {
    for (const frame of frames) this.tape.note({ out: writeFrame(this.hide(frame)) });
    this.inner.broadcast?.(frames);
  };

  get address(): string {
    return this.inner.address;
  }

  get retire(): Transport['retire'] & {} {
    const { inner } = this;
    return inner.retire === undefined ? (undefined as never) : () => inner.retire!();
  }

  async open(accept: (link: Link) => Receiver): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        let refused: Promise<void> | undefined;
        const opened = this.inner.open((link) => {
          if (link.dispatch !== undefined || link.choose !== undefined) {
            refused ??= this.inner.close().then(() => reject(notRecordable(this.address)));
            return { receive() {}, drained() {}, closed() {} };
          }
          const recorded = new RecordedLink(link, this.tape, this.hide);
          recorded.deliverTo(accept(recorded));
          return recorded.receiver;
        });
        // A transport that is closed before it is open rejects for that reason.
        const ended = (settle: () => void) => () => refused ?? settle();
        opened.then(ended(resolve), (error: Error) => ended(() => reject(error))());
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

const notRecordable = (address: string): UsageError =>
  new UsageError(
    `record() records frames that go to one peer, and calls over ${address} go to any of several, or to a queue: record the side that serves`,
  );

class RecordedLink implements Link {
  readonly peer: string;
  readonly agreed?: boolean;
  readonly dialed?: boolean;
  readonly bus?: boolean;
  readonly brief?: boolean;
  readonly takes?: NonNullable<Link['takes']>;
  readonly callBeat?: number;
  readonly proved?: () => void;
  readonly frameBytes?: number;
  readonly info?: LinkInfo;
  /** The receiver for the inner link. */
  readonly receiver: Receiver;
  /** The receiver of this link; set once it was accepted. */
  private outer: Receiver | undefined;
  /** Nothing more of it is recorded. */
  private over = false;

  constructor(
    private readonly inner: Link,
    private readonly tape: Tape,
    private readonly hide: Hiding,
  ) {
    const { peer, agreed, dialed, bus, brief, takes, callBeat, maxFrame, frameBytes, proved, info } = inner;
    this.peer = peer;
    const traits: Traits = {
      ...(agreed !== undefined && { agreed }),
      ...(dialed !== undefined && { dialed }),
      ...(bus !== undefined && { bus }),
      ...(brief !== undefined && { brief }),
      ...(takes !== undefined && { takes }),
      ...(callBeat !== undefined && { callBeat }),
      ...(frameBytes !== undefined && frameBytes !== defaultLimits.frameBytes && { frameBytes }),
    };
    Object.assign(this, traits, info !== undefined && { info });
    if (proved !== undefined) this.proved = () => proved.call(inner);
    // How much an unproved address may be sent depends on what arrives, and is not replayed.
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
    // If there is no such function, the link ends instead.
    if (outer.inputEnded === undefined) return;
    this.receiver.inputEnded = (reason) => {
      this.note({ inputEnded: true });
      outer.inputEnded?.(reason);
    };
  }

  get buffered(): number {
    return this.inner.buffered;
  }

  get maxFrame(): number {
    return this.inner.maxFrame as number;
  }

  send(frames: readonly Frame[]): void {
    // Recorded before they are sent: what is transferred with them cannot be read any more.
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

  /** Records frames, and ends the link if that is not possible. */
  private noted(way: 'in' | 'out', frames: readonly Frame[]): boolean {
    try {
      for (const frame of frames) this.note({ [way]: writeFrame(this.hide(frame)) });
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
