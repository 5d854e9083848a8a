import type { Outbound } from '../../src/contract/contract.js';
import type { Random } from '../../src/testing/random.js';

/** A message as MessagePack-RPC has it. */
export function arrayOf(message: Outbound): readonly unknown[] {
  const { id } = message;
  if (message.kind === 'reply') return [1, id, null, message.value];
  if (message.kind === 'fault') return [1, id, message.error, null];
  return id === undefined ? [2, message.method, message.args] : [0, id, message.method, message.args];
}

/** Writes MessagePack as a correct writer would not: longer forms, wrong lengths, other keys, extensions of every kind. */
export class OddWriter {
  private readonly parts: number[] = [];

  constructor(
    private readonly random: Random,
    /** How often a part is written in an odd way. */
    private readonly odd: number,
  ) {}

  get bytes(): Uint8Array {
    return Uint8Array.from(this.parts);
  }

  write(value: unknown, depth = 0): this {
    if (depth < 400 && this.isOdd(0.1)) this.extension();
    else if (value === null || value === undefined) this.parts.push(this.isOdd(0.1) ? 0xc1 : 0xc0);
    else if (typeof value === 'boolean') this.parts.push(value ? 0xc3 : 0xc2);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'bigint') this.long(0xcf, BigInt.asUintN(64, value));
    else if (typeof value === 'string') this.sized(Buffer.from(value), [0xd9, 0xda, 0xdb], 0xa0, 31);
    else if (value instanceof Uint8Array) this.sized(value, [0xc4, 0xc5, 0xc6]);
    else if (value instanceof Date) this.stamp(value.getTime());
    else if (Array.isArray(value)) {
      this.head(value.length, 0x90, 0xdc);
      for (const one of value) this.write(one, depth + 1);
    } else {
      const entries = value instanceof Map ? [...value] : Object.entries(value);
      this.head(entries.length, 0x80, 0xde);
      for (const [name, one] of entries)
        this.write(this.isOdd(0.05) ? this.random.value(1) : name, depth + 1).write(one, depth + 1);
    }
    return this;
  }

  private isOdd(part: number): boolean {
    return this.random.next() < this.odd * part;
  }

  private number(value: number): void {
    if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 63 || this.isOdd(0.2)) {
      const bytes = Buffer.alloc(9);
      bytes[0] = 0xcb;
      bytes.writeDoubleBE(value, 1);
      this.parts.push(...bytes);
    } else if (value >= 0 && value < 128 && !this.isOdd(0.3)) this.parts.push(value);
    else if (value < 0 && value >= -32 && !this.isOdd(0.3)) this.parts.push(value & 0xff);
    else if (this.isOdd(0.25)) this.parts.push(this.random.of([0xcc, 0xd0]), value & 0xff);
    else this.long(value < 0 || this.isOdd(0.5) ? 0xd3 : 0xcf, BigInt.asUintN(64, BigInt(value)));
  }

  private long(type: number, value: bigint): void {
    const bytes = Buffer.alloc(9);
    bytes[0] = type;
    bytes.writeBigUInt64BE(value, 1);
    this.parts.push(...bytes);
  }

  /** A length, mostly the right one. */
  private lengthOf(length: number): number {
    if (!this.isOdd(0.1)) return length;
    return this.random.of([0, Math.max(0, length - 1), length + 1, length + 7, 255, 65_535, 2 ** 31, 2 ** 32 - 1]);
  }

  private head(length: number, fixed: number, type: number): void {
    const told = this.lengthOf(length);
    if (told < 16 && !this.isOdd(0.2)) this.parts.push(fixed | told);
    else if (told < 65_536 && !this.isOdd(0.2)) this.parts.push(type, told >> 8, told & 0xff);
    else this.parts.push(type + 1, ...fourBytes(told));
  }

  private sized(bytes: Uint8Array, [one, two, four]: readonly [number, number, number], fixed = 0, most = -1): void {
    const told = this.lengthOf(bytes.length);
    if (told <= most && !this.isOdd(0.2)) this.parts.push(fixed | told);
    else if (told < 256 && !this.isOdd(0.2)) this.parts.push(one, told);
    else if (told < 65_536 && !this.isOdd(0.2)) this.parts.push(two, told >> 8, told & 0xff);
    else this.parts.push(four, ...fourBytes(told));
    this.parts.push(...bytes);
  }

  private stamp(milliseconds: number): void {
    const seconds = Number.isFinite(milliseconds) ? Math.max(0, Math.floor(milliseconds / 1_000)) : 0;
    this.parts.push(0xd6, 0xff, ...fourBytes(seconds));
  }

  /** An extension of any type: those of msgpackr and of this library among them. */
  private extension(): void {
    const type = this.random.of([0xff, 0, 1, 0x10, 0x69, 0x70, 0x72, 0x73, 0x74, 0x75, 0x78, 0x62, 0x42, 0x65, 0xd4]);
    const size = this.random.of([1, 2, 4, 8, 12, 16, 0, 3, 40]);
    const told = this.lengthOf(size);
    const fixed = [1, 2, 4, 8, 16].indexOf(told);
    if (fixed >= 0 && !this.isOdd(0.3)) this.parts.push(0xd4 + fixed, type);
    else if (told < 256) this.parts.push(0xc7, told, type);
    else this.parts.push(0xc9, ...fourBytes(told), type);
    for (let n = 0; n < size; n++)
      this.parts.push(this.random.next() < 0.3 ? this.random.int(0x80, 0xdf) : this.random.int(0, 255));
  }
}

function fourBytes(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** The bytes with a few places replaced, repeated, left out, or cut off. */
export function damagedBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let hurt = bytes;
  for (let places = random.int(1, 3); places > 0; places--) {
    const from = random.int(0, hurt.length);
    const to = Math.min(hurt.length, from + random.int(0, 5));
    const piece = random.next() < 0.3 ? hurt.subarray(from, to) : random.bytes(4);
    const times = random.next() < 0.1 ? 3 : 1;
    const rest = random.next() < 0.1 ? new Uint8Array(0) : hurt.subarray(random.next() < 0.2 ? from : to);
    hurt = Buffer.concat([hurt.subarray(0, from), ...Array.from({ length: times }, () => piece), rest]);
  }
  return hurt;
}
