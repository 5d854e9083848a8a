import { isExtension, Type } from './extensions.js';
import { ARRAYS, fixed, wide } from './tokens.js';

/*
 * msgpackr reads an extension of the type 0x72 with one or two bytes as the beginning of a record of its own, whose
 * names and values follow. Nothing else writes such records, and no option turns this off; but msgpackr reads the same
 * extension as a plain extension if its size is in a separate byte.
 */

const RECORD = 0x72;
const FIXED_1 = 0xd4;
const FIXED_2 = 0xd5;
const EXT_8 = 0xc7;
const EXT_32 = 0xc9;

/**
 * Where msgpackr stores the records that it has read. It throws on a record, so that the message can be read in another
 * way: what msgpackr returns for it would be wrong.
 */
export function noRecords(): unknown[] {
  return Object.preventExtensions(Object.assign([], { sharedLength: 0, restoreStructures: null }));
}

/**
 * The same values, written so that msgpackr takes none for a record; undefined if it takes none anyway. Throws for an
 * extension of ours that is cut off, and a RangeError for values that are nested too deep.
 */
export function withoutRecords(bytes: Uint8Array): Uint8Array | undefined {
  const copy = new Copy(bytes);
  copy.values(0, bytes.length);
  return copy.found ? copy.whole() : undefined;
}

/** The replacement, in pieces. */
class Copy {
  found = false;
  private readonly pieces: Uint8Array[] = [];
  private size = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** Consecutive values. */
  values(from: number, to: number): void {
    const { bytes } = this;
    let copied = from;
    let at = from;
    while (at < to) {
      const token = bytes[at]!;
      const width = wide[token]!;
      let size = 0;
      for (let i = 1; i <= width; i++) size = size * 256 + (bytes[at + i] ?? 0);
      const body = at + 1 + width;
      const end = body + fixed[token]! + (token < ARRAYS || width === 0 ? size : 0);
      const type = isExtension(token) && end <= to ? bytes[body] : undefined;
      if (type === RECORD && (token === FIXED_1 || token === FIXED_2)) {
        this.found = true;
        this.add(bytes.subarray(copied, at));
        this.add(Uint8Array.of(EXT_8, end - body - 1));
        copied = body;
      } else if (type === Type.Map || type === Type.Set) {
        this.add(bytes.subarray(copied, at));
        this.extension(type, body + 1, end);
        copied = end;
      }
      at = end;
    }
    if (at > to) throw new RangeError('it ends inside a value');
    this.add(bytes.subarray(copied, to));
  }

  whole(): Uint8Array {
    const whole = new Uint8Array(this.size);
    let at = 0;
    for (const piece of this.pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** An extension whose body is a value, which may become longer. */
  private extension(type: number, from: number, to: number): void {
    const head = Uint8Array.of(EXT_32, 0, 0, 0, 0, type);
    this.add(head);
    const before = this.size;
    this.values(from, to);
    new DataView(head.buffer).setUint32(1, this.size - before);
  }

  private add(piece: Uint8Array): void {
    this.pieces.push(piece);
    this.size += piece.length;
  }
}
