import type { Frame } from '../../contract/contract.js';
import { MESSAGE_BYTES } from '../../session/journal.js';

/** The size of the first block of memory for bytes, and of the largest one. */
const FIRST_BLOCK = 1024;
const LARGEST_BLOCK = 64 * 1024;
/** Frames of so many letters or bytes on average are kept as they are: a copy costs more, and they take little of the memory of others with them. */
const LARGE = 8 * 1024;

/** Messages that left together, until the peer has them. */
export interface KeptMessages {
  /** How many are left. */
  readonly length: number;
  /** Their length, and `MESSAGE_BYTES` for each. */
  weight: number;
  /** The peer has the first ones, but not all of them. */
  drop(count: number): void;
  /** Those that are left, in order. */
  frames(): readonly Frame[];
}

/**
 * Keeps messages. A frame of bytes may be a view of memory that all sessions share, of which it would keep 64 KiB alive, and such views
 * cost the garbage collector more than texts do: those of a turn are copied together, to memory of the session.
 */
export class Keeper {
  private block: Uint8Array | undefined;
  private at = 0;
  private size = FIRST_BLOCK;

  /** `bytes`: the length of all frames, where it is known. */
  keep(frames: readonly Frame[], bytes?: number): KeptMessages {
    const sum = bytes ?? lengthOf(frames);
    if (!(frames[0] instanceof Uint8Array) || sum >= LARGE * frames.length) return new Apart(frames, sum);
    return this.copy(frames as readonly Uint8Array[], sum);
  }

  /** Nothing is kept: neither is memory for it. */
  rest(): void {
    this.block = undefined;
    this.size = FIRST_BLOCK;
  }

  private copy(frames: readonly Uint8Array[], bytes: number): Together {
    if (this.block === undefined || this.at + bytes > this.block.length) {
      this.block = new Uint8Array(Math.max(this.size, bytes));
      this.size = Math.min(LARGEST_BLOCK, 2 * this.size);
      this.at = 0;
    }
    const { block, at } = this;
    const lengths: number[] = [];
    const { buffer, byteOffset } = frames[0] as Uint8Array;
    let end = byteOffset;
    let isOne = true;
    for (const frame of frames) {
      isOne &&= frame.byteOffset === end && frame.buffer === buffer;
      end += frame.length;
      lengths.push(frame.length);
    }
    // They were mostly written one after the other: then one copy does.
    if (isOne) block.set(new Uint8Array(buffer, byteOffset, bytes), at);
    else {
      let to = at;
      for (const frame of frames) {
        block.set(frame, to);
        to += frame.length;
      }
    }
    this.at += bytes;
    return new Together(block, at, lengths, bytes);
  }
}

/** Frames as they are. */
class Apart implements KeptMessages {
  weight: number;
  private from = 0;

  constructor(
    private readonly all: readonly Frame[],
    bytes: number,
  ) {
    this.weight = bytes + MESSAGE_BYTES * all.length;
  }

  get length(): number {
    return this.all.length - this.from;
  }

  drop(count: number): void {
    for (const end = this.from + count; this.from < end; this.from++)
      this.weight -= (this.all[this.from] as Frame).length + MESSAGE_BYTES;
  }

  frames(): readonly Frame[] {
    return this.all.slice(this.from);
  }
}

/** Frames one after the other, from this position of a block on, and the length of each. */
class Together implements KeptMessages {
  weight: number;
  private from = 0;

  constructor(
    private readonly block: Uint8Array,
    private at: number,
    private readonly lengths: readonly number[],
    bytes: number,
  ) {
    this.weight = bytes + MESSAGE_BYTES * lengths.length;
  }

  get length(): number {
    return this.lengths.length - this.from;
  }

  drop(count: number): void {
    for (const end = this.from + count; this.from < end; this.from++) {
      const length = this.lengths[this.from] as number;
      this.at += length;
      this.weight -= length + MESSAGE_BYTES;
    }
  }

  frames(): readonly Frame[] {
    let { at } = this;
    return this.lengths.slice(this.from).map((length) => {
      at += length;
      return this.block.subarray(at - length, at);
    });
  }
}

function lengthOf(frames: readonly Frame[]): number {
  let bytes = 0;
  for (const { length } of frames) bytes += length;
  return bytes;
}
