const nothing = Buffer.alloc(0);

/**
 * The beginning of a frame whose rest has not arrived yet. The bytes are copied into one buffer that doubles, so that a
 * frame costs the same work in any number of chunks, and never more memory than twice the received bytes: a list of
 * chunks would cost a hundred bytes for each chunk of one byte, and with a buffer of the announced size, the
 * announcement alone would cost memory. Empty, it holds nothing.
 */
export class PartialFrame {
  /** The number of bytes that are kept. */
  size = 0;
  private memory: Buffer = nothing;

  /** The number of bytes of memory that it takes. */
  get room(): number {
    return this.memory.length;
  }

  /** Adds a copy of a part of the chunk. `whole` is the size of the complete frame, if it is known. */
  add(chunk: Uint8Array, from: number, to: number, whole = Number.POSITIVE_INFINITY): void {
    const size = this.size + to - from;
    if (size > this.memory.length) {
      const room = Buffer.allocUnsafe(this.size === 0 ? size : Math.max(size, Math.min(2 * size, whole)));
      if (this.size > 0) room.set(this.bytes());
      this.memory = room;
    }
    this.memory.set(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to), this.size);
    this.size = size;
  }

  /** The kept bytes, as a view that the next `add` may extend but never changes. */
  bytes(): Buffer {
    return this.memory.subarray(0, this.size);
  }

  /** Returns the kept bytes, which then belong to the caller, and keeps nothing. */
  take(): Buffer {
    const bytes = this.bytes();
    this.drop();
    return bytes;
  }

  /** Keeps nothing, and holds no memory. */
  drop(): void {
    this.memory = nothing;
    this.size = 0;
  }
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
