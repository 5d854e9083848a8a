/** What a piece of memory has at first. */
export const SLAB = 64 * 1024;
/** A larger message is not written by itself: the same objects may stand in it again and again. */
const LARGEST = 16 * 1024 * 1024;

/** Whether there is Node's `Buffer`, which writes long texts faster. */
export const hasBuffer = typeof Buffer !== 'undefined';

/**
 * The memory that messages are written to, one behind the other, and where the next byte goes. What stands before the message that is
 * being written belongs to others, and is never written again. A message that outgrows its piece of memory moves to a larger one.
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

  /** Makes room for so many bytes; gives false if the message would be too large. */
  protected reserve(size: number): boolean {
    return this.at + size <= this.bytes.length || this.grow(size);
  }

  /** Moves the message to a piece in which there is more room behind it. */
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

  /** All of it is written before it is shown, so that Node need not fill it with zeros. */
  protected renew(size: number): void {
    this.memory = hasBuffer ? Buffer.allocUnsafeSlow(size).buffer : new ArrayBuffer(size);
    this.bytes = new Uint8Array(this.memory);
    if (hasBuffer) this.buffer = Buffer.from(this.memory);
    this.view = new DataView(this.memory);
    this.at = 0;
  }
}
