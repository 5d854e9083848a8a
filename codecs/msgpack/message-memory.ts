/** The initial size of a block of memory. */
export const SLAB = 64 * 1024;
/** The fast path does not write a larger message: it may contain the same objects again and again. */
const LARGEST = 16 * 1024 * 1024;

/** Whether Node's `Buffer` is available, which writes long texts faster. */
export const hasBuffer = typeof Buffer !== 'undefined';

/**
 * The memory to which messages are written one after the other, and the position of the next byte. The bytes before the
 * message that is being written belong to earlier frames and are never overwritten. A message that outgrows its block
 * moves to a larger one.
 */
export class MessageMemory {
  protected memory!: ArrayBufferLike;
  protected bytes!: Uint8Array;
  protected buffer: Buffer | undefined;
  protected view!: DataView;
  protected at = 0;
  /** Where the message begins. */
  protected from = 0;

  constructor() {
    this.renew(SLAB);
  }

  protected sized8(token: number, value: number): void {
    this.bytes[this.at] = token;
    this.bytes[this.at + 1] = value;
    this.at += 2;
  }

  protected sized16(token: number, value: number): void {
    this.bytes[this.at] = token;
    this.bytes[this.at + 1] = value >> 8;
    this.bytes[this.at + 2] = value;
    this.at += 3;
  }

  protected sized32(token: number, value: number): void {
    this.bytes[this.at] = token;
    this.view.setUint32(this.at + 1, value);
    this.at += 5;
  }

  /** Ensures room for so many bytes; returns false if the message would be too large. */
  protected reserve(size: number): boolean {
    return this.at + size <= this.bytes.length || this.grow(size);
  }

  /** Moves the message to a block with more room. */
  private grow(size: number): boolean {
    const { bytes, from, at } = this;
    const written = at - from;
    if (written + size > LARGEST) return false;
    this.renew(Math.max(SLAB, 2 * written + size));
    this.bytes.set(bytes.subarray(from, at));
    this.from = 0;
    this.at = written;
    return true;
  }

  /** Every byte is written before it becomes visible, so Node need not fill the memory with zeros. */
  protected renew(size: number): void {
    this.memory = hasBuffer ? Buffer.allocUnsafeSlow(size).buffer : new ArrayBuffer(size);
    this.bytes = new Uint8Array(this.memory);
    if (hasBuffer) this.buffer = Buffer.from(this.memory);
    this.view = new DataView(this.memory);
    this.at = 0;
  }
}
