const SLAB = 64 * 1024;
/** What is free at least where a message begins: most need no more, and stay where they are. */
const ROOM = 512;

/** Buffer's encoder and decoder are several times as fast for small strings; browsers have none. */
export const hasBuffer = typeof Buffer !== 'undefined';

/**
 * Memory in which messages are written one behind the other, and of which each frame is a view. What has been written is
 * never written again: when the memory is full another piece is taken, and the old one lives as long as its last frame.
 */
export class Slab {
  protected bytes!: Uint8Array;
  protected view!: DataView;
  /** Where the next byte goes. */
  protected at = 0;
  /** Where the message begins that is being written. What must be found again is kept as the distance from here. */
  protected start = 0;
  private memory!: ArrayBufferLike;
  private buffer: Buffer | undefined;
  /** The piece for ordinary messages, while a large one has memory of its own. */
  private ordinary: { readonly memory: ArrayBufferLike; readonly at: number } | undefined;
  private busy = false;

  constructor() {
    this.use(allocate(SLAB), 0);
  }

  /**
   * The frame that `write` writes; if it throws, nothing is left of it. A `toJSON` or a getter may make another frame in the
   * meantime, which is written elsewhere.
   */
  frame<T>(write: (slab: this, value: T) => void, value: T): Uint8Array {
    if (this.busy) return new (this.constructor as new () => this)().frame(write, value);
    if (this.bytes.length - this.at < ROOM) this.use(allocate(SLAB), 0);
    this.start = this.at;
    this.busy = true;
    try {
      write(this, value);
      return new Uint8Array(this.memory, this.start, this.at - this.start);
    } catch (error) {
      this.at = this.start;
      throw error;
    } finally {
      this.busy = false;
      if (this.ordinary !== undefined) {
        this.use(this.ordinary.memory, this.ordinary.at);
        this.ordinary = undefined;
      }
    }
  }

  /** One byte that stands for itself. There must be room. */
  byte(byte: number): void {
    this.bytes[this.at++] = byte;
  }

  /** Makes sure that as many bytes can be written. */
  protected reserve(size: number): void {
    if (this.at + size > this.bytes.length) this.grow(size);
  }

  /** A token and one byte, or two, or four, highest first. There must be room. */
  protected sized8(token: number, size: number): void {
    this.bytes[this.at] = token;
    this.bytes[this.at + 1] = size;
    this.at += 2;
  }

  protected sized16(token: number, size: number): void {
    this.bytes[this.at] = token;
    this.bytes[this.at + 1] = size >> 8;
    this.bytes[this.at + 2] = size;
    this.at += 3;
  }

  protected sized32(token: number, size: number): void {
    this.bytes[this.at] = token;
    this.view.setUint32(this.at + 1, size);
    this.at += 5;
  }

  /** Bytes as they are. There must be room. */
  protected raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** The text as UTF-8, from the given place on, and how many bytes that are. There must be room; `at` stays. */
  protected utf8(text: string, from: number): number {
    if (!hasBuffer) return encoder.encodeInto(text, this.bytes.subarray(from)).written;
    this.buffer ??= Buffer.from(this.memory as ArrayBuffer);
    return this.buffer.write(text, from);
  }

  /**
   * Moves the message to where there is room: to a new piece, or, if it is large, to memory of its own, with at least the
   * double of what it has, so that moving costs no more than writing.
   */
  private grow(size: number): void {
    const written = this.bytes.subarray(this.start, this.at);
    const needed = written.length + size;
    if (this.ordinary === undefined && needed <= SLAB / 4) this.use(allocate(SLAB), written.length);
    else {
      this.ordinary ??= { memory: this.memory, at: this.start };
      this.use(allocate(Math.max(needed + ROOM, 2 * written.length)), written.length);
    }
    this.bytes.set(written);
    this.start = 0;
  }

  private use(memory: ArrayBufferLike, at: number): void {
    this.memory = memory;
    this.bytes = new Uint8Array(memory);
    this.view = new DataView(memory);
    this.buffer = undefined;
    this.at = at;
  }
}

const encoder = new TextEncoder();

/** All of it is written before it is shown, so that Node need not fill it with zeros. */
function allocate(size: number): ArrayBufferLike {
  return hasBuffer ? Buffer.allocUnsafeSlow(size).buffer : new ArrayBuffer(size);
}
