import { Queue } from '../../base/queue.js';
import type { Frame } from '../../contract/contract.js';
import { MESSAGE_BYTES } from '../../session/journal.js';

/** The size of the first block of memory for bytes, and of the largest one. */
const FIRST_BLOCK = 1024;
const LARGEST_BLOCK = 64 * 1024;
/** Frames of so many letters or bytes on average are kept as they are: a copy costs more, and they take little of the memory of others with them. */
const LARGE = 8 * 1024;
/** Positions stay small integers. */
const SMALL = 2 ** 28;
/** For how many lengths there is room first. */
const FIRST_LENGTHS = 16;
/** Room stays, when nothing is kept any more, if more than this part of it was needed. */
const NEEDED = 1 / 8;

/** Messages that left together, as far as the peer does not have them. */
class Together {
  constructor(
    /** One after the other in one text or memory; a list where they are kept as they are. */
    readonly data: string | Uint8Array | readonly Frame[],
    /** How many are left, and how long they are. */
    public count: number,
    public bytes: number,
    /** Where the first of them begins; in a list, which it is. */
    public at: number,
    /** What is between two of them, in letters. */
    readonly gap: number,
    /** Where the bytes are, if they were copied. */
    readonly block: Block | undefined,
  ) {}
}

/** Memory of a session for messages of bytes. */
class Block {
  /** Where the next ones begin. */
  at = 0;
  /** How many turns have messages in it. */
  turns = 0;

  constructor(readonly memory: Uint8Array) {}
}

/**
 * The messages that the peer may not have, in order.
 *
 * Thousands of small texts and views that live for a while are what costs most of a journal: the garbage collector copies each of them, and
 * a text that was made of parts is many objects. So the messages of a turn are one object, and their lengths are numbers beside it. Where
 * the link can write that object, it is made once for both.
 */
export class KeptMessages {
  /** How many there are. */
  count = 0;
  /** Their length, and `MESSAGE_BYTES` for each. */
  weight = 0;
  private readonly turns = new Queue<Together>();
  /** The length of each: a ring whose size is a power of two, which begins at `first`. */
  private lengths = new Int32Array(FIRST_LENGTHS);
  private first = 0;
  private block: Block | undefined;
  /** One whose messages have all arrived, to be used again: new memory costs more than to write to it. */
  private spare: Block | undefined;
  private size = FIRST_BLOCK;

  /**
   * Keeps messages that leave together. `bytes`: the length of all, where it is known; `between`: what the link puts between them, if it takes
   * them joined. Returns what is to be given to the link.
   */
  keep(frames: readonly Frame[], bytes: number = lengthOf(frames), between?: string): readonly Frame[] {
    const { length } = frames;
    this.note(frames);
    this.count += length;
    this.weight += bytes + MESSAGE_BYTES * length;
    if (bytes >= LARGE * length) {
      this.turns.push(new Together(frames, length, bytes, 0, 0, undefined));
      return frames;
    }
    if (typeof frames[0] === 'string') {
      const gap = between ?? '';
      const text = (frames as readonly string[]).join(gap);
      this.turns.push(new Together(text, length, bytes, 0, gap.length, undefined));
      return between === undefined ? frames : [text];
    }
    const block = this.blockFor(bytes);
    const data = block.memory.subarray(block.at, block.at + bytes);
    for (const frame of frames as readonly Uint8Array[]) {
      block.memory.set(frame, block.at);
      block.at += frame.length;
    }
    block.turns++;
    this.turns.push(new Together(data, length, bytes, 0, 0, block));
    return between === '' ? [data] : frames;
  }

  /** The peer has the first ones. */
  drop(count: number): void {
    const { turns, lengths } = this;
    const mask = lengths.length - 1;
    this.count -= count;
    this.weight -= MESSAGE_BYTES * count;
    for (let turn = turns.first; turn !== undefined && count > 0; turn = turns.first) {
      if (turn.count > count) {
        const isList = typeof turn.data === 'object' && !(turn.data instanceof Uint8Array);
        turn.count -= count;
        for (; count > 0; count--) {
          const length = lengths[this.first++ & mask] as number;
          turn.bytes -= length;
          turn.at += isList ? 1 : length + turn.gap;
          this.weight -= length;
        }
        return;
      }
      this.first += turn.count;
      this.weight -= turn.bytes;
      count -= turn.count;
      if (turn.block !== undefined) this.arrived(turn.block);
      turns.shift();
    }
    if (this.count === 0) this.rest();
    else if (this.first > SMALL) this.first &= mask;
  }

  /** All of them. */
  frames(): readonly Frame[] {
    const { turns, lengths } = this;
    const all: Frame[] = [];
    let { first } = this;
    for (let left = turns.length; left > 0; left--) {
      const turn = turns.shift() as Together;
      turns.push(turn);
      const { data, gap } = turn;
      let { at } = turn;
      for (let n = 0; n < turn.count; n++) {
        const length = lengths[first++ & (lengths.length - 1)] as number;
        if (typeof data === 'string') all.push(data.slice(at, at + length));
        else if (data instanceof Uint8Array) all.push(data.subarray(at, at + length));
        else all.push(data[turn.at + n] as Frame);
        at += length + gap;
      }
    }
    return all;
  }

  private note(frames: readonly Frame[]): void {
    while (this.count + frames.length > this.lengths.length) this.grow();
    const { lengths } = this;
    const mask = lengths.length - 1;
    let at = this.first + this.count;
    for (const { length } of frames) lengths[at++ & mask] = length;
  }

  private grow(): void {
    const { lengths, first } = this;
    this.lengths = new Int32Array(2 * lengths.length);
    for (let n = 0; n < this.count; n++) this.lengths[n] = lengths[(first + n) & (lengths.length - 1)] as number;
    this.first = 0;
  }

  /** Nothing is kept: neither is memory for it, except where the session goes on needing it. */
  private rest(): void {
    const { lengths, first } = this;
    this.first = 0;
    if (first > lengths.length * NEEDED) return;
    this.block = this.spare = undefined;
    this.size = FIRST_BLOCK;
    if (lengths.length > FIRST_LENGTHS) this.lengths = new Int32Array(FIRST_LENGTHS);
  }

  /**
   * A frame of bytes may be a view of memory that all sessions share, of which it would keep 64 KiB alive: it is copied to memory of the
   * session. That is written again once all that is in it has arrived: then no link has it any more.
   */
  private blockFor(bytes: number): Block {
    let { block } = this;
    if (block !== undefined && block.at + bytes <= block.memory.length) return block;
    const { spare } = this;
    if (spare !== undefined && bytes <= spare.memory.length) {
      this.spare = undefined;
      block = spare;
    } else {
      block = new Block(memory(Math.max(this.size, bytes)));
      this.size = Math.min(LARGEST_BLOCK, 2 * this.size);
    }
    this.block = block;
    return block;
  }

  /** All messages of a turn have arrived. */
  private arrived(block: Block): void {
    if (--block.turns > 0) return;
    block.at = 0;
    if (block !== this.block && block.memory.length >= (this.spare?.memory.length ?? 0)) this.spare = block;
  }
}

/** Of the kind that streams of Node take as it is. */
function memory(size: number): Uint8Array {
  return globalThis.Buffer === undefined ? new Uint8Array(size) : Buffer.alloc(size);
}

function lengthOf(frames: readonly Frame[]): number {
  let bytes = 0;
  for (const { length } of frames) bytes += length;
  return bytes;
}
